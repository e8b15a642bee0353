"""What workspace metrics ask the database: one function per question, one aggregate each.

A moment belongs to [start, end). "Authors" are people who opened pull requests or issues; somebody
is "active" who opened, reviewed or commented. Both are counted once over all repositories.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Subquery,
    Table,
    and_,
    case,
    desc,
    distinct,
    func,
    literal,
    not_,
    select,
    true,
    union_all,
)

from mainstem.insights.days import utc_day
from mainstem.insights.people import is_known, person_key, shown_login, wanted, with_people
from mainstem.insights.periods import Period
from mainstem.insights.reviewing import is_replies_only
from mainstem.store import is_live, tables

_LISTED = 10


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose figures: the repositories of one workspace."""

    workspace_id: UUID
    include_bots: bool = False

    def holds(self, table: Table) -> ColumnElement[bool]:
        """The row belongs to a repository of the workspace."""
        members = tables.workspace_repositories
        return table.c.repository_id.in_(
            select(members.c.repository_id).where(members.c.workspace_id == self.workspace_id)
        )


@dataclass(frozen=True, slots=True)
class Counted:
    """Pull requests and issues created in a period, by what has become of them."""

    pulls: int
    merged: int
    open_pulls: int
    drafts: int
    issues: int
    closed_issues: int
    open_issues: int
    first_created: datetime | None


@dataclass(frozen=True, slots=True)
class RepositoryFigures:
    """One repository of the workspace; None is unknown."""

    id: UUID
    full_name: str
    language: str | None
    stars: int | None
    forks: int | None
    pulls: int
    issues: int
    contributors: int


def count_things(conn: Connection, scope: Scope, start: datetime, end: datetime) -> Counted:
    """Both kinds, bots' included."""
    pulls, issues = tables.pull_requests, tables.issues
    merged = and_(pulls.c.state == "merged", pulls.c.merged_at.is_not(None))
    is_open = pulls.c.state == "open"
    p = conn.execute(
        select(
            func.count(),
            func.count().filter(merged),
            func.count().filter(is_open),
            func.count().filter(is_open, pulls.c.draft),
            func.min(pulls.c.created_at),
        ).where(scope.holds(pulls), is_live(pulls), _within(pulls.c.created_at, start, end))
    ).one()
    i = conn.execute(
        select(
            func.count(),
            func.count(issues.c.closed_at).filter(issues.c.state == "closed"),
            func.count().filter(issues.c.state == "open"),
            func.min(issues.c.created_at),
        ).where(scope.holds(issues), is_live(issues), _within(issues.c.created_at, start, end))
    ).one()
    firsts = [moment for moment in (p[4], i[3]) if moment is not None]
    return Counted(p[0], p[1], p[2], p[3], i[0], i[1], i[2], min(firsts, default=None))


def life_spans(
    conn: Connection, scope: Scope, kind: Literal["pulls", "issues"], period: Period
) -> list[tuple[datetime, datetime]]:
    """Created and merged (or closed), of the things created in the period."""
    table = tables.pull_requests if kind == "pulls" else tables.issues
    end = table.c.merged_at if kind == "pulls" else table.c.closed_at
    rows = conn.execute(
        select(table.c.created_at, end).where(
            scope.holds(table),
            is_live(table),
            _within(table.c.created_at, period.start, period.end),
            table.c.state == ("merged" if kind == "pulls" else "closed"),
            end.is_not(None),
        )
    )
    return [(created, ended) for created, ended in rows]


def first_moments(conn: Connection, scope: Scope) -> tuple[datetime | None, datetime | None]:
    """When the oldest stored pull request, and the oldest stored issue, were created."""
    first_pull, first_issue = (
        conn.execute(
            select(func.min(table.c.created_at)).where(scope.holds(table), is_live(table))
        ).scalar_one()
        for table in (tables.pull_requests, tables.issues)
    )
    return first_pull, first_issue


def count_authors(
    conn: Connection, scope: Scope, start: datetime | None, end: datetime | None
) -> int:
    """Distinct authors of pull requests and issues created in the period; None is unbounded."""
    made = _authored(scope, start, end)
    return conn.execute(select(func.count(distinct(made.c.person)))).scalar_one()


