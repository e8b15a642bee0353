"""What has changed in a repository, and whether nothing was missed: the queries of a refresh.

A page of changes asks for pull requests and issues together, at the width at which both cost one
point: five connections in each pull request, three in each issue, and four lists, of which two just
name the hundred that changed last, for a single unit each. So one answer tells which changed,
however few of them it holds.

Comments are not asked for with their pull requests: REST has lists of those that changed, edited
ones included, over the whole repository.
"""

# ruff: noqa: A002  `next` is the page's own word for where it goes on

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, TypeVar
from urllib.parse import parse_qs, urlsplit

from .addresses import repository_path
from .errors import Gone, ResourceLimits
from .graphql import GraphQLCalls
from .graphql_asking import following, there
from .graphql_payloads import (
    in_order,
    read_issue_bundle,
    read_pull_bundle,
    read_repository_ref,
)
from .links import links
from .mappings import issue_state, pull_state
from .payload import Fields, stamp
from .planner import LARGEST_PAGE, NESTED_SIZE, page_units
from .planner import points_of as points_for
from .queries import ACTOR, COST, ISSUE, ISSUE_COMMENT, PAGE, PULL, PULL_PEOPLE, REVIEW, Query
from .rest import query_path
from .transport import Transport
from .values import Comment, Gap, IssueBundle, PullBundle, PullState, RepositoryRef, Review
from .widths import Answered

T = TypeVar("T")

# Connections opened in each: reviews, commits, labels, assignees and requested reviewers; comments,
# labels and assignees.
_IN_PULL: Final = 5
_IN_ISSUE: Final = 3

PULLS_BESIDE_ISSUES: Final = 25
ISSUES_BESIDE_PULLS: Final = 6
"""4 lists, 25 x 5 and 6 x 3 connections are 147 units: one point."""
PULLS_ALONE: Final = 29
ISSUES_ALONE: Final = 49
"""The widest for one point without the other."""

ISSUES_BY_NUMBER: Final = 49

# What still rounds to one point, less the list itself.
_UNITS_OF_A_POINT: Final = 148

_CHANGED_PULL: Final = f"""
fragment ChangedPull on PullRequest {{
  id totalCommentsCount
  reviews(last: $nested) {{ {PAGE} nodes {{ ...ReviewParts }} }}
}}
"""

_LATEST: Final = "orderBy: { field: UPDATED_AT, direction: DESC }"
_OLDEST: Final = "orderBy: { field: CREATED_AT, direction: ASC }"

_PULLS: Final = f"""
    pullRequests(first: $pulls, after: $afterPull, {_LATEST}) {{
      {PAGE}
      nodes {{ ...PullParts ...ChangedPull ...PullPeople }}
    }}
    latestPulls: pullRequests(first: $latest, {_LATEST}) {{ nodes {{ number updatedAt }} }}"""
_ISSUES: Final = f"""
    issues(first: $issues, after: $afterIssue, {_LATEST}, filterBy: {{ since: $since }}) {{
      {PAGE}
      nodes {{ ...IssueParts }}
    }}
    latestIssues: issues(first: $latest, {_LATEST}) {{ totalCount nodes {{ number updatedAt }} }}"""


@dataclass(frozen=True, slots=True)
class Changes:
    """A page of what was updated last, the newest first.

    `latest_pulls` and `latest_issues` hold number and update time of the hundred updated last;
    `issues` only those updated at the time asked for or after. The totals are of all there are. A
    list that was not asked for is empty, its total None. Of its reviews a pull request brings the
    last hundred; those of which GitHub counts more are in `reviews_of_many`, with the count.
    """

    repository: RepositoryRef
    pulls: tuple[PullBundle, ...] = ()
    next_pull: str | None = None
    latest_pulls: tuple[tuple[int, datetime], ...] = ()
    total_pulls: int | None = None
    reviews_of_many: Mapping[int, int] = field(default_factory=dict)
    issues: tuple[IssueBundle, ...] = ()
    next_issue: str | None = None
    latest_issues: tuple[tuple[int, datetime], ...] = ()
    total_issues: int | None = None


@dataclass(frozen=True, slots=True)
class WholePulls:
    """Pull requests with everything in them; `gone` are numbers that GitHub knows no more."""

    items: tuple[PullBundle, ...]
    gone: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class WholeIssues:
    """Issues with all their comments; `gone` were deleted, or moved to another repository."""

    items: tuple[IssueBundle, ...]
    gone: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """One pull request or issue by its counts, and by what is told of it for nothing.

    `reviews`, `draft` and `head_sha` are None for an issue.
    """

    number: int
    created_at: datetime
    updated_at: datetime
    title: str
    state: PullState
    closed_at: datetime | None
    comments: int | None
    reviews: int | None = None
    draft: bool | None = None
    head_sha: str | None = None


