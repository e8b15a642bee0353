"""Workspace metrics: the figures of one time range over all repositories of a workspace.

Formulas are the domain reference's (section 6.2) with its corrections (6.3). Where the original
stored a false zero the value is real here, or None:

- the mean times, `issue_closure_rate`: None when there is nothing to take them of;
- `total_commits`, `commits_trend`: None, commits are not captured; `total_watchers`: None, because
  GitHub's `watchers_count` repeats the stars;
- `active_contributors`: everybody who opened, reviewed or said something in the period (it was the
  length of a list of ten); `new_contributors`: those whose first pull request or issue is in it;
- `star_events`, `fork_events`: those that GitHub's feed told of, None before any was captured (the
  feed forgets after 90 days or 300 events, and a star taken back leaves its event);
- trends compare with the period before, counted from the same tables, and are None when nothing
  stored is older than the period (defect D4: they were taken from a history of period totals).

Counts of pull requests and issues include bots', figures about people leave bots out unless asked.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from mainstem.insights.durations import percentage, spread
from mainstem.insights.periods import Period, TimeRange, period_of
from mainstem.insights.trends import trend
from mainstem.insights.workspace_questions import (
    Counted,
    Scope,
    count_active,
    count_authors,
    count_events,
    count_new_authors,
    count_things,
    created_by_day,
    first_event_day,
    first_moments,
    life_spans,
    load_repository_figures,
    rank_authors,
    wants_bots,
)


@dataclass(frozen=True, slots=True)
class TopContributor:
    """`commits` is None: not captured."""

    username: str
    avatar_url: str | None
    prs: int
    issues: int
    reviews: int
    commits: int | None = None


@dataclass(frozen=True, slots=True)
class TimelineDay:
    """One calendar day (UTC). The days' `prs` and `issues` add up to the totals."""

    date: str
    prs: int
    issues: int
    contributors: int
    commits: int | None = None


@dataclass(frozen=True, slots=True)
class RepositoryStats:
    """One repository's part."""

    repository_id: str
    full_name: str
    prs: int
    issues: int
    stars: int | None
    contributors: int


