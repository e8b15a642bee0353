"""How long people wait for the first answer, and who gives it.

The definition that the domain reference recommends (section 7.6): for each issue and pull request,
the earliest comment or review by a person, not a bot, who is not its author; the median of the
waiting times, and a count per person. (The original counted all comments under the same name.)

A comment on a diff belongs to a review and is seen only when that is submitted, so the review's
time counts; comments older than GitHub's reviews have a time of their own.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Connection,
    Select,
    Subquery,
    Table,
    exists,
    func,
    not_,
    or_,
    select,
    union_all,
)

from mainstem.insights.durations import Spread, spread
from mainstem.insights.people import by_bot, is_known, person_key, shown_login, wanted, with_people
from mainstem.store import is_live, tables


@dataclass(frozen=True, slots=True)
class Responder:
    """Somebody, and to how many issues and pull requests theirs was the first answer."""

    login: str
    first_responses: int


@dataclass(frozen=True, slots=True)
class Responses:
    """Waiting times on pull requests, on issues and on both; `unanswered` had none until now."""

    pulls: Spread
    issues: Spread
    all: Spread
    unanswered: int
    first_responders: tuple[Responder, ...]


@dataclass(frozen=True, slots=True)
class FirstAnswer:
    """When an item was opened, and who first said something to it: None if nobody did."""

    created_at: datetime
    answered_at: datetime | None = None
    responder: Any = None
    login: str = ""


def load_responses(
    conn: Connection, repository_id: UUID, *, include_bots: bool = False, listed: int = 5
) -> Responses:
    """First responses in a repository. `include_bots` adds the items that bots opened; an answer
    by a bot is never one."""
    pulls = _first_answers(conn, tables.pull_requests, repository_id, include_bots=include_bots)
    issues = _first_answers(conn, tables.issues, repository_id, include_bots=include_bots)
    everything = [*pulls, *issues]
    answered = [row for row in everything if row.answered_at is not None]
    counts: dict[str, tuple[str, int]] = {}
    for row in answered:
        login, count = counts.get(row.responder, (row.login, 0))
        counts[row.responder] = (login, count + 1)
    ranked = sorted(counts.values(), key=lambda entry: (-entry[1], entry[0].lower()))
    return Responses(
        pulls=_waits(pulls),
        issues=_waits(issues),
        all=_waits(everything),
        unanswered=len(everything) - len(answered),
        first_responders=tuple(Responder(*entry) for entry in ranked[:listed]),
    )


def _waits(rows: list[FirstAnswer]) -> Spread:
    known: list[tuple[datetime, datetime]] = [
        (row.created_at, row.answered_at) for row in rows if row.answered_at is not None
    ]
    return spread(known)


def _first_answers(
    conn: Connection, items: Table, repository_id: UUID, *, include_bots: bool
) -> list[FirstAnswer]:
    """One for each item, answered or not."""
    people = tables.contributors
    answers = _answers(items, repository_id)
    author = person_key(items)
    candidates = (
        select(
            answers.c.item,
            answers.c.at,
            answers.c.responder,
            answers.c.login,
            func.row_number()
            .over(partition_by=answers.c.item, order_by=(answers.c.at, answers.c.number))
            .label("place"),
        )
        .select_from(answers.join(items, items.c.id == answers.c.item))
        .where(
            answers.c.at >= items.c.created_at,
            or_(author.is_(None), answers.c.responder != author),
        )
        .subquery()
    )
    first = select(candidates).where(candidates.c.place == 1)
    answered = {row.item: row for row in conn.execute(first)}
    question = (
        select(items.c.id, items.c.created_at)
        .select_from(with_people(items))
        .where(
            items.c.repository_id == repository_id,
            is_live(items),
            wanted(items, people, include_bots=include_bots),
        )
    )
    # Joined here: SQLite goes through all answers for each item, having no index on them.
    return [
        FirstAnswer(row.created_at, found.at, found.responder, found.login)
        if (found := answered.get(row.id))
        else FirstAnswer(row.created_at)
        for row in conn.execute(question)
    ]


def _answers(items: Table, repository_id: UUID) -> Subquery:
    """Everything that people said on the items: item, at, number, responder, login."""
    comments, reviews = tables.comments, tables.reviews
    if items is tables.issues:
        return _said(comments, "issue_id", "created_at", repository_id).subquery()
    in_a_review = exists().where(
        reviews.c.github_id == comments.c.review_github_id, is_live(reviews)
    )
    return union_all(
        _said(comments, "pull_request_id", "created_at", repository_id).where(not_(in_a_review)),
        _said(reviews, "pull_request_id", "submitted_at", repository_id),
    ).subquery()


def _said(rows: Table, item: str, at: str, repository_id: UUID) -> Select[Any]:
    people = tables.contributors
    return (
        select(
            rows.c[item].label("item"),
            rows.c[at].label("at"),
            rows.c.github_id.label("number"),
            person_key(rows).label("responder"),
            shown_login(rows, people).label("login"),
        )
        .select_from(with_people(rows))
        .where(
            rows.c.repository_id == repository_id,
            is_live(rows),
            rows.c[item].is_not(None),
            is_known(rows),
            not_(by_bot(rows, people)),
        )
    )
