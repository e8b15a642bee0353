"""The start that commands share: settings read once, logs set up."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mainstem.cli.logs import set_up_logs

if TYPE_CHECKING:
    from mainstem.settings import Settings

ENV_FILE = Path(".env")


def read_settings(**typed: Any) -> Settings:
    """The settings of this process: environment, `.env` where there is one, and what was typed.

    `typed` are settings by field name; None means not typed. Raises `SettingsError` with every
    problem at once.
    """
    from mainstem.settings import load_settings

    given = {name: value for name, value in typed.items() if value is not None}
    return load_settings(env_file=ENV_FILE if ENV_FILE.is_file() else None, **given)


def log_for_work(settings: Settings, *, verbose: bool) -> None:
    """Logs for a command that works and ends: only warnings, unless detail is asked for."""
    set_up_logs("DEBUG" if verbose else "ERROR", as_json=settings.log_json)


def log_for_servers(settings: Settings, *, verbose: bool) -> None:
    """Logs for a command that serves until stopped: as the settings say."""
    set_up_logs("DEBUG" if verbose else settings.log_level, as_json=settings.log_json)
