"""Which command shows the page, and when."""

from collections.abc import Iterator
from pathlib import Path
from socket import socket
from typing import Any

import pytest

from mainstem.cli.servers import LOOPBACK, bind, url_of
from mainstem.cli.start import examined
from mainstem.cli.status import page_of_dev, page_of_serve
from mainstem.errors import SettingsError
from mainstem.settings import Findings

TOKEN = "a-token-that-nobody-guesses"


@pytest.fixture
def listener() -> Iterator[socket]:
    with bind(LOOPBACK, 0, option="") as found:
        yield found


@pytest.fixture(autouse=True)
def _local(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MAINSTEM_ENV", "local")


def found(**typed: Any) -> Findings:
    return examined(serve_port=None, **typed)


def test_dev_shows_the_page_at_the_endpoint_that_it_serves(listener: socket) -> None:
    page = page_of_dev(found(), listener)
    assert page is not None
    assert page.endpoint == f"{url_of(listener)}/api/inngest"


def test_dev_leaves_it_out_where_the_settings_say_so(
    listener: socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAINSTEM_STATUS_PAGE", "off")
    assert page_of_dev(found(), listener) is None


def test_serve_shows_it_only_when_asked(listener: socket, monkeypatch: pytest.MonkeyPatch) -> None:
    unasked = page_of_serve(found(), listener)
    by_option = page_of_serve(found(status_page=True), listener)
    refused = page_of_serve(found(status_page=False), listener)
    monkeypatch.setenv("MAINSTEM_STATUS_PAGE", "on")
    by_variable = page_of_serve(found(), listener)
    assert (unasked, refused) == (None, None)
    assert None not in (by_option, by_variable)


def test_serve_refuses_to_show_it_to_everybody(
    listener: socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAINSTEM_SERVE_HOST", "0.0.0.0")
    with pytest.raises(SettingsError, match=r"open to all who reach 0\.0\.0\.0"):
        page_of_serve(found(status_page=True), listener)
    monkeypatch.setenv("MAINSTEM_STATUS_TOKEN", TOKEN)
    page = page_of_serve(found(status_page=True), listener)
    assert page is not None
    assert page.endpoint is None


def test_remarks_about_the_settings_come_along(
    listener: socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VITE_INNGEST_EVENT_KEY", "an-event-key")
    page = page_of_dev(found(), listener)
    assert page is not None
    assert any("VITE_INNGEST_EVENT_KEY" in note for note in page.notes)
