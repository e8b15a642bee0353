"""The REST calls: single records, pages, and whole lists followed to their end."""

# ruff: noqa: A002  `next` is the page's own word for where it goes on

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, Literal, TypeVar
from urllib.parse import quote, urlencode

from . import rest_payloads
from .addresses import below_base, is_below_base, repository_path
from .answers import Answer
from .errors import BadAnswer
from .links import links, next_link
from .payload import Fields, bad_shape, rows, stamp
from .transport import Transport
from .values import Account, Comment, Issue, Listing, Page, PullRequest, Repository, Review

T = TypeVar("T")
Reader = Callable[[object, str], T | None]
Order = Literal["created", "updated"]
Direction = Literal["asc", "desc"]

PER_PAGE: Final = 100
"""GitHub's largest page."""

MOST_PAGES: Final = 100
"""Where the lists of one item are cut off: ten thousand entries, and `truncated` says so."""


class RestCalls:
    """What is asked over REST. Every call raises `RequestFailed` in its kinds."""

    _transport: Transport

    async def repository(self, owner: str, name: str) -> Repository:
        """A repository. After a rename `full_name` is the new one, found by redirect."""
        about = f"repository {owner}/{name}"
        answer = await self._transport.get(repository_path(owner, name), what=about)
        return rest_payloads.read_repository(_body(answer, about), about)

    async def account(self, id: int) -> Account:
        """An account by id: the login it has now, in REST's spelling."""
        about = f"account {id}"
        answer = await self._transport.get(f"/user/{id}", what=about)
        return rest_payloads.read_account(Fields(_body(answer, about), about))

    async def pull(self, owner: str, name: str, number: int) -> PullRequest:
        """One pull request with its sizes, merger and mergeability."""
        about = f"pull request {owner}/{name}#{number}"
        path = repository_path(owner, name, "pulls", number)
        answer = await self._transport.get(path, what=about)
        return rest_payloads.read_pull(_body(answer, about), f"{owner}/{name}")

    async def pulls_page(
        self,
        owner: str,
        name: str,
        *,
        sort: Order = "created",
        direction: Direction = "asc",
        per_page: int = PER_PAGE,
        next: str | None = None,
    ) -> Page[PullRequest]:
        """A page of pull requests in any state. Sizes and merger are `UNSET`: lists lack them."""
        start = query_path(
            repository_path(owner, name, "pulls"),
            state="all",
            sort=sort,
            direction=direction,
            per_page=per_page,
        )
        about = f"pull requests of {owner}/{name}"
        return await self._page(next or start, about, rest_payloads.read_pull, (owner, name))

    async def reviews(
        self, owner: str, name: str, number: int, *, max_pages: int = MOST_PAGES
    ) -> Listing[Review]:
        """All submitted reviews of a pull request, oldest first."""
        path = repository_path(owner, name, "pulls", number, "reviews")
        about = f"reviews of {owner}/{name}#{number}"
        return await self._all(path, about, rest_payloads.read_review, max_pages)

    async def review_comments(
        self, owner: str, name: str, number: int, *, max_pages: int = MOST_PAGES
    ) -> Listing[Comment]:
        """All comments on the diff of a pull request."""
        path = repository_path(owner, name, "pulls", number, "comments")
        about = f"review comments of {owner}/{name}#{number}"
        return await self._all(path, about, rest_payloads.read_review_comment, max_pages)

    async def issue_comments(
        self, owner: str, name: str, number: int, *, max_pages: int = MOST_PAGES
    ) -> Listing[Comment]:
        """All conversation comments of an issue or a pull request."""
        path = repository_path(owner, name, "issues", number, "comments")
        about = f"comments of {owner}/{name}#{number}"
        return await self._all(path, about, rest_payloads.read_issue_comment, max_pages)

    async def repository_review_comments_page(
        self, owner: str, name: str, *, since: datetime | None = None, next: str | None = None
    ) -> Page[Comment]:
        """A page of all diff comments of a repository, the least recently updated first."""
        start = changes_path(repository_path(owner, name, "pulls", "comments"), since)
        about = f"review comments of {owner}/{name}"
        return await self._page(
            next or start, about, rest_payloads.read_review_comment, (owner, name)
        )

    async def repository_issue_comments_page(
        self, owner: str, name: str, *, since: datetime | None = None, next: str | None = None
    ) -> Page[Comment]:
        """A page of all conversation comments, on issues and pull requests (see `on_pull`)."""
        start = changes_path(repository_path(owner, name, "issues", "comments"), since)
        about = f"comments of {owner}/{name}"
        return await self._page(
            next or start, about, rest_payloads.read_issue_comment, (owner, name)
        )

    async def issues_page(
        self,
        owner: str,
        name: str,
        *,
        since: datetime | None = None,
        sort: Order = "updated",
        direction: Direction = "asc",
        per_page: int = PER_PAGE,
        next: str | None = None,
    ) -> Page[Issue]:
        """A page of issues in any state. Raises `Gone` where issues are switched off.

        The pull requests among them are left out of `items`, and counted in `seen`.
        """
        start = query_path(
            repository_path(owner, name, "issues"),
            state="all",
            sort=sort,
            direction=direction,
            per_page=per_page,
            since=stamp(since),
        )
        about = f"issues of {owner}/{name}"
        return await self._page(next or start, about, rest_payloads.read_issue, (owner, name))

    async def commit_activity(self, owner: str, name: str) -> tuple[int, ...] | None:
        """Commits per week of the last year, oldest first; None while GitHub still counts (202).

        Raises `Conflict` for an empty repository.
        """
        about = f"commit activity of {owner}/{name}"
        path = repository_path(owner, name, "stats", "commit_activity")
        answer = await self._transport.get(path, what=about, fine=(200, 202, 204))
        if answer.status == 202:
            return None
        if answer.status == 204:
            return ()
        return tuple(week.number("total") for week in rows(_body(answer, about), about))

    async def contributors(self, owner: str, name: str) -> int:
        """How many of the first hundred contributors have a commit; 0 for an empty repository."""
        about = f"contributors of {owner}/{name}"
        path = query_path(repository_path(owner, name, "contributors"), per_page=PER_PAGE)
        answer = await self._transport.get(path, what=about, fine=(200, 204))
        if answer.status == 204:
            return 0
        found = rows(_body(answer, about), about)
        return sum(1 for contributor in found if contributor.number("contributions") > 0)

    async def _all(self, path: str, about: str, read: Reader[T], max_pages: int) -> Listing[T]:
        items: list[T] = []
        following: str | None = query_path(path, per_page=PER_PAGE)
        for _ in range(max_pages):
            if following is None:
                break
            page = await self._page(following, about, read)
            items.extend(page.items)
            following = page.next
        return Listing(items=tuple(items), truncated=following is not None)

    async def _page(
        self, path: str, about: str, read: Reader[T], whose: tuple[str, str] | None = None
    ) -> Page[T]:
        if not is_below_base(path):
            raise BadAnswer(
                about,
                "the place to go on from is not one of this client's",
                "Hand back `Page.next` as it was given, or start from the beginning.",
            )
        # The next page is at /repositories/{id}, which does not say whose credential it needs.
        answer = await self._transport.get(path, what=about, repository=whose)
        if _ends_on_a_full_page(answer):
            # A list of a hundred, or a link that went missing: the same is not told wrongly twice.
            answer = await self._transport.get(path, what=about, repository=whose)
        return self._page_of(answer, about, read)

    def _page_of(self, answer: Answer, about: str, read: Reader[T]) -> Page[T]:
        body = _body(answer, about)
        if not isinstance(body, list):
            raise bad_shape(about, body, "a list")
        items = [item for item in (read(entry, about) for entry in body) if item is not None]
        return Page(items=tuple(items), next=self._next(answer, about), seen=len(body))

    def _next(self, answer: Answer, about: str) -> str | None:
        url = next_link(answer.headers.get("link"))
        if url is None:
            return None
        path = below_base(self._transport.base, url)
        if path is None:
            raise BadAnswer(
                about,
                "its next page lies on another server",
                "Set the base URL to the address that the server calls its own.",
            )
        return path


def _ends_on_a_full_page(answer: Answer) -> bool:
    """Whether the first page of a list is full and names no other: nothing says that it is all."""
    body = answer.json()
    named = links(answer.headers.get("link"))
    return isinstance(body, list) and len(body) == PER_PAGE and not {"next", "first"} & {*named}


def _body(answer: Answer, about: str) -> Any:
    body = answer.json()
    if body is None:
        raise BadAnswer(
            about,
            "the answer is no JSON",
            "Check that the base URL points at GitHub's API.",
            status=answer.status,
        )
    return body


def changes_path(path: str, since: datetime | None) -> str:
    """A list from the least recently updated on, from `since` if it is given."""
    return query_path(path, sort="updated", direction="asc", per_page=PER_PAGE, since=stamp(since))


def query_path(path: str, **parameters: str | int | None) -> str:
    """`path` with those of `parameters` that are given."""
    given = {name: value for name, value in parameters.items() if value is not None}
    return f"{path}?{urlencode(given, quote_via=quote)}"
