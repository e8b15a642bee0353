"""Stars and forks that webhooks brought before the event feed did."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, or_, select

from mainstem.store.rows import GithubEventRow
from mainstem.store.tables import github_events_cache

# What names an entry that came by webhook; the feed's own names are numbers.
WEBHOOK_KEYS = ("star:", "fork:")
# The feed and the delivery may tell two seconds of one star.
SAME_EVENT = timedelta(seconds=5)


def not_told(
    conn: Connection, repository_id: UUID, rows: Collection[GithubEventRow]
) -> list[GithubEventRow]:
    """Those feed entries that no webhook told of: a star counts once, whoever tells it."""
    if not rows:
        return []
    told = _told(conn, repository_id, since=min(row["created_at"] for row in rows) - SAME_EVENT)
    return [
        row
        for row in rows
        if not any(
            (row["event_type"], row.get("actor_github_id")) == (kind, actor)
            and abs(row["created_at"] - at) <= SAME_EVENT
            for kind, actor, at in told
        )
    ]


def _told(
    conn: Connection, repository_id: UUID, *, since: datetime
) -> list[tuple[str, int | None, datetime]]:
    events = github_events_cache.c
    question = select(events.event_type, events.actor_github_id, events.created_at).where(
        events.repository_id == repository_id,
        events.created_at >= since,
        or_(*(events.event_id.startswith(key) for key in WEBHOOK_KEYS)),
    )
    return [(row.event_type, row.actor_github_id, row.created_at) for row in conn.execute(question)]
