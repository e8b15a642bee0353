"""The look that is free of charge: has anything changed since the last one?

Four lists, each asked for on condition that it is another than last time. The two lists of comments
come first: they are needed for what they hold, where the other two only say that there is
something. No more is asked than it takes to know.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sqlalchemy import Connection

from mainstem.functions.capture.looks import is_alike
from mainstem.functions.capture.refresh_note import CommentList
from mainstem.functions.capture.standing import Standing
from mainstem.functions.home import Home
from mainstem.functions.services import Services
from mainstem.github import Comment, Gone, Issue, Offer, Page, PullRequest
from mainstem.store import ItemKind, StoredComment, StoredItem, stored_comments, stored_items

_TYPES: dict[CommentList, Literal["review_comment", "issue_comment"]] = {
    "review-comments": "review_comment",
    "comments": "issue_comment",
}


@dataclass(frozen=True, slots=True)
class Doubted:
    """Numbers of what is to be read whole.

    A list that was read to its end does not hold a comment that is stored on it, or it is listed
    otherwise than it is stored, with the same time.
    """

    pulls: frozenset[int] = frozenset()
    issues: frozenset[int] = frozenset()

    def __or__(self, other: "Doubted") -> "Doubted":
        return Doubted(self.pulls | other.pulls, self.issues | other.issues)


@dataclass(frozen=True, slots=True)
class Polled:
    """What the look brought.

    `lists` are the first pages of the comment lists that are not as they were; `changed` says that
    pull requests or issues are to be asked for; `answered` that anything was told at all. `offers`
    are what all of it is accepted by, once it is stored.
    """

    lists: dict[CommentList, Page[Comment]] = field(default_factory=dict)
    doubted: Doubted = Doubted()
    changed: bool = False
    answered: bool = False
    offers: tuple[Offer, ...] = ()

    @property
    def comments(self) -> list[Comment]:
        """All that the first pages hold."""
        return [comment for page in self.lists.values() for comment in page.items]


@dataclass(frozen=True, slots=True)
class _News:
    """What of the polled comments is not stored, or not so, and where one stored is not polled."""

    fresh: bool
    edited: bool
    doubted: Doubted


async def look_for_changes(services: Services, home: Home, standing: Standing) -> Polled:
    """Ask until it is known that something changed, or that nothing did."""
    lists = await _poll_comments(services, home, standing)
    news = await services.database.run_read(_news, home, standing, lists)
    polled = Polled(lists, news.doubted, answered=bool(lists), offers=offers_of(*lists.values()))
    # Two requests were paid: a query tells more than a third would.
    if news.fresh or (news.edited and len(lists) == len(_TYPES)):
        return replace(polled, changed=True)
    following, github = standing.following, services.github
    if following.pulls:
        pulls = await github.poll_pulls(home.owner, home.name)
        if pulls is not None:
            offers = polled.offers + offers_of(pulls)
            changed, unlike = await services.database.run_read(_new_pulls, home, standing, pulls)
            doubted = polled.doubted | Doubted(pulls=unlike)
            polled = replace(polled, answered=True, changed=changed, doubted=doubted, offers=offers)
    if following.issues and not polled.changed:
        since = standing.since("issues")
        issues = await github.poll_issues(home.owner, home.name, since=since)
        if issues is not None:
            # The newest come first: what is new is on this page, however long the list has grown.
            changed, unlike = await services.database.run_read(_new_issues, home, issues.items)
            doubted = polled.doubted | Doubted(issues=unlike)
            offers = polled.offers + offers_of(issues)
            polled = replace(polled, answered=True, changed=changed, doubted=doubted, offers=offers)
    return polled


def offers_of(*pages: Page[Any]) -> tuple[Offer, ...]:
    """What those pages are accepted by; GitHub gives some of them nothing."""
    return tuple(page.offer for page in pages if page.offer is not None)


def _new_pulls(
    conn: Connection, home: Home, standing: Standing, page: Page[PullRequest]
) -> tuple[bool, frozenset[int]]:
    """Whether one is newer than what was read, or than it is stored; and which look otherwise.

    Several may be updated in the second in which the newest was, and any of them come first. One
    that lies behind a page of them is found with the next change.
    """
    listed = {pull.number: pull.updated_at for pull in page.items}
    newest, watermark = max(listed.values(), default=None), standing.watermark("pulls")
    floor = standing.floor("pulls")
    if newest is None or watermark is None or floor is None:
        return newest is not None, frozenset()
    stored = _live(conn, home, "pulls", list(listed))
    changed = any(
        number not in stored or stored[number].updated_at != updated
        for number, updated in listed.items()
        if updated >= floor
    )
    # What GitHub showed too late for that: no refresh reads down to it.
    late = {
        number
        for number, updated in listed.items()
        if updated < floor and (number not in stored or stored[number].updated_at < updated)
    }
    return newest > watermark or changed, _unlike(page.items, stored) | late


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
    news = _News(fresh=False, edited=False, doubted=Doubted())
    for name, page in lists.items():
        # What was written since then is on the list; one that goes on says nothing of the rest.
        since = standing.since(name) if page.next is None else None
        ids = [comment.id for comment in page.items]
        stored = stored_comments(conn, home.id, _TYPES[name], github_ids=ids, created_since=since)
        found = _compare(page.items, stored)
        news = _News(
            fresh=news.fresh or found.fresh or page.next is not None,
            edited=news.edited or found.edited,
            doubted=news.doubted | found.doubted,
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
        doubted=Doubted(
            frozenset(one.number for one in lost if one.on_pull),
            frozenset(one.number for one in lost if not one.on_pull),
        ),
    )


def _new_issues(
    conn: Connection, home: Home, listed: Sequence[Issue]
) -> tuple[bool, frozenset[int]]:
    """The same of issues, which are listed from a time on."""
    stored = _live(conn, home, "issues", [issue.number for issue in listed])
    changed = any(
        issue.number not in stored or stored[issue.number].updated_at != issue.updated_at
        for issue in listed
    )
    return changed, _unlike(listed, stored)


def _live(
    conn: Connection, home: Home, kind: ItemKind, numbers: Collection[int]
) -> dict[int, StoredItem]:
    stored = stored_items(conn, home.id, kind, numbers=numbers)
    return {item.number: item for item in stored if not item.is_gone}


def _unlike(
    listed: Sequence[PullRequest | Issue], stored: Mapping[int, StoredItem]
) -> frozenset[int]:
    """Those that were changed twice in one second, and read in between."""
    return frozenset(
        one.number
        for one in listed
        if one.number in stored
        and stored[one.number].updated_at == one.updated_at
        and not is_alike(one, stored[one.number])
    )