def count_new_authors(conn: Connection, scope: Scope, period: Period) -> int:
    """Authors whose first pull request or issue, in any repository of the workspace, is in it."""
    made = _authored(scope, None, period.end)
    first = (
        select(made.c.person)
        .group_by(made.c.person)
        .having(func.min(made.c.at) >= period.start)
        .subquery()
    )
    return conn.execute(select(func.count()).select_from(first)).scalar_one()


def count_active(conn: Connection, scope: Scope, start: datetime, end: datetime) -> int:
    """Distinct people who did anything in the period."""
    done = _done(scope, start, end)
    return conn.execute(select(func.count(distinct(done.c.person)))).scalar_one()


def rank_authors(
    conn: Connection, scope: Scope, start: datetime, end: datetime
) -> list[tuple[str, str | None, int, int, int]]:
    """Login, avatar, pull requests, issues and reviews of the ten authors with most of the first
    two together; between equals by reviews, then by login."""
    done = _done(scope, start, end)
    people = tables.contributors
    login = func.max(done.c.login).label("login")
    by_kind = {
        kind: func.sum(case((done.c.kind == kind, 1), else_=0))
        for kind in ("pull", "issue", "review")
    }
    made = by_kind["pull"] + by_kind["issue"]
    rows = conn.execute(
        select(
            login,
            func.max(people.c.avatar_url),
            by_kind["pull"],
            by_kind["issue"],
            by_kind["review"],
        )
        .select_from(done.outerjoin(people, people.c.id == done.c.author_id))
        .group_by(done.c.person)
        .having(made > 0)
        .order_by(desc(made), desc(by_kind["review"]), func.lower(login))
        .limit(_LISTED)
    )
    return [(row[0], row[1], int(row[2]), int(row[3]), int(row[4])) for row in rows]


def created_by_day(
    conn: Connection, scope: Scope, start: datetime, end: datetime
) -> dict[str, tuple[int, int, int]]:
    """Pull requests, issues and distinct authors by day (UTC) of creation."""
    counts: dict[str, list[int]] = {}
    for place, table in enumerate((tables.pull_requests, tables.issues)):
        for day, count in count_by_day(conn, scope, table, "created_at", start, end).items():
            counts.setdefault(day, [0, 0, 0])[place] = count
    made = _authored(scope, start, end)
    authors = select(utc_day(made.c.at), func.count(distinct(made.c.person))).group_by(
        utc_day(made.c.at)
    )
    for day, count in conn.execute(authors):
        counts[day][2] = count
    return {day: (pulls, issues, people) for day, (pulls, issues, people) in counts.items()}


def count_by_day(
    conn: Connection, scope: Scope, table: Table, moment: str, start: datetime, end: datetime
) -> dict[str, int]:
    """How many rows of `table` have that moment on each day (UTC) of the period."""
    day = utc_day(table.c[moment])
    question = (
        select(day, func.count())
        .where(scope.holds(table), is_live(table), _within(table.c[moment], start, end))
        .group_by(day)
    )
    return {row[0]: row[1] for row in conn.execute(question)}


def active_by_day(conn: Connection, scope: Scope, start: datetime, end: datetime) -> dict[str, int]:
    """Distinct people who did anything, by day (UTC)."""
    done = _done(scope, start, end)
    day = utc_day(done.c.at)
    question = select(day, func.count(distinct(done.c.person))).group_by(day)
    return {row[0]: row[1] for row in conn.execute(question)}


def events_by_day(
    conn: Connection, scope: Scope, event_type: str, start: datetime, end: datetime
) -> dict[str, int]:
    """Captured events of one type by day (UTC)."""
    events = tables.github_events_cache
    day = utc_day(events.c.created_at)
    question = (
        select(day, func.count())
        .where(
            scope.holds(events),
            events.c.event_type == event_type,
            _within(events.c.created_at, start, end),
        )
        .group_by(day)
    )
    return {row[0]: row[1] for row in conn.execute(question)}


def first_event_day(conn: Connection, scope: Scope) -> str | None:
    """The day (UTC) of the oldest captured event; before it, a count of events is unknown."""
    events = tables.github_events_cache
    return conn.execute(
        select(func.min(utc_day(events.c.created_at))).where(scope.holds(events))
    ).scalar_one()


