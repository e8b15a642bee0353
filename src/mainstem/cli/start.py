"""The start that commands share: settings read once, logs set up."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mainstem.cli.logs import set_up_logs

if TYPE_CHECKING:
    from mainstem.settings import Findings, Settings

ENV_FILE = Path(".env")


def read_settings(**typed: Any) -> Settings:
    """The settings of this process: environment, `.env` where there is one, and what was typed.

    `typed` are settings by field name; None means not typed. Raises `SettingsError` with every
    problem at once.
    """
    return examined(**typed).usable()


def examined(**typed: Any) -> Findings:
    """The same, with how it came about. Raises nothing for what is wrong with them."""
    from mainstem.settings import examine_settings

    given = {name: value for name, value in typed.items() if value is not None}
    return examine_settings(env_file=ENV_FILE if ENV_FILE.is_file() else None, **given)


def log_for_work(settings: Settings, *, verbose: bool) -> None:
    """Logs for a command that works and ends: only warnings, unless detail is asked for."""
    set_up_logs("DEBUG" if verbose else "ERROR", as_json=settings.log_json)


def log_for_servers(found: Findings, *, verbose: bool) -> Settings:
    """The settings that were found, and logs as they say, for a command that serves until stopped.

    What reading them remarked is logged at once. Raises `SettingsError`.
    """
    settings = found.usable()
    set_up_logs("DEBUG" if verbose else settings.log_level, as_json=settings.log_json)
    for note in found.notes:
        logging.getLogger("mainstem.settings").warning(note)
    return settings
