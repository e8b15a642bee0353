"""The GraphQL calls: pages of bundles, completed, and narrowed when GitHub has no time for them."""

# ruff: noqa: A002  `next` is the page's own word for where it goes on

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Final, Literal, TypeVar

from .answers import Answer, Circumstances
from .errors import Conflict, NotFound, RequestFailed, ResourceLimits, ServerTrouble
from .graphql_answers import data_of, graphql_verdict, points_of, too_heavy
from .graphql_payloads import (
    read_issue_bundle,
    read_pull,
    read_pull_bundle,
    read_repository_ref,
)
from .overflow import Gap, Reach, fill, follow_up, issue_gaps, pull_gaps
from .payload import Fields, stamp
from .queries import (
    ISSUE_BUNDLES_PAGE,
    PULL_BUNDLE,
    PULL_BUNDLES_PAGE,
    RECENT_PULLS,
    Query,
)
from .transport import Ask, Transport
from .values import IssueBundle, Page, PullBundle, PullRequest
from .widths import (
    ISSUES_PER_PAGE,
    LARGEST_PAGE,
    PULLS_PER_PAGE,
    THREADS_PER_PULL,
    Widths,
)

T = TypeVar("T")
Order = Literal["created", "updated"]
Direction = Literal["asc", "desc"]

_ORDER_FIELDS: Final = {"created": "CREATED_AT", "updated": "UPDATED_AT"}


