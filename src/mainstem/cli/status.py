"""The status page of the commands that serve: whether it is shown, and what it is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from socket import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from mainstem.settings import Findings, Settings
    from mainstem.web.status import StatusPage

_NOT_ASKED_FOR = ("policy", "default")


def page_of_dev(found: Findings, listener: socket) -> StatusPage | None:
    """The page of `mainstem dev`, which shows one unless the settings say no.

    The engine beside it calls the endpoint where it listens, wherever others reach it. Raises
    `SettingsError` where others could read it.
    """
    settings = found.usable().model_copy(update={"serve_origin": None})
    return _page(settings, listener, found) if settings.status_page else None


def page_of_serve(found: Findings, listener: socket) -> StatusPage | None:
    """The page of `mainstem serve`, which shows one where it was asked for: typed, or a variable.

    That an environment would have one by itself is not enough, since anybody may reach the host.
    """
    settings = found.usable()
    is_asked = found.sources.get("status_page", "default") not in _NOT_ASKED_FOR
    return _page(settings, listener, found) if settings.status_page and is_asked else None


@asynccontextmanager
async def streaming(app: Starlette) -> AsyncIterator[None]:
    """End the page's streams after the block, so that the server around it can stop at once."""
    try:
        yield
    finally:
        routes = getattr(app.state, "status", None)
        if routes is not None:
            routes.close()


def _page(settings: Settings, listener: socket, found: Findings) -> StatusPage:
    from mainstem.cli.servers import url_of
    from mainstem.web.status import is_loopback, status_page

    origin = settings.serve_origin
    if origin is None and is_loopback(settings.serve_host):
        origin = url_of(listener)
    endpoint = None if origin is None else origin.rstrip("/") + settings.serve_path
    return status_page(settings, endpoint=endpoint, notes=found.notes)