def wants_bots(conn: Connection, workspace_id: UUID) -> bool:
    """Whether the workspace's settings ask for bots among the people (`include_bots`)."""
    table = tables.workspaces
    settings = conn.execute(
        select(table.c.settings).where(table.c.id == workspace_id)
    ).scalar_one_or_none()
    return isinstance(settings, dict) and settings.get("include_bots") is True


def count_events(
    conn: Connection, scope: Scope, event_type: str, start: datetime | None, end: datetime
) -> int:
    """Captured events of one type in the period; None is unbounded."""
    events = tables.github_events_cache
    return conn.execute(
        select(func.count()).where(
            scope.holds(events),
            events.c.event_type == event_type,
            _within(events.c.created_at, start, end),
        )
    ).scalar_one()


def load_repository_figures(
    conn: Connection, scope: Scope, start: datetime, end: datetime
) -> list[RepositoryFigures]:
    """Every repository of the workspace, by name, with its part of the period."""
    table, members = tables.repositories, tables.workspace_repositories
    made = _authored(scope, start, end, everybody=True)
    parts = (
        select(
            made.c.repository_id,
            func.sum(case((made.c.kind == "pull", 1), else_=0)).label("pulls"),
            func.sum(case((made.c.kind == "issue", 1), else_=0)).label("issues"),
            func.count(distinct(case((made.c.counts, made.c.person)))).label("contributors"),
        )
        .group_by(made.c.repository_id)
        .subquery()
    )
    question = (
        select(
            table.c.id,
            table.c.full_name,
            table.c.language,
            table.c.stargazers_count.label("stars"),
            table.c.forks_count.label("forks"),
            func.coalesce(parts.c.pulls, 0).label("pulls"),
            func.coalesce(parts.c.issues, 0).label("issues"),
            func.coalesce(parts.c.contributors, 0).label("contributors"),
        )
        .select_from(
            table.join(members, members.c.repository_id == table.c.id).outerjoin(
                parts, parts.c.repository_id == table.c.id
            )
        )
        .where(members.c.workspace_id == scope.workspace_id)
        .order_by(func.lower(table.c.full_name))
    )
    return [RepositoryFigures(**row) for row in conn.execute(question).mappings()]


def _within(
    moment: ColumnElement[Any], start: datetime | None, end: datetime | None
) -> ColumnElement[bool]:
    return and_(
        moment >= start if start is not None else true(),
        moment < end if end is not None else true(),
    )


def _authored(
    scope: Scope, start: datetime | None, end: datetime | None, *, everybody: bool = False
) -> Subquery:
    """Pull requests and issues created in the period, with their authors.

    With `everybody`, bots' and ghosts' rows too; `counts` says whose author is a person.
    """
    return union_all(
        _rows(scope, tables.pull_requests, "created_at", "pull", start, end, everybody=everybody),
        _rows(scope, tables.issues, "created_at", "issue", start, end, everybody=everybody),
    ).subquery()


def _done(scope: Scope, start: datetime, end: datetime) -> Subquery:
    """Everything that people did in the period; replies count as comments, not as reviews."""
    return union_all(
        _rows(scope, tables.pull_requests, "created_at", "pull", start, end),
        _rows(scope, tables.issues, "created_at", "issue", start, end),
        _rows(scope, tables.reviews, "submitted_at", "review", start, end).where(
            not_(is_replies_only())
        ),
        _rows(scope, tables.comments, "created_at", "comment", start, end),
    ).subquery()


def _rows(
    scope: Scope,
    table: Table,
    moment: str,
    kind: str,
    start: datetime | None,
    end: datetime | None,
    *,
    everybody: bool = False,
) -> Select[Any]:
    people = tables.contributors
    a_person = and_(is_known(table), wanted(table, people, include_bots=scope.include_bots))
    question: Select[Any] = (
        select(
            table.c.repository_id,
            table.c.author_id,
            table.c[moment].label("at"),
            literal(kind).label("kind"),
            person_key(table).label("person"),
            shown_login(table, people).label("login"),
            a_person.label("counts"),
        )
        .select_from(with_people(table))
        .where(
            scope.holds(table),
            is_live(table),
            _within(table.c[moment], start, end),
            true() if everybody else a_person,
        )
    )
    return question
