"""Django has to be set up before anything asks it for an address."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def _django() -> None:
    from django.conf import settings  # type: ignore[import-untyped]

    if not settings.configured:
        settings.configure(ALLOWED_HOSTS=["*"], SECRET_KEY="for tests")
