"""What was lost because it moved while it was read: found in what is stored, and read by number.

REST's lists of pull requests and issues go by page numbers. Where an issue is deleted or moved away
while they are read, those behind it move up, and one of them slips from the next page to the last
one, which was read. It is stored, by the walk over GraphQL that goes by cursors; but its labels,
which only the list was asked for, are unknown.

And an item of which REST's list told one half and a page over GraphQL the other may have changed
between the two. Its row would have the time of the later one, and look as if it had been read.

Either way its labels are unknown (NULL), until it is read whole.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, Table, select, update

from mainstem.functions.capture.changed_rows import rows_of_all
from mainstem.functions.capture.rows import Batch
from mainstem.functions.capture.storing import Tally, store_batch
from mainstem.functions.home import Home
from mainstem.functions.services import Services
from mainstem.functions.troubles import asking_github
from mainstem.store import is_live, replace_gaps, tables

# A point's worth of each: seven connections in a pull request, three in an issue.
PULLS_AT_ONCE: Final = 18
ISSUES_AT_ONCE: Final = 49


async def read_missed(services: Services, home: Home) -> Tally:
    """Read whole the stored pull requests and issues whose labels nobody told. Safe to repeat.

    Usually there is none, and GitHub is not asked. One that GitHub knows no more stays as it is:
    the next refresh or reconciliation finds out what became of it.
    """
    tally = Tally()
    asked: set[int] = set()
    while True:
        pulls, issues = await services.database.run_read(_lacking_labels, home, asked)
        if not pulls and not issues:
            return tally
        asked |= {*pulls, *issues}
        github = services.github.with_priority("backfill")
        with asking_github(services.clock):
            whole_pulls = await github.whole_pulls(home.owner, home.name, pulls)
            whole_issues = await github.whole_issues(home.owner, home.name, issues)
            batch = await rows_of_all(services, home, whole_pulls.items, whole_issues.items)
        tally += await services.database.run_write(_store, home, batch, services.clock.now())


def _lacking_labels(conn: Connection, home: Home, asked: set[int]) -> tuple[list[int], list[int]]:
    """The first of each kind, those left out that were asked for already."""
    found = []
    for table, most in ((tables.pull_requests, PULLS_AT_ONCE), (tables.issues, ISSUES_AT_ONCE)):
        question = (
            select(table.c.number)
            .where(table.c.repository_id == home.id, table.c.labels.is_(None), is_live(table))
            .order_by(table.c.number)
            .limit(most + len(asked))
        )
        numbers = [number for number in conn.execute(question).scalars() if number not in asked]
        found.append(numbers[:most])
    return found[0], found[1]


def _store(conn: Connection, home: Home, batch: Batch, at: datetime) -> Tally:
    replace_gaps(conn, home.id, batch.read, (), at)
    return store_batch(conn, batch, at)


def stored_otherwise(conn: Connection, batch: Batch) -> tuple[tuple[Table, list[UUID]], ...]:
    """Items of `batch` that are stored with another time of their last update, by table."""
    return tuple(
        (table, _otherwise(conn, table, {row["id"]: row["updated_at"] for row in rows}))
        for table, rows in ((tables.pull_requests, batch.pulls), (tables.issues, batch.issues))
    )


def forget_labels(conn: Connection, moved: tuple[tuple[Table, list[UUID]], ...]) -> None:
    """Have these items read whole, by `read_missed`."""
    for table, ids in moved:
        if ids:
            conn.execute(update(table).where(table.c.id.in_(ids)).values(labels=None))


def _otherwise(conn: Connection, table: Table, told: Mapping[UUID, datetime]) -> list[UUID]:
    question = select(table.c.id, table.c.updated_at).where(table.c.id.in_(list(told)))
    return [row.id for row in conn.execute(question) if row.updated_at != told[row.id]]
