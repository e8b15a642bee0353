"""As little as Django needs to answer a request."""

import os

SECRET_KEY = os.getenv("LIBRARY_SECRET_KEY", "for-this-example-only")
DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "legacy_django.urls"
INSTALLED_APPS: list[str] = []
MIDDLEWARE: list[str] = ["django.middleware.common.CommonMiddleware"]
USE_TZ = True