@dataclass(frozen=True, slots=True)
class Outlines:
    """A page of outlines, the oldest first, and the `total` of the whole list."""

    repository: RepositoryRef
    items: tuple[Outline, ...]
    next: str | None
    total: int


class ChangeCalls(GraphQLCalls):
    """What a refresh and a reconciliation ask. Every call raises `RequestFailed` in its kinds."""

    _transport: Transport
    _answered: Answered

    async def changes(
        self,
        owner: str,
        name: str,
        *,
        pulls: bool = True,
        issues: bool = True,
        since: datetime | None = None,
        next_pull: str | None = None,
        next_issue: str | None = None,
        widest: int = LARGEST_PAGE,
    ) -> Changes:
        """Pull requests and issues updated last, or one of the two, as many as one point buys.

        `since` bounds the issues; the pull requests have no such bound. `widest` is the most items
        of either.
        """
        about = f"changes of {owner}/{name}"
        most_pulls = (PULLS_BESIDE_ISSUES if issues else PULLS_ALONE) if pulls else 0
        most_issues = (ISSUES_BESIDE_PULLS if pulls else ISSUES_ALONE) if issues else 0

        query = _changes_query(pulls=pulls, issues=issues)

        async def fetch(width: int) -> Changes:
            # All lists shrink alike; one that was asked for keeps at least one.
            share = width / max(most_pulls, most_issues)
            variables: dict[str, Any] = {"owner": owner, "name": name, "nested": NESTED_SIZE}
            variables["latest"] = max(1, int(LARGEST_PAGE * share))
            if pulls:
                first = min(widest, max(1, int(most_pulls * share)))
                variables |= {"pulls": first, "afterPull": next_pull}
            if issues:
                first = min(widest, max(1, int(most_issues * share)))
                variables |= {"issues": first, "afterIssue": next_issue, "since": stamp(since)}
            data = await self._ask(query, variables, about, narrows=width > 1)
            return _read_changes(there(data, "repository", about))

        place = (query.name, owner, name)
        return await self._at_most(place, max(most_pulls, most_issues), fetch)

    async def whole_pulls(self, owner: str, name: str, numbers: Sequence[int]) -> WholePulls:
        """Those pull requests with everything in them, every list to its end.

        One of which a part went away while it was read is left out, and not said to be gone.
        """
        threads = _threads_for(len(numbers))
        bundles = await self.pull_bundles(owner, name, numbers, threads=threads)
        parts = await self._to_the_end(owner, name, [gap for one in bundles for gap in one.gaps])
        whole = tuple(
            replace(
                one,
                reviews=_reviews(one.reviews, parts.reviews.get(one.pull.number, ())),
                comments=in_order([*one.comments, *parts.comments.get(one.pull.number, ())]),
                gaps=(),
            )
            for one in bundles
            if one.pull.number not in parts.broken
        )
        found = {one.pull.number for one in bundles}
        return WholePulls(whole, tuple(number for number in numbers if number not in found))

    async def whole_issues(self, owner: str, name: str, numbers: Sequence[int]) -> WholeIssues:
        """Those issues with all their comments, as `whole_pulls`."""
        about = f"{len(numbers)} issues of {owner}/{name}"
        bundles: list[IssueBundle] = []
        rest = list(numbers)
        while rest:
            read, count = await self._issues_by_number(owner, name, rest, about)
            bundles += read
            rest = rest[count:]
        parts = await self._to_the_end(owner, name, [gap for one in bundles for gap in one.gaps])
        whole = tuple(
            replace(
                one,
                comments=in_order([*one.comments, *parts.comments.get(one.issue.number, ())]),
                gaps=(),
            )
            for one in bundles
            if one.issue.number not in parts.broken
        )
        found = {one.issue.number for one in bundles}
        return WholeIssues(whole, tuple(number for number in numbers if number not in found))

    async def pull_outlines(self, owner: str, name: str, *, next: str | None = None) -> Outlines:
        """A hundred pull requests by their counts, in order of creation: one point."""
        return await self._outlines(owner, name, _PULL_OUTLINES, "pullRequests", next)

    async def issue_outlines(self, owner: str, name: str, *, next: str | None = None) -> Outlines:
        """A hundred issues by their counts, in order of creation: one point."""
        return await self._outlines(owner, name, _ISSUE_OUTLINES, "issues", next)

    async def count_review_comments(self, owner: str, name: str) -> int | None:
        """How many diff comments there are; None if GitHub does not tell. One request."""
        path = repository_path(owner, name, "pulls", "comments")
        return await self._count(path, f"review comments of {owner}/{name}")

    async def count_issue_comments(self, owner: str, name: str) -> int | None:
        """How many conversation comments, on issues and pull requests together. One request."""
        path = repository_path(owner, name, "issues", "comments")
        return await self._count(path, f"comments of {owner}/{name}")

    async def _count(self, path: str, about: str) -> int | None:
        # The last page of pages of one has the number of the last comment.
        try:
            answer = await self._transport.get(query_path(path, per_page=1), what=about)
        except Gone:
            return None
        last = links(answer.headers.get("link")).get("last")
        if last is None:
            found = answer.json()
            return len(found) if isinstance(found, list) and "link" not in answer.headers else None
        page = parse_qs(urlsplit(last).query).get("page", [""])[0]
        return int(page) if page.isdigit() else None

    async def _issues_by_number(
        self, owner: str, name: str, numbers: Sequence[int], about: str
    ) -> tuple[list[IssueBundle], int]:
        """The first of them, and how many were asked for: as many as GitHub has time for."""
        variables = {"owner": owner, "name": name, "nested": NESTED_SIZE}

        async def fetch(width: int) -> tuple[list[IssueBundle], int]:
            asked = numbers[:width]
            data = await self._ask(
                _issues_by_number(asked),
                variables,
                about,
                points=points_for(1 + _IN_ISSUE * len(asked)),
                missing_is_fine=True,
                narrows=width > 1,
            )
            repository = there(data, "repository", about)
            whose = read_repository_ref(repository)
            nodes = [repository.child_or_none(f"i{number}") for number in asked]
            read = [read_issue_bundle(node, whose) for node in nodes if node is not None]
            return read, len(asked)

        place = ("IssuesByNumber", owner, name)
        return await self._at_most(place, min(len(numbers), ISSUES_BY_NUMBER), fetch)

    async def _outlines(
        self, owner: str, name: str, query: Query, key: str, after: str | None
    ) -> Outlines:
        about = f"counts in {owner}/{name}"

        async def fetch(width: int) -> Outlines:
            variables = {"owner": owner, "name": name, "first": width, "after": after}
            data = await self._ask(query, variables, about, narrows=width > 1)
            repository = there(data, "repository", about)
            listed = repository.child(key)
            return Outlines(
                read_repository_ref(repository),
                tuple(_read_outline(node) for node in listed.children("nodes")),
                following(listed),
                listed.number("totalCount"),
            )

        return await self._at_most((query.name, owner, name), LARGEST_PAGE, fetch)

    async def _at_most(
        self, place: tuple[str, str, str], most: int, fetch: Callable[[int], Awaitable[T]]
    ) -> T:
        """What `fetch` gives at `most`, or at the first half, quarter... that GitHub has time for.

        `place` is the query and the repository: the next page begins with what was answered.
        """
        width, refused = self._answered.first(place, most), None
        while True:
            try:
                found = await fetch(width)
            except ResourceLimits:
                if width == 1:
                    raise
                width, refused = width // 2, width
            else:
                self._answered.note(place, width, refused=refused)
                return found

    async def _to_the_end(self, owner: str, name: str, gaps: Sequence[Gap]) -> "_Rest":
        """What follows behind all of `gaps`, many lists in one request."""
        reviews: dict[int, list[Review]] = {}
        comments: dict[int, list[Comment]] = {}
        broken: set[int] = set()
        left = list(gaps)
        while left:
            parts = await self.nested_parts(owner, name, left)
            for review in parts.reviews:
                reviews.setdefault(review.pull_number, []).append(review)
            for comment in parts.comments:
                comments.setdefault(comment.number, []).append(comment)
            broken |= {gap.number for gap in parts.gone}
            left = [*left[len(parts.asked) :], *parts.gaps]
        return _Rest(reviews, comments, broken)


