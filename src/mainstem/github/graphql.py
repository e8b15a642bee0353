"""The GraphQL calls: pages with what belongs to their items, asked for again when too heavy."""

# ruff: noqa: A002  `next` is the page's own word for where it goes on

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, Literal, TypeVar

from .errors import Conflict
from .graphql_asking import Account, GraphQLAsking, Trial, following, there
from .graphql_payloads import (
    by_submission,
    in_order,
    read_issue_bundle,
    read_nested,
    read_probe,
    read_pull,
    read_pull_bundle,
    read_repository_ref,
)
from .overflow import MOST_ALIASES, Reach, follow_up, within
from .payload import Fields, stamp
from .planner import (
    LARGEST_PAGE,
    People,
    ReviewComments,
    issue_units,
    page_units,
)
from .planner import points_of as points_for
from .queries import (
    ISSUES_PAGE,
    ISSUES_PAGE_WITH_PEOPLE,
    PROBE,
    PULL_BUNDLE,
    PULLS_PAGE,
    PULLS_PAGE_OF_REVIEWS,
    PULLS_PAGE_OF_REVIEWS_WITH_PEOPLE,
    PULLS_PAGE_OF_TIMELINES,
    PULLS_PAGE_OF_TIMELINES_WITH_PEOPLE,
    PULLS_PAGE_WITH_PEOPLE,
    RECENT_PULLS,
    Query,
    pulls_by_number,
)
from .values import (
    Effort,
    Gap,
    IssueBundle,
    NestedParts,
    Page,
    Probe,
    PullBundle,
    PullRequest,
)
from .widths import FIRST_WIDTH

T = TypeVar("T")
Order = Literal["created", "updated"]
Direction = Literal["asc", "desc"]

_ORDER_FIELDS: Final = {"created": "CREATED_AT", "updated": "UPDATED_AT"}

# From each end: a page that GitHub usually answers, and 77 units are one point.
_SAMPLE: Final = 37


