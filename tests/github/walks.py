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
from mainstem.github.graphql_payloads import by_submission, in_order

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
    """Every pull request with all that is theirs; what did not fit a page is read at the end."""
    found = await walk(lambda place: github.pull_bundles_page(owner, name, first=first, next=place))
    whole = {bundle.pull.number: bundle for bundle in found}
    gaps = [gap for bundle in found for gap in bundle.gaps]
    while gaps:
        parts = await github.nested_parts(owner, name, gaps)
        gaps = [*gaps[len(parts.asked) :], *parts.gaps]
        for number in {gap.number for gap in parts.asked}:
            old = whole[number]
            whole[number] = replace(
                old,
                reviews=by_submission(
                    [*old.reviews, *(r for r in parts.reviews if r.pull_number == number)]
                ),
                comments=in_order(
                    [*old.comments, *(c for c in parts.comments if c.number == number)]
                ),
                gaps=(),
            )
    return list(whole.values())


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
        commits=UNSET, mergeable=UNSET, mergeable_state=UNSET, comments_count=UNSET,
    )  # fmt: skip
