"""How long pull requests take to be merged and issues to be closed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, Table, select, true

from mainstem.insights.durations import Spread, median_days, spread
from mainstem.insights.people import wanted
from mainstem.store import is_live, tables


def load_merge_times(
    conn: Connection, repository_id: UUID, *, include_bots: bool = False
) -> Spread:
    """Hours from created to merged over the merged pull requests: the mean is the metric of the
    domain reference (sections 6.2 and 7.2), the median is what a visitor may expect."""
    return spread(
        _spans(conn, tables.pull_requests, "merged_at", repository_id, include_bots=include_bots)
    )


def load_issue_half_life(
    conn: Connection,
    repository_id: UUID,
    *,
    since: datetime | None = None,
    include_bots: bool = False,
) -> int | None:
    """Median days from created to closed over the issues closed since then (or ever), rounded;
    None when none was. Domain reference, section 7.6."""
    return median_days(
        _spans(
            conn, tables.issues, "closed_at", repository_id, since=since, include_bots=include_bots
        )
    )


def _spans(
    conn: Connection,
    table: Table,
    end: str,
    repository_id: UUID,
    *,
    include_bots: bool,
    since: datetime | None = None,
) -> list[tuple[datetime, datetime]]:
    # Two times per item, and the arithmetic in Python: the databases differ in it, and a median
    # needs every value anyway.
    people = tables.contributors
    question = (
        select(table.c.created_at, table.c[end])
        .select_from(table.outerjoin(people, people.c.id == table.c.author_id))
        .where(
            table.c.repository_id == repository_id,
            is_live(table),
            table.c[end].is_not(None),
            table.c[end] >= since if since is not None else true(),
            # A merged pull request and a closed issue; a reopened issue may keep an old time.
            table.c.state == ("merged" if end == "merged_at" else "closed"),
            wanted(table, people, include_bots=include_bots),
        )
    )
    return [(created, ended) for created, ended in conn.execute(question)]
