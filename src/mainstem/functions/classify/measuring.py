"""Asking GitHub for the five figures.

Only the repository itself must answer. Statistics of a server that has none (404), of an empty
repository (409) or of one too large to list (403) are unknown, and the vote goes on without them.
"""

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from mainstem.catalog import NonRetriableError
from mainstem.functions.classify.rule import Metrics
from mainstem.github import Conflict, Forbidden, GitHub, Gone, NotFound
from mainstem.store import ids

T = TypeVar("T")

_MONTH = timedelta(days=30)
_WEEKS = 4


@dataclass(frozen=True, slots=True)
class Measured:
    """`is_pending`: GitHub is still computing the commit statistics (202), ask again later."""

    metrics: Metrics
    is_pending: bool


async def measure(
    github: GitHub, repository_id: UUID, owner: str, name: str, *, now: datetime
) -> Measured:
    """The figures of one repository, with four requests.

    Raises `NonRetriableError` when GitHub has another repository under that name than the one
    that our id says, and the client's errors when the repository cannot be read.
    """
    repository = await github.repository(owner, name)
    if ids.repository_id(repository.id) != repository_id:
        raise NonRetriableError(
            f"Cannot classify {owner}/{name}: GitHub has repository {repository.id} "
            f"({repository.full_name}) under that name, not the one stored as {repository_id}. "
            "Send discover/repository.new for the name."
        )
    # Under its present name from here on: a renamed repository redirects each request.
    owner, name = repository.owner, repository.name
    pulls = await _if_any(
        github.pulls_page(owner, name, sort="created", direction="desc", per_page=100)
    )
    contributors = await _if_any(github.contributors(owner, name))
    weeks, is_pending = await _commit_weeks(github, owner, name)
    return Measured(
        Metrics(
            stars=repository.stargazers_count,
            forks=repository.forks_count,
            monthly_prs=None
            if pulls is None
            else count_since([pull.created_at for pull in pulls.items], now - _MONTH),
            monthly_commits=None if weeks is None else sum(weeks[-_WEEKS:]),
            active_contributors=contributors,
        ),
        is_pending,
    )


def count_since(moments: list[datetime], since: datetime) -> int:
    """How many are not before `since`."""
    return sum(moment >= since for moment in moments)


async def _commit_weeks(
    github: GitHub, owner: str, name: str
) -> tuple[tuple[int, ...] | None, bool]:
    """Commits per week, oldest first, or None; and whether they are being computed (D23)."""
    try:
        weeks = await github.commit_activity(owner, name)
    except (NotFound, Gone, Conflict, Forbidden):
        return None, False
    return weeks, weeks is None


async def _if_any(question: Awaitable[T]) -> T | None:
    try:
        return await question
    except (NotFound, Gone, Conflict, Forbidden):
        return None
