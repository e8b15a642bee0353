"""`mainstem db stats`: what a database holds, and how complete each repository is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from mainstem.cli.db_opening import opened_database, refuse_missing, shown_url
from mainstem.cli.db_telling import print_table
from mainstem.cli.options import DatabaseOption, JsonOption

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from mainstem.insights import Completeness
    from mainstem.store import DatabaseStats, Repository

    Found = tuple[DatabaseStats, list[tuple[Repository, Completeness]]]


def stats(database: DatabaseOption = None, json: JsonOption = False) -> None:
    """Rows, bytes and newest record of each table; each repository with its completeness."""
    from mainstem.cli.output import print_json

    refuse_missing(database, "read", as_json=False)
    with opened_database(database) as opened:
        opened.check_current()
        found, repositories = opened.read(_load)
        shown = shown_url(opened.url)
    if json:
        told = [{"repository": each.full_name, **_told(each, how)} for each, how in repositories]
        print_json({"database": shown, "stats": found, "repositories": told})
        return
    typer.echo(
        f"{shown}: {found.dialect} {found.server}, {_bytes(found.size_bytes)}, "
        f"{sum(each.rows for each in found.tables.values()):,} rows"
    )
    print_table(
        ("table", "rows", "gone at GitHub", "size", "newest"),
        [
            (
                name,
                f"{each.rows:,}",
                f"{each.deleted:,}" if each.deleted else "",
                "" if each.size_bytes is None else _bytes(each.size_bytes),
                _minute(each.newest),
            )
            for name, each in found.tables.items()
            if each.rows
        ],
    )
    print_table(
        ("repository", "status", "pull requests", "in detail", "issue comments", "last synced"),
        [
            (
                each.full_name,
                how.status,
                f"{how.pulls:,}",
                f"{how.detailed_pulls:,}",
                f"{how.stored_issue_comments:,} of {how.expected_issue_comments:,}",
                _minute(each.last_synced_at) or "never",
            )
            for each, how in repositories
        ],
    )


def _load(conn: Connection) -> Found:
    from mainstem.insights import load_completeness
    from mainstem.store import database_stats, list_repositories

    stored = list_repositories(conn)
    return database_stats(conn), [(each, load_completeness(conn, each.id)) for each in stored]


def _told(repository: Repository, how: Completeness) -> Mapping[str, Any]:
    return {"last_synced_at": repository.last_synced_at, "completeness": how}


def _minute(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M}"


def _bytes(count: int) -> str:
    size = float(count)
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:,.0f} {unit}" if unit == "B" else f"{size:,.1f} {unit}"
        size /= 1024
    return f"{size:,.1f} GiB"
