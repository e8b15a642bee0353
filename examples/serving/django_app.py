"""A Django project in one file. In yours, the last two statements are in `urls.py` and `wsgi.py`.

`application` is for WSGI servers, `asgi_application` for ASGI servers; both serve all functions.
"""

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="an example",  # noqa: S106
)
django.setup()

from shop import catalog  # noqa: E402

from mainstem.serving.django import serve  # noqa: E402

urlpatterns = [serve(catalog)]

application = get_wsgi_application()
asgi_application = get_asgi_application()
