"""`mainstem db copy`: a whole database into another one, verified."""

from __future__ import annotations

from typing import Annotated

import typer

from mainstem.cli.db_opening import opened_database, refuse_missing, shown_url
from mainstem.cli.db_telling import Lines, print_table
from mainstem.cli.options import JsonOption


def copy(
    source: Annotated[
        str,
        typer.Argument(metavar="FROM", help="URL to read, such as sqlite:///mainstem.db."),
    ],
    target: Annotated[
        str,
        typer.Argument(metavar="TO", help="URL to fill, such as postgresql://USER@HOST/NAME."),
    ],
    json: JsonOption = False,
) -> None:
    """Copy every table, with ids, documents and times, and verify counts and hashes.

    The target must be empty, or hold the beginning that an earlier copy left: then this one goes
    on. The source is read as it is at one moment, and is not changed.
    """
    from dataclasses import asdict

    from mainstem.cli.output import print_json
    from mainstem.store import copy_database

    refuse_missing(source, "copy", as_json=False)
    lines = Lines()

    def tell(name: str, done: int, total: int) -> None:
        lines.tell(f"{name}: {done:,} of {total:,} rows", is_last=done >= total, key=name)

    with opened_database(source) as here, opened_database(target) as there:
        copied = copy_database(here, there, progress=tell)
        shown = shown_url(here.url), shown_url(there.url)
    told = {name: {"rows": each.rows, **asdict(each)} for name, each in copied.items()}
    if json:
        print_json({"from": shown[0], "to": shown[1], "verified": True, "tables": told})
        return
    total = sum(each.rows for each in copied.values())
    new = sum(each.copied for each in copied.values())
    print_table(
        ("table", "rows", "copied now", "hash"),
        [
            (name, f"{each.rows:,}", f"{each.copied:,}", each.digest[:12])
            for name, each in copied.items()
            if each.rows
        ],
    )
    typer.echo(f"{shown[1]} holds all {total:,} rows of {shown[0]} ({new:,} copied now), verified.")
