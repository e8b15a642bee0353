"""How much there is: pull requests by state, issues, reviews, comments, and the busiest people.

Every count is one aggregate in SQL; nothing is loaded to be counted.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Connection,
    Select,
    Table,
    case,
    desc,
    distinct,
    func,
    literal,
    not_,
    select,
    union_all,
)

from mainstem.insights.people import by_bot, is_known, person_key, shown_login, wanted, with_people
from mainstem.insights.reviewing import is_replies_only
from mainstem.store import is_live, tables


@dataclass(frozen=True, slots=True)
class Tally:
    """What is stored of a repository, bots and deleted accounts included.

    `open_pulls` contains the `draft_pulls`; `closed_pulls` were not merged. `people` and `bots` are
    accounts that wrote any of it.
    """

    pulls: int
    open_pulls: int
    draft_pulls: int
    merged_pulls: int
    closed_pulls: int
    issues: int
    open_issues: int
    reviews: int
    review_comments: int
    conversation_comments: int
    people: int
    bots: int


@dataclass(frozen=True, slots=True)
class Activity:
    """One person's part: everything they opened, reviewed and said."""

    login: str
    pulls: int
    reviews: int
    comments: int

    @property
    def total(self) -> int:
        """What the ranking goes by."""
        return self.pulls + self.reviews + self.comments


def load_tally(conn: Connection, repository_id: UUID) -> Tally:
    """The counts, as stored."""
    pulls, issues, comments = tables.pull_requests, tables.issues, tables.comments
    draft = func.coalesce(func.sum(_one_if(pulls.c.draft)), 0)
    states = conn.execute(
        select(pulls.c.state, func.count(), draft)
        .where(pulls.c.repository_id == repository_id, is_live(pulls))
        .group_by(pulls.c.state)
    ).all()
    by_state = {state: (count, drafts) for state, count, drafts in states}
    issue_states = _grouped(conn, issues, issues.c.state, repository_id)
    kinds = _grouped(conn, comments, comments.c.comment_type, repository_id)
    reviews = _grouped(conn, tables.reviews, tables.reviews.c.repository_id, repository_id)
    people, bots = _accounts(conn, repository_id)
    return Tally(
        pulls=sum(count for count, _ in by_state.values()),
        open_pulls=by_state.get("open", (0, 0))[0],
        draft_pulls=by_state.get("open", (0, 0))[1],
        merged_pulls=by_state.get("merged", (0, 0))[0],
        closed_pulls=by_state.get("closed", (0, 0))[0],
        issues=sum(issue_states.values()),
        open_issues=issue_states.get("open", 0),
        reviews=sum(reviews.values()),
        review_comments=kinds.get("review_comment", 0),
        conversation_comments=kinds.get("issue_comment", 0),
        people=people,
        bots=bots,
    )


def load_most_active(
    conn: Connection, repository_id: UUID, *, include_bots: bool = False, listed: int = 5
) -> tuple[Activity, ...]:
    """The top people by pull requests + reviews + comments (domain reference, section 7.7).

    A "review" made of replies alone is left out: its comments are counted already.
    """
    reviews = _done(tables.reviews, repository_id, "review", include_bots=include_bots)
    everything = union_all(
        _done(tables.pull_requests, repository_id, "pull", include_bots=include_bots),
        reviews.where(not_(is_replies_only())),
        _done(tables.comments, repository_id, "comment", include_bots=include_bots),
    ).subquery()
    login = func.max(everything.c.login).label("login")
    total = func.count().label("total")
    parts = [
        func.sum(_one_if(everything.c.kind == kind)).label(kind)
        for kind in ("pull", "review", "comment")
    ]
    question = (
        select(login, *parts, total)
        .group_by(everything.c.person)
        .order_by(desc(total), func.lower(login))
        .limit(listed)
    )
    return tuple(
        Activity(row.login, int(row.pull), int(row.review), int(row.comment))
        for row in conn.execute(question)
    )


def _grouped(conn: Connection, table: Table, by: Any, repository_id: UUID) -> dict[Any, int]:
    question = (
        select(by, func.count())
        .where(table.c.repository_id == repository_id, is_live(table))
        .group_by(by)
    )
    return {row[0]: row[1] for row in conn.execute(question)}


def _done(table: Table, repository_id: UUID, kind: str, *, include_bots: bool) -> Select[Any]:
    people = tables.contributors
    what: Any = literal(kind).label("kind")
    return (
        select(
            person_key(table).label("person"),
            shown_login(table, people).label("login"),
            what,
        )
        .select_from(with_people(table))
        .where(
            table.c.repository_id == repository_id,
            is_live(table),
            is_known(table),
            wanted(table, people, include_bots=include_bots),
        )
    )


def _accounts(conn: Connection, repository_id: UUID) -> tuple[int, int]:
    people = tables.contributors
    authors = union_all(
        *(
            select(person_key(table).label("person"), by_bot(table, people).label("is_bot"))
            .select_from(with_people(table))
            .where(table.c.repository_id == repository_id, is_live(table), is_known(table))
            for table in (tables.pull_requests, tables.issues, tables.reviews, tables.comments)
        )
    ).subquery()
    counted = conn.execute(
        select(authors.c.is_bot, func.count(distinct(authors.c.person))).group_by(authors.c.is_bot)
    )
    counts = {bool(is_bot): count for is_bot, count in counted}
    return counts.get(False, 0), counts.get(True, 0)


def _one_if(condition: Any) -> Any:
    return case((condition, 1), else_=0)
