"""Our own application, as the commands take anybody's: the catalogue and its services."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mainstem.functions import Services, catalogue
from mainstem.serving import Application
from mainstem.settings import Settings
from mainstem.web.wiring import open_services


def application() -> Application[Services]:
    """All functions, with services that are opened from the settings."""
    return Application(catalogue(), _services)


@asynccontextmanager
async def _services(settings: Settings) -> AsyncIterator[Services]:
    """The services for `settings`, on a database that is brought up to date first."""
    async with open_services(settings, migrate=True) as opened:
        yield opened.services
