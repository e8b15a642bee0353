"""How long people wait for the first answer, and who gives it.

The definition that the domain reference recommends (section 7.6): for each issue and pull request,
the earliest comment or review by a person, not a bot, who is not its author; the median of the
waiting times, and a count per person. (The original counted all comments under the same name.)

A comment on a diff belongs to a review and is seen only when that is submitted, so the review's
time counts; comments older than GitHub's reviews have a time of their own.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
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

from mainstem.insights.durations import Span, Spread, spread
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
    counts: Counter[Any] = Counter()
    logins: dict[Any, str] = {}
    waits: list[list[Span]] = []
    unanswered = 0
    for items in (tables.pull_requests, tables.issues):
        waits.append([])
        for one in _first_answers(conn, items, repository_id, include_bots=include_bots):
            if one.answered_at is None:
                unanswered += 1
                continue
            waits[-1].append((one.created_at, one.answered_at))
            counts[one.responder] += 1
            logins.setdefault(one.responder, one.login)
    ranked = sorted(
        ((logins[who], count) for who, count in counts.items()),
        key=lambda entry: (-entry[1], entry[0].lower()),
    )
    on_pulls, on_issues = waits
    return Responses(
        pulls=spread(on_pulls),
        issues=spread(on_issues),
        all=spread([*on_pulls, *on_issues]),
        unanswered=unanswered,
        first_responders=tuple(Responder(*entry) for entry in ranked[:listed]),
    )


def _first_answers(
    conn: Connection, items: Table, repository_id: UUID, *, include_bots: bool
) -> Iterator[FirstAnswer]:
    """One for each item, answered or not, one at a time: there may be a hundred thousand."""
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
    told = select(candidates).where(candidates.c.place == 1).order_by(candidates.c.item)
    asked = (
        select(items.c.id, items.c.created_at)
        .select_from(with_people(items))
        .where(
            items.c.repository_id == repository_id,
            is_live(items),
            wanted(items, people, include_bots=include_bots),
        )
        .order_by(items.c.id)
    )
    # Joined here, in the order of ids, which every database sorts alike: SQLite goes through all
    # answers for each item, having no index on them.
    few = {"yield_per": 1_000}
    with (
        closing(conn.execute(told, execution_options=few)) as answers_told,
        closing(conn.execute(asked, execution_options=few)) as items_asked,
    ):
        answered = iter(answers_told)
        answer = next(answered, None)
        for item in items_asked:
            while answer is not None and answer.item < item.id:
                answer = next(answered, None)
            if answer is not None and answer.item == item.id:
                yield FirstAnswer(item.created_at, answer.at, answer.responder, answer.login)
            else:
                yield FirstAnswer(item.created_at)


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
