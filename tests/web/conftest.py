"""What the endpoint's tests share: settings for an environment."""

from collections.abc import Callable
from pathlib import Path

import pytest

import databases
from mainstem.clients import reset_clients
from mainstem.serving import reset_serving
from mainstem.settings import Settings, load_settings

from .served import EVENT_KEY, SIGNING_KEY


@pytest.fixture(autouse=True)
def _fresh_clients() -> None:
    reset_clients()
    reset_serving()


@pytest.fixture
def settings_for(tmp_path: Path) -> Callable[..., Settings]:
    """Settings of a named environment, with keys where it needs them, on a file of its own."""

    def make(environment: str, **more: str) -> Settings:
        environ = {
            "MAINSTEM_ENV": environment,
            "MAINSTEM_DATABASE_URL": databases.place(tmp_path / "web.db"),
            **more,
        }
        if environment in {"preview", "staging", "production"}:
            environ |= {"INNGEST_SIGNING_KEY": SIGNING_KEY, "INNGEST_EVENT_KEY": EVENT_KEY}
        return load_settings(environ)

    return make
