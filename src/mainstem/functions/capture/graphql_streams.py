"""Whole histories over GraphQL: a page of pull requests, or of issues, with all that is theirs."""

from datetime import datetime
from typing import Literal

from mainstem.functions.capture.history import PageRead, Place, Stream
from mainstem.functions.capture.people import canonical_logins
from mainstem.functions.capture.rows import Batch, Rows, actors_of_pulls, authors
from mainstem.functions.home import Home, check_same_repository
from mainstem.functions.services import Services
from mainstem.github import Issue, IssueBundle, Page, PullBundle, PullRequest

Order = Literal["created", "updated"]
Direction = Literal["asc", "desc"]


def order_of(place: Place) -> tuple[Order, Direction]:
    """Oldest first for a backfill, where nothing moves; last updated first for a refresh."""
    return ("created", "asc") if place.way == "backfill" else ("updated", "desc")


def page_of(
    page: "Page[PullBundle] | Page[IssueBundle] | Page[PullRequest] | Page[Issue]",
    batch: Batch,
    place: Place,
    times: list[datetime],
) -> PageRead:
    """`page` as read: the walk ends with the list, or below the floor of a refresh.

    Strictly below: equal times are common, and all of them must be read.
    """
    below = place.floor is not None and bool(times) and min(times) < place.floor
    return PageRead(
        batch=batch,
        next=page.next,
        newest=max(times, default=None),
        is_last=page.next is None or below,
        width=page.width,
    )


async def rows_of_bundles(
    services: Services, home: Home, bundles: list[PullBundle], *, details: bool = False
) -> Batch:
    """Rows of pull requests that were read with all that belongs to them."""
    for bundle in bundles:
        check_same_repository(home, bundle.repository)
    pulls = [bundle.pull for bundle in bundles]
    reviews = [review for bundle in bundles for review in bundle.reviews]
    comments = [comment for bundle in bundles for comment in bundle.comments]
    people = [*actors_of_pulls(pulls), *authors(reviews), *authors(comments)]
    logins = await canonical_logins(services, people)
    return Rows(home, logins).pulls(
        pulls, reviews=reviews, comments=comments, details=details, complete=True
    )


async def _read_pulls(services: Services, home: Home, place: Place) -> PageRead:
    order, direction = order_of(place)
    page = await services.github.pull_bundles_page(
        home.owner,
        home.name,
        order=order,
        direction=direction,
        first=place.width,
        next=place.cursor,
    )
    # What lies below the floor came with the page and costs nothing to save again.
    batch = await rows_of_bundles(services, home, list(page.items))
    return page_of(page, batch, place, [bundle.pull.updated_at for bundle in page.items])


async def _read_issues(services: Services, home: Home, place: Place) -> PageRead:
    order, direction = order_of(place)
    page = await services.github.issue_bundles_page(
        home.owner,
        home.name,
        order=order,
        direction=direction,
        first=place.width,
        next=place.cursor,
    )
    for bundle in page.items:
        check_same_repository(home, bundle.repository)
    issues = [bundle.issue for bundle in page.items]
    comments = [comment for bundle in page.items for comment in bundle.comments]
    logins = await canonical_logins(services, [*authors(issues), *authors(comments)])
    batch = Rows(home, logins).issues(issues, comments=comments)
    return page_of(page, batch, place, [issue.updated_at for issue in issues])


async def newest_pull(services: Services, home: Home) -> datetime | None:
    """When GitHub last saw a pull request change; None without any. One point."""
    page = await services.github.pull_bundles_page(
        home.owner, home.name, order="updated", direction="desc", first=1
    )
    return max((bundle.pull.updated_at for bundle in page.items), default=None)


async def newest_issue(services: Services, home: Home) -> datetime | None:
    """When GitHub last saw an issue change; None without any. One point."""
    page = await services.github.issue_bundles_page(
        home.owner, home.name, order="updated", direction="desc", first=1
    )
    return max((bundle.issue.updated_at for bundle in page.items), default=None)


PULLS = Stream("pulls", lambda limits: limits.history_page, _read_pulls)
ISSUES = Stream("issues", lambda limits: limits.issue_page, _read_issues)
