"""`mainstem db`: look after the database: its schema, what it holds, copies and exports."""

from __future__ import annotations

import typer

from mainstem.cli.db_copy import copy
from mainstem.cli.db_export import export
from mainstem.cli.db_opening import opened_database, refuse_missing, shown_url
from mainstem.cli.db_stats import stats
from mainstem.cli.options import EPILOG, DatabaseOption, JsonOption

db = typer.Typer(
    help="Look after the database: its schema, what it holds, copies and files.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)


@db.command("upgrade", epilog=EPILOG)
def upgrade(database: DatabaseOption = None, json: JsonOption = False) -> None:
    """Bring the schema up to date; harmless when it is."""
    from mainstem.cli.output import print_json

    with opened_database(database) as opened:
        opened.upgrade()
        if json:
            print_json({"database": shown_url(opened.url), "current": True})
        else:
            typer.echo(f"{shown_url(opened.url)} is up to date.")


@db.command("check", epilog=EPILOG)
def check(database: DatabaseOption = None, json: JsonOption = False) -> None:
    """Say whether the schema is the one this version needs; exit code 1 when it is not."""
    from mainstem.cli.output import print_json
    from mainstem.store import SchemaOutdated, SchemaTooNew

    refuse_missing(database, "check", as_json=json)
    with opened_database(database) as opened:
        try:
            opened.check_current()
        except (SchemaOutdated, SchemaTooNew) as error:
            if not json:
                raise
            print_json({"database": shown_url(opened.url), "current": False, "problem": str(error)})
            raise typer.Exit(1) from error
        if json:
            print_json({"database": shown_url(opened.url), "current": True})
        else:
            typer.echo(f"{shown_url(opened.url)} is up to date.")


db.command("stats", epilog=EPILOG)(stats)
db.command("copy", epilog=EPILOG)(copy)
db.command("export", epilog=EPILOG)(export)
