"""Polls: whether a list has changed since its last answer was stored, free of charge if not.

GitHub answers 304 to a request that names what it told last, and does not count it against the
hourly budget. What it told last (a validator) is kept beside the data, so that it outlives the
process: see `conditional.Validators`. A validator only counts once the caller says that what came
with it is stored (`accept_polls`); whoever dies in between is told everything again. It is the page
that brings what it is accepted by, so that nobody accepts what another one has read and not stored.

An address must stay the same for its validator to hit: hold `since` still until a poll brings
something newer, and move it then.

https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeVar

from . import rest_payloads
from .addresses import repository_path
from .errors import Gone
from .payload import stamp
from .rest import PER_PAGE, RestCalls, changes_path, query_path
from .values import Comment, Issue, Offer, Page, PullRequest

T = TypeVar("T")

PULLS_POLLED: Final = 10
"""More than one: of those updated in the same second, any may be named first."""


class PollCalls(RestCalls):
    """The lists that tell of changes, each asked for its first page. None: nothing has changed."""

    async def poll_pulls(
        self, owner: str, name: str, *, per_page: int = PULLS_POLLED
    ) -> Page[PullRequest] | None:
        """The pull requests updated last, in any state, the newest first."""
        path = query_path(
            repository_path(owner, name, "pulls"),
            state="all",
            sort="updated",
            direction="desc",
            per_page=per_page,
        )
        return await self._poll(path, f"pull requests of {owner}/{name}", rest_payloads.read_pull)

    async def poll_review_comments(
        self, owner: str, name: str, *, since: datetime | None
    ) -> Page[Comment] | None:
        """The diff comments updated at `since` or after, the least recently updated first."""
        path = changes_path(repository_path(owner, name, "pulls", "comments"), since)
        about = f"review comments of {owner}/{name}"
        return await self._poll(path, about, rest_payloads.read_review_comment)

    async def poll_issue_comments(
        self, owner: str, name: str, *, since: datetime | None
    ) -> Page[Comment] | None:
        """The conversation comments updated at `since` or after, on issues and pull requests."""
        path = changes_path(repository_path(owner, name, "issues", "comments"), since)
        about = f"comments of {owner}/{name}"
        return await self._poll(path, about, rest_payloads.read_issue_comment)

    async def poll_issues(
        self, owner: str, name: str, *, since: datetime | None
    ) -> Page[Issue] | None:
        """The issues updated at `since` or after, the newest first, at most a hundred.

        None too where issues are switched off.
        The pull requests among them are left out of `items`, and counted in `seen`.
        """
        path = query_path(
            repository_path(owner, name, "issues"),
            state="all",
            sort="updated",
            direction="desc",
            per_page=PER_PAGE,
            since=stamp(since),
        )
        try:
            return await self._poll(path, f"issues of {owner}/{name}", rest_payloads.read_issue)
        except Gone:
            return None

    async def accept_polls(self, offers: Iterable[Offer]) -> None:
        """What the pages with those offers have brought is stored: do not bring it again.

        Every page behind them has to be stored too. Call it after the transaction that stores the
        last of it; harmless to call twice, in another process or late.
        """
        await self._transport.accept(offers)

    async def _poll(
        self, path: str, about: str, read: Callable[[object, str], T | None]
    ) -> Page[T] | None:
        answer = await self._transport.poll(path, what=about)
        if answer is None:
            return None
        return replace(self._page_of(answer, about, read), offer=answer.offer)
