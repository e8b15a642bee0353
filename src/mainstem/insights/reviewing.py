"""Reviews that are reviews, who writes them, and how much of the work they cover.

At GitHub each reply to a comment on a diff makes a "review" of its own: state COMMENTED, no text,
nothing but replies. Those are conversation. Counting them as reviews more than doubles the figures
of a talkative project, so they are left out here; as responses they do count (`responses`).

A review by the pull request's own author is left out too: nobody reviews himself.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    desc,
    distinct,
    exists,
    func,
    not_,
    or_,
    select,
)

from mainstem.insights.durations import percentage
from mainstem.insights.people import is_known, person_key, shown_login, wanted, with_people
from mainstem.store import is_live, tables


@dataclass(frozen=True, slots=True)
class Reviewer:
    """One person's reviews of others' pull requests, and on how many of them."""

    login: str
    reviews: int
    pulls: int


@dataclass(frozen=True, slots=True)
class Reviewing:
    """`reviews` leaves out the `replies_only`; `coverage` is the percentage of pull requests with
    at least one review by somebody else, None without pull requests."""

    reviews: int
    replies_only: int
    pulls: int
    reviewed_pulls: int
    coverage: float | None
    busiest: tuple[Reviewer, ...]


def is_replies_only() -> ColumnElement[bool]:
    """A row of `reviews` that holds replies and nothing else.

    Without stored comments it cannot be told, and counts as what GitHub calls it: a review.
    """
    reviews = tables.reviews
    return and_(
        reviews.c.state == "COMMENTED",
        func.trim(func.coalesce(reviews.c.body, "")) == "",
        _holds(is_reply=True),
        not_(_holds(is_reply=False)),
    )


def _holds(*, is_reply: bool) -> ColumnElement[bool]:
    comments, reviews = tables.comments, tables.reviews
    answered = comments.c.in_reply_to_github_id
    return exists().where(
        comments.c.review_github_id == reviews.c.github_id,
        is_live(comments),
        answered.is_not(None) if is_reply else answered.is_(None),
    )


def by_somebody_else() -> ColumnElement[bool]:
    """A row of `reviews`, joined with its pull request, whose writer did not open it."""
    pulls, reviews = tables.pull_requests, tables.reviews
    reviewer, author = person_key(reviews), person_key(pulls)
    return or_(author.is_(None), reviewer.is_(None), reviewer != author)


def load_reviewing(
    conn: Connection, repository_id: UUID, *, include_bots: bool = False, listed: int = 5
) -> Reviewing:
    """Coverage as in the domain reference, sections 7.2 and 7.7: pull requests with at least one
    review, of all pull requests; bots' pull requests and reviews are left out unless asked for."""
    pulls, reviews, people = tables.pull_requests, tables.reviews, tables.contributors
    source = reviews.join(pulls, pulls.c.id == reviews.c.pull_request_id).outerjoin(
        people, people.c.id == reviews.c.author_id
    )
    real = and_(
        reviews.c.repository_id == repository_id,
        is_live(reviews),
        wanted(reviews, people, include_bots=include_bots),
        not_(is_replies_only()),
        by_somebody_else(),
    )
    replies = conn.execute(
        select(func.count())
        .select_from(reviews)
        .where(reviews.c.repository_id == repository_id, is_live(reviews), is_replies_only())
    ).scalar_one()
    wanted_pulls = (
        select(pulls.c.id)
        .select_from(with_people(pulls))
        .where(
            pulls.c.repository_id == repository_id,
            is_live(pulls),
            wanted(pulls, people, include_bots=include_bots),
        )
    )
    total = conn.execute(select(func.count()).select_from(wanted_pulls.subquery())).scalar_one()
    count = conn.execute(select(func.count()).select_from(source).where(real)).scalar_one()
    covered = conn.execute(
        select(func.count(distinct(reviews.c.pull_request_id)))
        .select_from(source)
        .where(real, reviews.c.pull_request_id.in_(wanted_pulls))
    ).scalar_one()
    key, login = person_key(reviews), func.max(shown_login(reviews, people)).label("login")
    ranking = conn.execute(
        select(login, func.count().label("n"), func.count(distinct(pulls.c.id)).label("pulls"))
        .select_from(source)
        .where(real, is_known(reviews))
        .group_by(key)
        .order_by(desc("n"), func.lower(login))
        .limit(listed)
    ).all()
    busiest = tuple(Reviewer(row.login, row.n, row.pulls) for row in ranking)
    return Reviewing(count, replies, total, covered, percentage(covered, total), busiest)
