"""`mainstem db`: bring the database's schema up to date, or ask whether it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from mainstem.cli.options import EPILOG, DatabaseOption, JsonOption

if TYPE_CHECKING:
    from mainstem.store import Database

db = typer.Typer(
    help="Look after the database's schema.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)


@db.command("upgrade", epilog=EPILOG)
def upgrade(database: DatabaseOption = None, json: JsonOption = False) -> None:
    """Bring the schema up to date; harmless when it is."""
    from mainstem.cli.output import print_json

    with _opened(database) as opened:
        opened.upgrade()
        if json:
            print_json({"database": _shown(opened.url), "current": True})
        else:
            typer.echo(f"{_shown(opened.url)} is up to date.")


@db.command("check", epilog=EPILOG)
def check(database: DatabaseOption = None, json: JsonOption = False) -> None:
    """Say whether the schema is the one this version needs; exit code 1 when it is not."""
    from mainstem.cli.output import print_json
    from mainstem.store import SchemaOutdated, SchemaTooNew

    _refuse_missing(database, as_json=json)
    with _opened(database) as opened:
        try:
            opened.check_current()
        except (SchemaOutdated, SchemaTooNew) as error:
            if not json:
                raise
            print_json({"database": _shown(opened.url), "current": False, "problem": str(error)})
            raise typer.Exit(1) from error
        if json:
            print_json({"database": _shown(opened.url), "current": True})
        else:
            typer.echo(f"{_shown(opened.url)} is up to date.")


def _refuse_missing(url: str | None, *, as_json: bool) -> None:
    """Fail for a SQLite file that is not there: opening it, only to look, would make it."""
    from mainstem.cli.doctor import sqlite_file
    from mainstem.cli.outcome import CommandFailed
    from mainstem.cli.output import print_json
    from mainstem.cli.start import read_settings

    address = read_settings(database_url=url).database_url
    file = sqlite_file(address)
    if file is None or file.exists():
        return
    shown = _shown(address)
    problem = f"Cannot check database {shown!r}: there is no such file. Run `mainstem db upgrade`."
    if not as_json:
        raise CommandFailed(problem)
    print_json({"database": shown, "current": False, "problem": problem})
    raise typer.Exit(1)


def _shown(url: str) -> str:
    from mainstem.settings import veiled, without_password

    return veiled(without_password(url))


def _opened(url: str | None) -> Database:
    from mainstem.cli.logs import set_up_logs
    from mainstem.cli.start import read_settings
    from mainstem.store import Database

    set_up_logs("ERROR")
    return Database(read_settings(database_url=url).database_url)
