"""Whose catalogue a command works on: the one that was named, or our own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mainstem.serving import Application
    from mainstem.settings import Settings


def chosen_application(named: str | None, settings: Settings) -> Application[Any]:
    """The application at `named` (`module:attribute`), at the settings' `catalog`, or ours.

    Raises `CannotLoad`, and whatever the module raises when it is imported.
    """
    name = named or settings.catalog
    if name is not None:
        from mainstem.serving import load_application

        return load_application(name)
    from mainstem.web import application

    return application()
