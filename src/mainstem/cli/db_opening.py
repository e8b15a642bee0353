"""Opening the database that a command of `mainstem db` is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from mainstem.store import Database


def refuse_missing(url: str | None, verb: str, *, as_json: bool) -> None:
    """Fail for a SQLite file that is not there: opening it, only to look, would make it."""
    from mainstem.cli.doctor import sqlite_file
    from mainstem.cli.outcome import CommandFailed
    from mainstem.cli.output import print_json
    from mainstem.cli.start import read_settings

    address = read_settings(database_url=url).database_url
    file = sqlite_file(address)
    if file is None or file.exists():
        return
    shown = shown_url(address)
    problem = f"Cannot {verb} database {shown!r}: there is no such file. Run `mainstem db upgrade`."
    if not as_json:
        raise CommandFailed(problem)
    print_json({"database": shown, "current": False, "problem": problem})
    raise typer.Exit(1)


def shown_url(url: str) -> str:
    """The URL without its secrets."""
    from mainstem.settings import veiled, without_password

    return veiled(without_password(url))


def opened_database(url: str | None) -> Database:
    """The database of that URL, or else the settings'; close it."""
    from mainstem.cli.logs import set_up_logs
    from mainstem.cli.start import read_settings
    from mainstem.store import Database

    set_up_logs("ERROR")
    return Database(read_settings(database_url=url).database_url)
