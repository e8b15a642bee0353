"""The daily history of a workspace: each row one calendar day (UTC) with that day's own counts.

The original stored a whole period's totals as a day's value, so that each range overwrote the
others' (defect D4). These rows come from the captured tables whatever range was asked for: running
`30d` and then `7d` writes the same days twice, and the same values.
"""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from mainstem.insights.workspace_questions import (
    Scope,
    active_by_day,
    count_authors,
    count_by_day,
    events_by_day,
    first_event_day,
    load_repository_figures,
    wants_bots,
)
from mainstem.store import MetricsDayRow, ids, tables

# A day is counted again for this long: late captures and late merges still change it.
SETTLES_AFTER_DAYS = 30


def workspace_days(
    conn: Connection, workspace_id: UUID, now: datetime, *, include_bots: bool | None = None
) -> list[MetricsDayRow]:
    """The rows of the last days up to today, oldest first, for the store to save.

    Totals (stars, forks, contributors) are known for today alone; the other days leave theirs as
    they were. Star and fork events are unknown before the first event that was captured.
    """
    wants = wants_bots(conn, workspace_id) if include_bots is None else include_bots
    scope = Scope(workspace_id, include_bots=wants)
    today = now.astimezone(UTC).date()
    days = [today - timedelta(days=back) for back in range(SETTLES_AFTER_DAYS, -1, -1)]
    start, end = _midnight(days[0]), _midnight(today + timedelta(days=1))
    pulls, issues = tables.pull_requests, tables.issues
    opened = count_by_day(conn, scope, pulls, "created_at", start, end)
    merged = count_by_day(conn, scope, pulls, "merged_at", start, end)
    reported = count_by_day(conn, scope, issues, "created_at", start, end)
    closed = count_by_day(conn, scope, issues, "closed_at", start, end)
    active = active_by_day(conn, scope, start, end)
    stars = events_by_day(conn, scope, "WatchEvent", start, end)
    forks = events_by_day(conn, scope, "ForkEvent", start, end)
    first_event = first_event_day(conn, scope)
    rows: list[MetricsDayRow] = []
    for day in days:
        key = day.isoformat()
        is_watched = first_event is not None and key >= first_event
        rows.append(
            {
                "id": ids.metrics_day_id(workspace_id, day),
                "workspace_id": workspace_id,
                "metric_date": day,
                "daily_prs": opened.get(key, 0),
                "daily_merged_prs": merged.get(key, 0),
                "daily_issues": reported.get(key, 0),
                "daily_closed_issues": closed.get(key, 0),
                "daily_active_contributors": active.get(key, 0),
                "daily_star_events": stars.get(key, 0) if is_watched else None,
                "daily_fork_events": forks.get(key, 0) if is_watched else None,
            }
        )
    repositories = load_repository_figures(conn, scope, start, end)
    rows[-1]["total_stars"] = _known_sum([row.stars for row in repositories])
    rows[-1]["total_forks"] = _known_sum([row.forks for row in repositories])
    rows[-1]["total_contributors"] = count_authors(conn, scope, None, None)
    return rows


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _known_sum(values: list[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
