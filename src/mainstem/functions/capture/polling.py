"""The look that is free of charge: has anything changed since the last one?

Four lists, each asked for on condition that it is another than last time. The two lists of comments
come first: they are needed for what they hold, where the other two only say that there is
something. No more is asked than it takes to know.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sqlalchemy import Connection

from mainstem.functions.capture.refresh_note import CommentList
from mainstem.functions.capture.standing import Standing
from mainstem.functions.home import Home
from mainstem.functions.services import Services
from mainstem.github import Comment, Gone, Issue, Offer, Page, PullRequest
from mainstem.store import StoredComment, stored_comments, stored_items, update_times

_TYPES: dict[CommentList, Literal["review_comment", "issue_comment"]] = {
    "review-comments": "review_comment",
    "comments": "issue_comment",
}


@dataclass(frozen=True, slots=True)
class Unlisted:
    """Numbers of what stored comments are on, that a list read to its end does not hold."""

    pulls: frozenset[int] = frozenset()
    issues: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Polled:
    """What the look brought.

    `lists` are the first pages of the comment lists that are not as they were; `changed` says that
    pull requests or issues are to be asked for; `answered` that anything was told at all. `offers`
    are what all of it is accepted by, once it is stored.
    """

    lists: dict[CommentList, Page[Comment]] = field(default_factory=dict)
    unlisted: Unlisted = Unlisted()
    changed: bool = False
    answered: bool = False
    offers: tuple[Offer, ...] = ()

    @property
    def comments(self) -> list[Comment]:
        """All that the first pages hold."""
        return [comment for page in self.lists.values() for comment in page.items]


@dataclass(frozen=True, slots=True)
class _News:
    """What of the polled comments is not stored, or not so, and what is stored and not polled."""

    fresh: bool
    edited: bool
    unlisted: Unlisted


async def look_for_changes(services: Services, home: Home, standing: Standing) -> Polled:
    """Ask until it is known that something changed, or that nothing did."""
    lists = await _poll_comments(services, home, standing)
    news = await services.database.run_read(_news, home, standing, lists)
    polled = Polled(lists, news.unlisted, answered=bool(lists), offers=offers_of(*lists.values()))
    # Two requests were paid: a query tells more than a third would.
    if news.fresh or (news.edited and len(lists) == len(_TYPES)):
        return replace(polled, changed=True)
    following, github = standing.following, services.github
    if following.pulls:
        pulls = await github.poll_pulls(home.owner, home.name)
        if pulls is not None:
            offers = polled.offers + offers_of(pulls)
            changed = await services.database.run_read(_has_new_pull, home, standing, pulls)
            polled = replace(polled, answered=True, changed=changed, offers=offers)
    if following.issues and not polled.changed:
        since = standing.since("issues")
        issues = await github.poll_issues(home.owner, home.name, since=since)
        if issues is not None:
            # The newest come first: what is new is on this page, however long the list has grown.
            changed = await services.database.run_read(_has_new_issue, home, issues.items)
            offers = polled.offers + offers_of(issues)
            polled = replace(polled, answered=True, changed=changed, offers=offers)
    return polled


def offers_of(*pages: Page[Any]) -> tuple[Offer, ...]:
    """What those pages are accepted by; GitHub gives some of them nothing."""
    return tuple(page.offer for page in pages if page.offer is not None)


def _has_new_pull(
    conn: Connection, home: Home, standing: Standing, page: Page[PullRequest]
) -> bool:
    """Whether one is newer than what was read, or not stored as it is listed.

    Several may be updated in the second in which the newest was. Where a whole page was, the one
    that is new may lie behind it.
    """
    listed = {pull.number: pull.updated_at for pull in page.items}
    newest, watermark = max(listed.values(), default=None), standing.watermark("pulls")
    floor = standing.floor("pulls")
    if newest is None or watermark is None or floor is None:
        return newest is not None
    if newest > watermark or (page.next is not None and min(listed.values()) == newest):
        return True
    stored = update_times(conn, home.id, "pulls", list(listed))
    return any(
        stored.get(number) != updated for number, updated in listed.items() if updated >= floor
    )


async def _poll_comments(
    services: Services, home: Home, standing: Standing
) -> dict[CommentList, Page[Comment]]:
    github = services.github
    found: dict[CommentList, Page[Comment]] = {}
    if standing.following.pulls:
        since = standing.since("review-comments")
        page = await github.poll_review_comments(home.owner, home.name, since=since)
        if page is not None:
            found["review-comments"] = page
    try:
        since = standing.since("comments")
        page = await github.poll_issue_comments(home.owner, home.name, since=since)
    except Gone:  # issues are switched off, and conversations with them
        page = None
    if page is not None:
        found["comments"] = page
    return found


def _news(
    conn: Connection, home: Home, standing: Standing, lists: dict[CommentList, Page[Comment]]
) -> _News:
    news = _News(fresh=False, edited=False, unlisted=Unlisted())
    for name, page in lists.items():
        # What was written since then is on the list; one that goes on says nothing of the rest.
        since = standing.since(name) if page.next is None else None
        ids = [comment.id for comment in page.items]
        stored = stored_comments(conn, home.id, _TYPES[name], github_ids=ids, created_since=since)
        found = _compare(page.items, stored)
        news = _News(
            fresh=news.fresh or found.fresh or page.next is not None,
            edited=news.edited or found.edited,
            unlisted=Unlisted(
                news.unlisted.pulls | found.unlisted.pulls,
                news.unlisted.issues | found.unlisted.issues,
            ),
        )
    return news


def _compare(listed: Sequence[Comment], stored: Sequence[StoredComment]) -> _News:
    known = {one.github_id: one for one in stored if not one.is_gone}
    ids = {comment.id for comment in listed}
    lost = [one for one in known.values() if one.github_id not in ids]
    return _News(
        fresh=not ids <= known.keys(),
        edited=any(
            comment.id in known and known[comment.id].updated_at != comment.updated_at
            for comment in listed
        ),
        unlisted=Unlisted(
            frozenset(one.number for one in lost if one.on_pull),
            frozenset(one.number for one in lost if not one.on_pull),
        ),
    )


def _has_new_issue(conn: Connection, home: Home, listed: Sequence[Issue]) -> bool:
    numbers = [issue.number for issue in listed]
    stored = stored_items(conn, home.id, "issues", numbers=numbers)
    known = {item.number: item.updated_at for item in stored if not item.is_gone}
    return any(known.get(issue.number) != issue.updated_at for issue in listed)