@dataclass(frozen=True, slots=True)
class _Rest:
    """What followed, by number; `broken` are those of which a part was gone."""

    reviews: dict[int, list[Review]]
    comments: dict[int, list[Comment]]
    broken: set[int]


def _threads_for(pulls: int) -> int:
    """As many review threads of each as one point buys, if that many are asked for at once."""
    beside = page_units(1, threads=1, people="page") - 2
    return min(LARGEST_PAGE, max(2, _UNITS_OF_A_POINT // max(1, pulls) - beside))


def _changes_query(*, pulls: bool, issues: bool) -> Query:
    declared = "$owner: String!, $name: String!, $nested: Int!, $latest: Int!"
    body, pieces = "", ACTOR
    if pulls:
        declared += ", $pulls: Int!, $afterPull: String"
        body, pieces = body + _PULLS, pieces + PULL + REVIEW + _CHANGED_PULL + PULL_PEOPLE
    if issues:
        declared += ", $issues: Int!, $afterIssue: String, $since: DateTime"
        body, pieces = body + _ISSUES, pieces + ISSUE_COMMENT + ISSUE
    text = f"""
query Changes({declared}) {{
  {COST}
  repository(owner: $owner, name: $name) {{
    databaseId nameWithOwner{body}
  }}
}}
{pieces}"""
    return Query("Changes", text)


def _issues_by_number(numbers: Sequence[int]) -> Query:
    parts = [f"    i{number}: issue(number: {number}) {{ ...IssueParts }}" for number in numbers]
    head = f"""
query IssuesByNumber($owner: String!, $name: String!, $nested: Int!) {{
  {COST}
  repository(owner: $owner, name: $name) {{
    databaseId nameWithOwner"""
    text = "\n".join([head, *parts, "  }", "}", ACTOR + ISSUE_COMMENT + ISSUE])
    return Query("IssuesByNumber", text)


def _outline_query(name: str, key: str, counts: str) -> Query:
    return Query(
        name,
        f"""
query {name}($owner: String!, $name: String!, $first: Int!, $after: String) {{
  {COST}
  repository(owner: $owner, name: $name) {{
    databaseId nameWithOwner
    {key}(first: $first, after: $after, {_OLDEST}) {{
      {PAGE}
      nodes {{ number createdAt updatedAt title state closedAt {counts} }}
    }}
  }}
}}""",
    )


_PULL_OUTLINES: Final = _outline_query(
    "PullOutlines",
    "pullRequests",
    "isDraft headRefOid totalCommentsCount reviews { totalCount }",
)
_ISSUE_OUTLINES: Final = _outline_query("IssueOutlines", "issues", "comments { totalCount }")


def _read_changes(repository: Fields) -> Changes:
    found = Changes(read_repository_ref(repository))
    if "pullRequests" in repository:
        listed = repository.child("pullRequests")
        found = replace(
            found,
            pulls=tuple(
                read_pull_bundle(node, found.repository) for node in listed.children("nodes")
            ),
            next_pull=following(listed),
            latest_pulls=_latest(repository.child("latestPulls")),
            total_pulls=listed.number("totalCount"),
            reviews_of_many={
                node.number("number"): node.child("reviews").number("totalCount")
                for node in listed.children("nodes")
                if node.child("reviews").number("totalCount") > NESTED_SIZE
            },
        )
    if "issues" in repository:
        listed = repository.child("issues")
        found = replace(
            found,
            issues=tuple(
                read_issue_bundle(node, found.repository) for node in listed.children("nodes")
            ),
            next_issue=following(listed),
            latest_issues=_latest(repository.child("latestIssues")),
            total_issues=repository.child("latestIssues").number("totalCount"),
        )
    return found


def _latest(listed: Fields) -> tuple[tuple[int, datetime], ...]:
    nodes = listed.children("nodes")
    return tuple((node.number("number"), node.time("updatedAt")) for node in nodes)


def _read_outline(of: Fields) -> Outline:
    is_pull = "reviews" in of
    comments = (
        of.number_or_none("totalCommentsCount")
        if is_pull
        else of.child("comments").number("totalCount")
    )
    return Outline(
        of.number("number"),
        of.time("createdAt"),
        of.time("updatedAt"),
        of.text("title"),
        pull_state(of.text("state"), None) if is_pull else issue_state(of.text("state")),
        of.time_or_none("closedAt"),
        comments,
        of.child("reviews").number("totalCount") if is_pull else None,
        of.flag("isDraft") if is_pull else None,
        of.text("headRefOid") if is_pull else None,
    )


def _reviews(first: Sequence[Review], more: Sequence[Review]) -> tuple[Review, ...]:
    return tuple({review.id: review for review in (*first, *more)}.values())
