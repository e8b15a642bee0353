"""`mainstem db export`: tables as Parquet or CSV files."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mainstem.cli.db_opening import opened_database, refuse_missing, shown_url
from mainstem.cli.db_telling import Lines, print_table
from mainstem.cli.options import DatabaseOption, JsonOption

if TYPE_CHECKING:
    from uuid import UUID

    from mainstem.store import Database


class FileFormat(StrEnum):
    """What can be written."""

    parquet = "parquet"
    csv = "csv"


def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the files go.")],
    format: Annotated[
        FileFormat, typer.Option("--format", help="Parquet needs mainstem[export].")
    ] = FileFormat.parquet,
    repository: Annotated[
        str | None,
        typer.Option(
            "--repository", metavar="OWNER/NAME", help="Only what belongs to this repository."
        ),
    ] = None,
    tables: Annotated[
        list[str] | None,
        typer.Option(
            "--table", metavar="NAME", help="Only this table; may be repeated.", show_default=False
        ),
    ] = None,
    database: DatabaseOption = None,
    json: JsonOption = False,
) -> None:
    """Write what GitHub said, a file for each table; a file appears when it is complete.

    Times have their zone, ids are text, documents JSON. Records that are gone at GitHub are written
    too: see their deleted_at.
    """
    from mainstem.cli.output import print_json
    from mainstem.store import EXPORTED, export_tables

    refuse_missing(database, "export", as_json=False)
    lines = Lines()
    with opened_database(database) as opened:
        opened.check_current()
        files = opened.read(
            export_tables,
            folder,
            format=format.value,
            names=tuple(dict.fromkeys(tables or EXPORTED)),
            repository_id=_repository_id(opened, repository),
            progress=lambda name, rows: lines.tell(f"{name}: {rows:,} rows", key=name),
        )
        shown = shown_url(opened.url)
    if json:
        print_json({"database": shown, "format": format.value, "files": files})
        return
    print_table(
        ("file", "rows", "bytes"),
        [(each.path.name, f"{each.rows:,}", f"{each.size_bytes:,}") for each in files],
    )
    typer.echo(f"Wrote {len(files)} {'file' if len(files) == 1 else 'files'} to {folder}.")


def _repository_id(database: Database, name: str | None) -> UUID | None:
    from mainstem.cli.names import repository_name
    from mainstem.cli.outcome import CommandFailed
    from mainstem.store import find_repository

    if name is None:
        return None
    wanted = repository_name(name)
    found = database.read(find_repository, wanted.owner, wanted.name)
    if found is None:
        raise CommandFailed(
            f"Cannot export repository '{wanted}': it is not stored in "
            f"{shown_url(database.url)}. `mainstem db stats` lists those that are."
        )
    return found.id
