"""Walking a repository to its end, by each API."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from mainstem.github import (
    UNSET,
    GitHub,
    Issue,
    IssueBundle,
    Page,
    PullBundle,
    PullRequest,
)

T = TypeVar("T")


async def walk(fetch: Callable[[str | None], Awaitable[Page[T]]]) -> list[T]:
    """Every item of every page, in order."""
    page = await fetch(None)
    items = list(page.items)
    while page.next is not None:
        page = await fetch(page.next)
        items.extend(page.items)
    return items


async def bundles(github: GitHub, owner: str, name: str, *, first: int = 24) -> list[PullBundle]:
    return await walk(lambda place: github.pull_bundles_page(owner, name, first=first, next=place))


async def issue_bundles(github: GitHub, owner: str, name: str) -> list[IssueBundle]:
    return await walk(lambda place: github.issue_bundles_page(owner, name, next=place))


async def rest_pulls(github: GitHub, owner: str, name: str) -> list[PullRequest]:
    return await walk(lambda place: github.pulls_page(owner, name, next=place))


async def rest_issues(github: GitHub, owner: str, name: str) -> list[Issue]:
    return await walk(lambda place: github.issues_page(owner, name, sort="created", next=place))


def as_listed(pull: PullRequest) -> PullRequest:
    """The pull request as a REST list tells it: without sizes, merger and mergeability."""
    return replace(
        pull, merged_by=UNSET, additions=UNSET, deletions=UNSET, changed_files=UNSET,
        commits=UNSET, mergeable=UNSET, mergeable_state=UNSET,
    )  # fmt: skip
