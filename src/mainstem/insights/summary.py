"""A repository in one page: what a capture ends with."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Connection, select

from mainstem.errors import MainstemError
from mainstem.insights.completeness import (
    Completeness,
    Freshness,
    load_completeness,
    load_freshness,
)
from mainstem.insights.counting import Activity, Tally, load_most_active, load_tally
from mainstem.insights.durations import Spread
from mainstem.insights.lifetimes import load_issue_half_life, load_merge_times
from mainstem.insights.lottery import LotteryFactor, load_lottery_factor
from mainstem.insights.responses import Responses, load_responses
from mainstem.insights.reviewing import Reviewing, load_reviewing
from mainstem.store import tables

# The period of every insight that does not say otherwise (domain reference, section 7).
RECENT = timedelta(days=30)


class UnknownRepository(MainstemError):  # noqa: N818  it reads as what happened, as all of ours
    """A figure was asked of a repository that is not stored."""

    def __init__(self, repository_id: UUID) -> None:
        self.repository_id = repository_id
        super().__init__(
            f"Cannot sum up repository '{repository_id}': it is not stored. "
            "Capture it first, `mainstem capture OWNER/NAME`."
        )


@dataclass(frozen=True, slots=True)
class RepositorySummary:
    """Figures over everything stored of one repository, as of `as_of`.

    Each part documents its own formula. `lottery_factor` is over the whole history,
    `recent_lottery_factor` over the last 30 days, the period of the original's card. Unknown is
    None; bots are left out of everything but `tally` and `completeness` unless `include_bots`.
    """

    repository: str
    as_of: datetime
    include_bots: bool
    tally: Tally
    most_active: tuple[Activity, ...]
    lottery_factor: LotteryFactor
    recent_lottery_factor: LotteryFactor
    merge_time: Spread
    reviewing: Reviewing
    responses: Responses
    issue_half_life_days: int | None
    freshness: Freshness
    completeness: Completeness

    def as_json(self) -> dict[str, Any]:
        """The same as plain JSON values: times in ISO 8601, tuples as lists."""
        plain = TypeAdapter(RepositorySummary).dump_python(self, mode="json")
        return cast("dict[str, Any]", plain)


def repository_summary(
    conn: Connection, repository_id: UUID, now: datetime, *, include_bots: bool = False
) -> RepositorySummary:
    """Sum up what is stored. Reads only; `now` is aware. Raises `UnknownRepository`."""
    table = tables.repositories
    name = conn.execute(
        select(table.c.full_name).where(table.c.id == repository_id)
    ).scalar_one_or_none()
    if name is None:
        raise UnknownRepository(repository_id)
    return RepositorySummary(
        repository=name,
        as_of=now,
        include_bots=include_bots,
        tally=load_tally(conn, repository_id),
        most_active=load_most_active(conn, repository_id, include_bots=include_bots),
        lottery_factor=load_lottery_factor(conn, repository_id, include_bots=include_bots),
        recent_lottery_factor=load_lottery_factor(
            conn, repository_id, since=now - RECENT, include_bots=include_bots
        ),
        merge_time=load_merge_times(conn, repository_id, include_bots=include_bots),
        reviewing=load_reviewing(conn, repository_id, include_bots=include_bots),
        responses=load_responses(conn, repository_id, include_bots=include_bots),
        issue_half_life_days=load_issue_half_life(conn, repository_id, include_bots=include_bots),
        freshness=load_freshness(conn, repository_id, now=now),
        completeness=load_completeness(conn, repository_id),
    )
