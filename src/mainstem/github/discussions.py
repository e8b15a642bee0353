"""A repository's discussions: the query, its reader, and the call.

REST has no list of discussions. A page of a hundred costs one point: the one connection in each
(`comments`) is counted, its items are not asked for.

https://docs.github.com/en/graphql/guides/using-the-graphql-api-for-discussions
"""

# ruff: noqa: A002  `next` is the page's own word for where it goes on

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from .errors import ResourceLimits
from .graphql_asking import GraphQLAsking, following, there
from .graphql_payloads import read_actor, read_repository_ref
from .payload import Fields
from .queries import ACTOR, COST, PAGE, Query
from .values import Account, RepositoryRef

DISCUSSIONS_PER_PAGE: Final = 100

DISCUSSIONS_PAGE: Final = Query(
    "DiscussionsPage",
    f"""
query DiscussionsPage($owner: String!, $name: String!, $first: Int!, $after: String) {{
  {COST}
  repository(owner: $owner, name: $name) {{
    databaseId nameWithOwner hasDiscussionsEnabled
    discussions(
      first: $first, after: $after, orderBy: {{field: UPDATED_AT, direction: DESC}}
    ) {{
      {PAGE}
      nodes {{
        databaseId number title body createdAt updatedAt closedAt locked upvoteCount url
        author {{ ...ActorParts }}
        category {{ name emoji isAnswerable }}
        answer {{ databaseId }}
        answerChosenAt
        answerChosenBy {{ ...ActorParts }}
        comments {{ totalCount }}
      }}
    }}
  }}
}}
{ACTOR}""",
)


DISCUSSION_NUMBERS: Final = Query(
    "DiscussionNumbers",
    f"""
query DiscussionNumbers($owner: String!, $name: String!, $first: Int!, $after: String) {{
  {COST}
  repository(owner: $owner, name: $name) {{
    databaseId nameWithOwner
    discussions(first: $first, after: $after, orderBy: {{field: CREATED_AT, direction: ASC}}) {{
      {PAGE}
      nodes {{ number }}
    }}
  }}
}}""",
)


@dataclass(frozen=True, slots=True)
class Discussion:
    """One discussion. `author` is None for a deleted account, its `id` for a few odd ones.

    `comments_count` counts the comments on the discussion itself, not the replies to them.
    """

    id: int
    number: int
    title: str
    body: str | None
    author: Account | None
    category: str | None
    category_emoji: str | None
    is_answerable: bool | None
    answer_id: int | None
    answered_at: datetime | None
    answer_chosen_by: Account | None
    locked: bool
    upvotes_count: int
    comments_count: int
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    html_url: str


@dataclass(frozen=True, slots=True)
class DiscussionsPage:
    """A page of discussions, the last updated first; `next` asks for the following one.

    `is_enabled`: the repository has discussions switched on. `total` is GitHub's own count.
    """

    repository: RepositoryRef
    is_enabled: bool
    items: tuple[Discussion, ...]
    next: str | None
    total: int


@dataclass(frozen=True, slots=True)
class DiscussionNumbers:
    """Which discussions there are, a page of them in order of creation, where nothing moves."""

    repository: RepositoryRef
    numbers: tuple[int, ...]
    next: str | None


class DiscussionCalls(GraphQLAsking):
    """What is asked of discussions. Raises `RequestFailed` in its kinds."""

    async def discussions_page(
        self, owner: str, name: str, *, first: int = DISCUSSIONS_PER_PAGE, next: str | None = None
    ) -> DiscussionsPage:
        """A page, narrowed by half as often as GitHub finds it too heavy."""
        about = f"discussions of {owner}/{name}"
        variables = {"owner": owner, "name": name, "first": first, "after": next}
        return read_discussions_page(
            await self._narrowed(DISCUSSIONS_PAGE, variables, about), about
        )

    async def discussion_numbers(
        self, owner: str, name: str, *, next: str | None = None
    ) -> DiscussionNumbers:
        """The numbers of a hundred discussions: one point."""
        about = f"numbers of the discussions of {owner}/{name}"
        first = DISCUSSIONS_PER_PAGE
        variables = {"owner": owner, "name": name, "first": first, "after": next}
        data = await self._narrowed(DISCUSSION_NUMBERS, variables, about)
        repository = there(data, "repository", about)
        listed = repository.child("discussions")
        numbers = tuple(node.number("number") for node in listed.children("nodes"))
        return DiscussionNumbers(read_repository_ref(repository), numbers, following(listed))

    async def _narrowed(self, query: Query, variables: dict[str, Any], about: str) -> Fields:
        while True:
            try:
                return await self._ask(query, variables, about, narrows=variables["first"] > 1)
            except ResourceLimits:
                if variables["first"] == 1:
                    raise
                variables["first"] //= 2


def read_discussions_page(data: Fields, about: str) -> DiscussionsPage:
    """The page in an answer. Raises `NotFound` for a repository that is not there."""
    repository = there(data, "repository", about)
    listed = repository.child("discussions")
    return DiscussionsPage(
        repository=read_repository_ref(repository),
        is_enabled=repository.flag("hasDiscussionsEnabled"),
        items=tuple(read_discussion(node) for node in listed.children("nodes")),
        next=following(listed),
        total=listed.number("totalCount"),
    )


def read_discussion(of: Fields) -> Discussion:
    """A discussion as `DISCUSSIONS_PAGE` asks for it."""
    number = of.number("number")
    of = of.renamed(f"discussion {number}")
    category = of.child_or_none("category")
    answer = of.child_or_none("answer")
    return Discussion(
        id=of.number("databaseId"),
        number=number,
        title=of.text("title"),
        body=of.filled_text("body"),
        author=read_actor(of, "author"),
        category=None if category is None else category.text("name"),
        category_emoji=None if category is None else category.text_or_none("emoji"),
        is_answerable=None if category is None else category.flag("isAnswerable"),
        answer_id=None if answer is None else answer.number_or_none("databaseId"),
        answered_at=of.time_or_none("answerChosenAt"),
        answer_chosen_by=read_actor(of, "answerChosenBy"),
        locked=of.flag("locked"),
        upvotes_count=of.number("upvoteCount"),
        comments_count=of.child("comments").number("totalCount"),
        created_at=of.time("createdAt"),
        updated_at=of.time("updatedAt"),
        closed_at=of.time_or_none("closedAt"),
        html_url=of.text("url"),
    )
