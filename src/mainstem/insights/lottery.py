"""The lottery factor: how much of the work stops when the two busiest people win the lottery.

Domain reference, section 7.1: share of pull requests per author, the first two added up; high from
60 %, medium from 40 %.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection, and_, desc, func, select, true

from mainstem.insights.people import person_key, shown_login, wanted, with_people
from mainstem.store import is_live, tables

Risk = Literal["high", "medium", "low"]

_HIGH, _MEDIUM = 60, 40
_TOP = 2
_LISTED = 7


@dataclass(frozen=True, slots=True)
class Share:
    """One author's part: pull requests opened, and that in per cent of all."""

    login: str
    pulls: int
    percentage: float


@dataclass(frozen=True, slots=True)
class LotteryFactor:
    """`top_percentage` is rounded for reading; `risk` was judged before rounding.

    `contributors` counts all authors, `leading` lists the first seven.
    """

    risk: Risk
    top_percentage: int
    contributors: int
    pulls: int
    leading: tuple[Share, ...]


def lottery_factor(counts: Sequence[tuple[str, int]], total: int) -> LotteryFactor:
    """From (login, pull requests) per author and the number of all pull requests.

    `total` may exceed the sum: deleted accounts' work is work, but of nobody in particular.
    Nothing at all is a low risk of 0 %, as the formula says.
    """
    ranked = sorted(counts, key=lambda entry: (-entry[1], entry[0].lower()))
    # One division of whole numbers: adding up two rounded shares can miss the very boundary.
    top = sum(count for _, count in ranked[:_TOP]) * 100 / total if total else 0.0
    shares = tuple(Share(login, n, n * 100 / total) for login, n in ranked[:_LISTED])
    return LotteryFactor(risk_of(top), int(top + 0.5), len(ranked), total, shares)


def risk_of(top_percentage: float) -> Risk:
    """The level for the share of the two busiest, unrounded."""
    if top_percentage >= _HIGH:
        return "high"
    return "medium" if top_percentage >= _MEDIUM else "low"


def load_lottery_factor(
    conn: Connection,
    repository_id: UUID,
    *,
    since: datetime | None = None,
    include_bots: bool = False,
) -> LotteryFactor:
    """Over the pull requests created strictly after `since`, or over all of them."""
    pulls, people = tables.pull_requests, tables.contributors
    key = person_key(pulls).label("person")
    question = (
        select(key, func.max(shown_login(pulls, people)).label("login"), func.count().label("n"))
        .select_from(with_people(pulls))
        .where(
            and_(
                pulls.c.repository_id == repository_id,
                is_live(pulls),
                wanted(pulls, people, include_bots=include_bots),
                pulls.c.created_at > since if since is not None else true(),
            )
        )
        .group_by(key)
        .order_by(desc("n"))
    )
    rows = conn.execute(question).all()
    named = [(row.login, row.n) for row in rows if row.person is not None]
    return lottery_factor(named, sum(row.n for row in rows))
