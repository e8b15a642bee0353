"""The bridge for code that made its client at import: read lazily, once, and never before."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mainstem.clients import client_for, current_client, current_settings, reset_clients
from mainstem.errors import SettingsError
from mainstem.settings import load_settings


@pytest.fixture(autouse=True)
def _a_place_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith(("INNGEST_", "MAINSTEM_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("MAINSTEM_ENV", "test")
    reset_clients()
    yield
    reset_clients()


def test_the_environment_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAINSTEM_APP_ID", "first")
    assert current_settings().app_id == "first"
    monkeypatch.setenv("MAINSTEM_APP_ID", "second")
    assert current_settings().app_id == "first"
    reset_clients()
    assert current_settings().app_id == "second"


def test_the_current_client_is_the_one_that_is_served_with() -> None:
    served = load_settings(serve_port=9, log_level="DEBUG")
    assert current_client() is client_for(served)


def test_a_developers_file_is_read_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAINSTEM_ENV", "local")
    Path(".env").write_text("MAINSTEM_APP_ID=from-file\n")
    assert current_client().app_id == "from-file"


def test_problems_are_told_until_they_are_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAINSTEM_ENV", "production")
    for _ in range(2):
        with pytest.raises(SettingsError, match="INNGEST_SIGNING_KEY"):
            current_client()
    monkeypatch.setenv("MAINSTEM_ENV", "test")
    assert not current_client().is_production