class GraphQLCalls(GraphQLAsking):
    """What is asked over GraphQL. Every call raises `RequestFailed` in its kinds."""

    async def probe(self, owner: str, name: str) -> Probe:
        """How much there is, when it last changed, and a sample of sizes: one point."""
        about = f"repository {owner}/{name}"

        async def fetch(trial: Trial, account: Account) -> Fields:
            variables = {"owner": owner, "name": name, "sample": trial.page}
            data = await self._ask(PROBE, variables, about, account=account)
            return there(data, "repository", about)

        repository, _ = await self._narrowing(fetch, Trial(_SAMPLE))
        return read_probe(repository)

    async def pull_bundle(self, owner: str, name: str, number: int) -> PullBundle:
        """One pull request with everything in it. Raises `NotFound` if there is none.

        Its threads cost two points; what does not fit is followed to its end.
        """
        about = f"pull request {owner}/{name}#{number}"

        async def fetch(trial: Trial, account: Account) -> PullBundle:
            variables = {"owner": owner, "name": name, "number": number, **_nested(trial)}
            data = await self._ask(PULL_BUNDLE, variables, about, account=account)
            repository = there(data, "repository", about)
            pull = there(repository, "pullRequest", about)
            return read_pull_bundle(pull, read_repository_ref(repository))

        # It is alone on its page, so it asks for as much as GitHub gives.
        bundle, _ = await self._narrowing(fetch, Trial(1, threads=LARGEST_PAGE))
        return await self._completed(bundle, owner, name, about)

    async def pull_bundles(
        self, owner: str, name: str, numbers: Sequence[int], *, threads: int = 2
    ) -> tuple[PullBundle, ...]:
        """Pull requests by their numbers, each as complete as a page has it.

        One request for as many as GitHub answers in time; those that are gone are left out.
        """
        about = f"{len(numbers)} pull requests of {owner}/{name}"

        async def fetch(trial: Trial, account: Account) -> Fields:
            asked = list(numbers)[: trial.page]
            query = pulls_by_number(asked)
            variables = {"owner": owner, "name": name, **_nested(trial)}
            units = page_units(len(asked), threads=trial.threads, people="page")
            data = await self._ask(
                query,
                variables,
                about,
                points=points_for(units),
                missing_is_fine=True,
                account=account,
            )
            return there(data, "repository", about)

        bundles: list[PullBundle] = []
        rest = list(numbers)
        while rest:
            numbers = rest
            repository, effort = await self._narrowing(
                fetch, Trial(min(len(rest), MOST_ALIASES), threads=threads)
            )
            whose = read_repository_ref(repository)
            nodes = [repository.child_or_none(f"p{number}") for number in rest[: effort.width]]
            bundles += [read_pull_bundle(node, whose) for node in nodes if node is not None]
            rest = rest[effort.width :]
        return tuple(bundles)

    async def recent_pulls(
        self, owner: str, name: str, *, first: int = LARGEST_PAGE, next: str | None = None
    ) -> Page[PullRequest]:
        """The newest pull requests, by creation, without what belongs to them."""
        about = f"recent pull requests of {owner}/{name}"

        async def fetch(trial: Trial, account: Account) -> Fields:
            variables = _page_variables(owner, name, trial.page, next, "created", "desc")
            data = await self._ask(RECENT_PULLS, variables, about, account=account)
            return there(data, "repository", about).child("pullRequests")

        listed, effort = await self._narrowing(fetch, Trial(first))
        return _page(listed, [read_pull(node) for node in listed.children("nodes")], effort)

    async def pull_bundles_page(
        self,
        owner: str,
        name: str,
        *,
        order: Order = "created",
        direction: Direction = "asc",
        first: int = FIRST_WIDTH,
        safe: int | None = None,
        threads: int = 2,
        review_comments: ReviewComments = "threads",
        people: bool = True,
        next: str | None = None,
    ) -> Page[PullBundle]:
        """A page of pull requests with what belongs to them; their `gaps` say what is missing.

        `first` is the width to begin with; a page that is too heavy is asked for again narrower,
        from the same place: at `safe`, if that width worked before, else at half of it. `threads`
        is how many review threads each brings along; with 0 it tells nothing of them, and of its
        reviews only those that the timeline has. With "list", review comments are left to REST's
        list and all reviews are here; so are labels, assignees and reviewers without `people`.
        """
        about = f"pull requests of {owner}/{name}"
        query = _PAGES[review_comments == "list", threads > 0, people]
        where: People = "page" if people else "list"

        async def fetch(trial: Trial, account: Account) -> Fields:
            variables = _page_variables(owner, name, trial.page, next, order, direction)
            sizes = _nested(trial) if threads else {"nested": trial.nested}
            units = page_units(
                trial.page, threads=threads, people=where, review_comments=review_comments
            )
            data = await self._ask(
                query, {**variables, **sizes}, about, points=points_for(units), account=account
            )
            return there(data, "repository", about)

        repository, effort = await self._narrowing(
            fetch, Trial(first, threads=max(1, threads)), safe=safe
        )
        listed, whose = repository.child("pullRequests"), read_repository_ref(repository)
        items = [read_pull_bundle(node, whose) for node in listed.children("nodes")]
        return _page(listed, items, effort)

    async def issue_bundles_page(
        self,
        owner: str,
        name: str,
        *,
        order: Order = "created",
        direction: Direction = "asc",
        since: datetime | None = None,
        first: int = FIRST_WIDTH,
        safe: int | None = None,
        people: bool = True,
        next: str | None = None,
    ) -> Page[IssueBundle]:
        """A page of issues with their comments; with `since`, those updated from then on.

        Without `people`, labels and assignees are left to REST's list.
        """
        about = f"issues of {owner}/{name}"
        query = ISSUES_PAGE_WITH_PEOPLE if people else ISSUES_PAGE
        where: People = "page" if people else "list"

        async def fetch(trial: Trial, account: Account) -> Fields:
            variables = _page_variables(owner, name, trial.page, next, order, direction)
            variables |= {"since": stamp(since), "nested": trial.nested}
            data = await self._ask(
                query,
                variables,
                about,
                points=points_for(issue_units(trial.page, people=where)),
                account=account,
            )
            return there(data, "repository", about)

        repository, effort = await self._narrowing(fetch, Trial(first), safe=safe)
        listed, whose = repository.child("issues"), read_repository_ref(repository)
        items = [read_issue_bundle(node, whose) for node in listed.children("nodes")]
        return _page(listed, items, effort)

    async def nested_parts(
        self, owner: str, name: str, gaps: Sequence[Gap], *, aliases: int = MOST_ALIASES
    ) -> NestedParts:
        """More of as many of `gaps` as one request can ask for: `asked` says which.

        `aliases` is how many lists to begin with; fewer are asked for when GitHub has no time.
        """
        about = f"what follows in lists of {owner}/{name}"
        asked: list[Gap] = []

        async def fetch(trial: Trial, account: Account) -> Fields:
            reach = Reach(trial.page, trial.nested)
            asked[:] = within(gaps, reach)
            query, variables = follow_up(asked, reach)
            units = sum(1 + (gap.missing if gap.kind == "threads" else 0) for gap in asked)
            return await self._ask(
                query,
                variables,
                about,
                points=points_for(units),
                missing_is_fine=True,
                account=account,
                repository=(owner, name),
            )

        data, effort = await self._narrowing(fetch, Trial(min(aliases, len(gaps))))
        return read_nested(asked, data, effort)

    async def _completed(self, bundle: PullBundle, owner: str, name: str, about: str) -> PullBundle:
        """`bundle` with every list followed to its end."""
        reviews = {review.id: review for review in bundle.reviews}
        comments = {(said.kind, said.id): said for said in bundle.comments}
        gaps = bundle.gaps
        while gaps:
            parts = await self.nested_parts(owner, name, gaps)
            if parts.gone:
                raise Conflict(about, "a part of it went away while it was read", "Read it again.")
            reviews |= {review.id: review for review in parts.reviews}
            comments |= {(said.kind, said.id): said for said in parts.comments}
            gaps = (*gaps[len(parts.asked) :], *parts.gaps)
        return replace(
            bundle,
            reviews=by_submission(reviews.values()),
            comments=in_order(comments.values()),
            gaps=(),
        )


def _page(listed: Fields, items: list[T], effort: Effort) -> Page[T]:
    return Page(
        items=tuple(items),
        next=following(listed),
        seen=len(items),
        total=listed.number("totalCount"),
        effort=effort,
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


def _nested(trial: Trial) -> dict[str, int]:
    return {
        "nested": trial.nested,
        "threads": trial.threads,
        "threadComments": trial.thread_comments,
    }


# By what comes along: all reviews instead of the timeline, threads, people.
_PAGES: Final[dict[tuple[bool, bool, bool], Query]] = {
    (False, True, False): PULLS_PAGE,
    (False, True, True): PULLS_PAGE_WITH_PEOPLE,
    (False, False, False): PULLS_PAGE_OF_TIMELINES,
    (False, False, True): PULLS_PAGE_OF_TIMELINES_WITH_PEOPLE,
    (True, False, False): PULLS_PAGE_OF_REVIEWS,
    (True, False, True): PULLS_PAGE_OF_REVIEWS_WITH_PEOPLE,
}