@dataclass(frozen=True, slots=True)
class WorkspaceMetrics:
    """See the module. Rates are percentages, times hours, trends whole per cent."""

    time_range: str
    period_start: datetime
    period_end: datetime
    total_prs: int
    merged_prs: int
    open_prs: int
    draft_prs: int
    closed_prs: int
    avg_pr_merge_time_hours: float | None
    pr_velocity: float
    total_issues: int
    closed_issues: int
    open_issues: int
    avg_issue_close_time_hours: float | None
    issue_closure_rate: float | None
    total_contributors: int
    active_contributors: int
    new_contributors: int | None
    top_contributors: tuple[TopContributor, ...]
    total_commits: int | None
    total_watchers: int | None
    total_stars: int | None
    total_forks: int | None
    languages: dict[str, int]
    activity_timeline: tuple[TimelineDay, ...]
    repository_stats: tuple[RepositoryStats, ...]
    star_events: int | None
    fork_events: int | None
    stars_trend: int | None
    forks_trend: int | None
    prs_trend: int | None
    issues_trend: int | None
    contributors_trend: int | None
    commits_trend: int | None

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values: what the cache holds."""
        return {
            **asdict(self),
            "period_start": self.period_start.isoformat(),
            "period_end": self.period_end.isoformat(),
        }


def workspace_metrics(
    conn: Connection,
    workspace_id: UUID,
    time_range: TimeRange,
    now: datetime,
    *,
    include_bots: bool | None = None,
) -> WorkspaceMetrics:
    """Calculate from what is stored, as of `now` (aware). Reads only.

    `include_bots` None asks the workspace's own settings.

    A workspace without repositories has zeros, and None where nothing can be known.
    """
    period = period_of(time_range, now)
    wants = wants_bots(conn, workspace_id) if include_bots is None else include_bots
    scope = Scope(workspace_id, include_bots=wants)
    counted = count_things(conn, scope, period.start, period.end)
    before = count_things(conn, scope, period.previous_start, period.start)
    authors = count_authors(conn, scope, period.start, period.end)
    repositories = load_repository_figures(conn, scope, period.start, period.end)
    first_pull, first_issue = first_moments(conn, scope)
    pulls_before, issues_before = _is_before(first_pull, period), _is_before(first_issue, period)
    known_before = pulls_before or issues_before
    stars, forks = (_told(conn, scope, kind, period) for kind in ("WatchEvent", "ForkEvent"))
    return WorkspaceMetrics(
        time_range=time_range,
        period_start=period.start,
        period_end=period.end,
        total_prs=counted.pulls,
        merged_prs=counted.merged,
        open_prs=counted.open_pulls,
        draft_prs=counted.drafts,
        closed_prs=counted.pulls - counted.merged - counted.open_pulls,
        avg_pr_merge_time_hours=spread(life_spans(conn, scope, "pulls", period)).mean_hours,
        pr_velocity=counted.pulls / max(1.0, period.days),
        total_issues=counted.issues,
        closed_issues=counted.closed_issues,
        open_issues=counted.open_issues,
        avg_issue_close_time_hours=spread(life_spans(conn, scope, "issues", period)).mean_hours,
        issue_closure_rate=percentage(counted.closed_issues, counted.issues),
        total_contributors=authors,
        active_contributors=count_active(conn, scope, period.start, period.end),
        new_contributors=count_new_authors(conn, scope, period) if known_before else None,
        top_contributors=tuple(
            TopContributor(*row) for row in rank_authors(conn, scope, period.start, period.end)
        ),
        total_commits=None,
        total_watchers=None,
        total_stars=_known_sum(row.stars for row in repositories),
        total_forks=_known_sum(row.forks for row in repositories),
        languages=_languages(row.language for row in repositories),
        activity_timeline=_timeline(conn, scope, period, counted),
        repository_stats=tuple(
            RepositoryStats(str(r.id), r.full_name, r.pulls, r.issues, r.stars, r.contributors)
            for r in repositories
        ),
        star_events=stars.count,
        fork_events=forks.count,
        stars_trend=stars.trend,
        forks_trend=forks.trend,
        prs_trend=trend(counted.pulls, before.pulls, has_earlier_data=pulls_before),
        issues_trend=trend(counted.issues, before.issues, has_earlier_data=issues_before),
        contributors_trend=trend(
            authors,
            count_authors(conn, scope, period.previous_start, period.start),
            has_earlier_data=known_before,
        ),
        commits_trend=None,
    )


def timeline(
    first: datetime, last: datetime, days: dict[str, tuple[int, int, int]]
) -> list[TimelineDay]:
    """One point for each calendar day (UTC) from `first` to `last`, both included.

    `days` has pull requests, issues and contributors by `YYYY-MM-DD`; a day without is all zeros.
    """
    day, end = first.astimezone(UTC).date(), last.astimezone(UTC).date()
    points = []
    while day <= end:
        points.append(TimelineDay(day.isoformat(), *days.get(day.isoformat(), (0, 0, 0))))
        day += timedelta(days=1)
    return points


def _timeline(
    conn: Connection, scope: Scope, period: Period, counted: Counted
) -> tuple[TimelineDay, ...]:
    if counted.first_created is None:
        return ()
    # Years before the first pull request or issue would be thousands of empty days in range `all`.
    begin = counted.first_created if period.time_range == "all" else period.start
    days = created_by_day(conn, scope, period.start, period.end)
    return tuple(timeline(begin, period.end, days))


@dataclass(frozen=True, slots=True)
class _Told:
    """What the event feed told of one kind; None where it was never captured."""

    count: int | None
    trend: int | None


def _told(conn: Connection, scope: Scope, kind: str, period: Period) -> _Told:
    # Only stars and forks are kept of the feed: with none at all, it may never have been read.
    first = first_event_day(conn, scope)
    current = count_events(conn, scope, kind, period.start, period.end)
    before = count_events(conn, scope, kind, period.previous_start, period.start)
    older = count_events(conn, scope, kind, None, period.start)
    return _Told(
        count=None if first is None else current,
        trend=trend(current, before, has_earlier_data=older > 0),
    )


def _is_before(first: datetime | None, period: Period) -> bool:
    return first is not None and first < period.start


def _known_sum(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _languages(names: Iterable[str | None]) -> dict[str, int]:
    return dict(Counter(name for name in names if name))