class GraphQLCalls:
    """What is asked over GraphQL. Every call raises `RequestFailed` in its kinds."""

    _transport: Transport

    async def pull_bundle(self, owner: str, name: str, number: int) -> PullBundle:
        """One pull request with everything in it. Raises `NotFound` if there is none."""
        about = f"pull request {owner}/{name}#{number}"

        async def fetch(widths: Widths) -> PullBundle:
            variables = {"owner": owner, "name": name, "number": number, **_nested(widths)}
            data = await self._ask(PULL_BUNDLE, variables, about)
            repository = _found(data, "repository", about)
            pull = _found(repository, "pullRequest", about)
            await self._complete(lambda: pull_gaps([pull]), about)
            return read_pull_bundle(pull, read_repository_ref(repository))

        # A pull request asks for as much as GitHub gives: it is alone on its page.
        return await _narrowing(fetch, Widths(page=1, threads=LARGEST_PAGE))

    async def recent_pulls(
        self, owner: str, name: str, *, first: int = LARGEST_PAGE, next: str | None = None
    ) -> Page[PullRequest]:
        """The newest pull requests, by creation, without what belongs to them."""
        about = f"recent pull requests of {owner}/{name}"

        async def fetch(widths: Widths) -> Page[PullRequest]:
            variables = _page_variables(owner, name, widths.page, next, "created", "desc")
            data = await self._ask(RECENT_PULLS, variables, about)
            listed = _found(data, "repository", about).child("pullRequests")
            return _page(listed, [read_pull(node) for node in listed.children("nodes")], widths)

        return await _narrowing(fetch, Widths(page=first))

    async def pull_bundles_page(
        self,
        owner: str,
        name: str,
        *,
        order: Order = "created",
        direction: Direction = "asc",
        first: int = PULLS_PER_PAGE,
        threads: int = THREADS_PER_PULL,
        next: str | None = None,
    ) -> Page[PullBundle]:
        """A page of pull requests with everything in them.

        `first` is the width to begin with; a page that is too heavy is asked for again at half
        of it, from the same place, and `Page.width` says what got through. `threads` is how many
        review threads each pull request brings along before a follow-up is needed.
        """
        about = f"pull requests of {owner}/{name}"

        async def fetch(widths: Widths) -> Page[PullBundle]:
            variables = _page_variables(owner, name, widths.page, next, order, direction)
            data = await self._ask(PULL_BUNDLES_PAGE, {**variables, **_nested(widths)}, about)
            repository = _found(data, "repository", about)
            listed = repository.child("pullRequests")
            nodes = list(listed.children("nodes"))
            await self._complete(lambda: pull_gaps(nodes), about)
            whose = read_repository_ref(repository)
            return _page(listed, [read_pull_bundle(node, whose) for node in nodes], widths)

        return await _narrowing(fetch, Widths(page=first, threads=threads))

    async def issue_bundles_page(
        self,
        owner: str,
        name: str,
        *,
        order: Order = "created",
        direction: Direction = "asc",
        since: datetime | None = None,
        first: int = ISSUES_PER_PAGE,
        next: str | None = None,
    ) -> Page[IssueBundle]:
        """A page of issues with their comments; with `since`, those updated from then on."""
        about = f"issues of {owner}/{name}"

        async def fetch(widths: Widths) -> Page[IssueBundle]:
            variables = _page_variables(owner, name, widths.page, next, order, direction)
            variables |= {"since": stamp(since), "nested": widths.nested}
            data = await self._ask(ISSUE_BUNDLES_PAGE, variables, about)
            repository = _found(data, "repository", about)
            listed = repository.child("issues")
            nodes = list(listed.children("nodes"))
            await self._complete(lambda: issue_gaps(nodes), about)
            whose = read_repository_ref(repository)
            return _page(listed, [read_issue_bundle(node, whose) for node in nodes], widths)

        return await _narrowing(fetch, Widths(page=first))

    async def _complete(self, gaps_now: Callable[[], list[Gap]], about: str) -> None:
        """Fetch what the nested lists lack, one request a round, until they are whole."""
        reach = Reach()
        while gaps := gaps_now()[: reach.aliases]:
            query, variables = follow_up(gaps, reach)
            try:
                data = await self._ask(query, variables, about)
            except ResourceLimits:
                narrower = reach.narrower()
                if narrower is None:
                    raise
                reach = narrower
                continue
            except NotFound as gone:
                raise Conflict(
                    about, "a part of it went away while it was read", "Read it again."
                ) from gone
            fill(gaps, data)

    async def _ask(self, query: Query, variables: Mapping[str, Any], about: str) -> Fields:
        def judge(answer: Answer, asked: Circumstances) -> RequestFailed | None:
            self._transport.ledger.spent(query.name, points_of(answer))
            return graphql_verdict(answer, asked)

        payload = {"query": query.text, "variables": variables, "operationName": query.name}
        ask = Ask("graphql", self._transport.graphql_url, about, judge, payload)
        try:
            answer = await self._transport.send(ask)
        except ServerTrouble as error:
            if error.perhaps_heavy:
                # GitHub ends what takes it longer than ten seconds with just these answers.
                raise too_heavy(about, error.found) from error
            raise
        return data_of(answer, about)


async def _narrowing(fetch: Callable[[Widths], Awaitable[T]], widths: Widths) -> T:
    """What `fetch` gives, at the first width at which GitHub has time for it."""
    while True:
        try:
            return await fetch(widths)
        except ResourceLimits:
            narrower = widths.narrower()
            if narrower is None:
                raise
            widths = narrower


def _found(of: Fields, key: str, about: str) -> Fields:
    found = of.child_or_none(key)
    if found is None:
        raise NotFound(
            about, f"'{key}' is null", "Check the spelling and what the token may see.", status=200
        )
    return found


def _page(listed: Fields, items: list[T], widths: Widths) -> Page[T]:
    info = listed.child("pageInfo")
    return Page(
        items=tuple(items),
        next=info.text("endCursor") if info.flag("hasNextPage") else None,
        seen=len(items),
        total=listed.number("totalCount"),
        width=widths.page,
    )


def _page_variables(
    owner: str, name: str, first: int, after: str | None, order: Order, direction: Direction
) -> dict[str, Any]:
    return {
        "owner": owner,
        "name": name,
        "first": first,
        "after": after,
        "order": {"field": _ORDER_FIELDS[order], "direction": direction.upper()},
    }


def _nested(widths: Widths) -> dict[str, int]:
    return {
        "nested": widths.nested,
        "threads": widths.threads,
        "threadComments": widths.thread_comments,
    }
