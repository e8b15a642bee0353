"""The GraphQL texts, one constant each, and the pieces they share.

Ids are `fullDatabaseId`, since `databaseId` ends at 2^31 for everything but accounts and
repositories. Nothing that GitHub must compute (`mergeable`, rendered bodies, checks) is asked for
in lists: that is what makes wide pages fail.

What a page costs is the planner's business: one unit for the list, and for each item on it one for
each connection that is opened in it (points = units / 100, rounded, at least 1).
https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .planner import THREAD_COMMENTS
from .values import NestedList


@dataclass(frozen=True, slots=True)
class Query:
    """A text and the name under which the ledger counts it."""

    name: str
    text: str


COST: Final = "rateLimit { cost limit remaining resetAt used nodeCount }"

PAGE: Final = "totalCount pageInfo { hasNextPage endCursor }"

# Every kind of actor must be named, or its id is missing; an EnterpriseUserAccount has none.
ACTOR: Final = """
fragment ActorParts on Actor {
  __typename login avatarUrl url
  ... on User { databaseId }
  ... on Bot { databaseId }
  ... on Mannequin { databaseId }
  ... on Organization { databaseId }
}
"""

PULL: Final = """
fragment PullParts on PullRequest {
  fullDatabaseId number title body state isDraft createdAt updatedAt closedAt mergedAt merged
  additions deletions changedFiles baseRefName headRefName headRefOid url
  milestone { title }
  author { ...ActorParts }
  mergedBy { ...ActorParts }
  commits { totalCount }
}
"""

REVIEW: Final = """
fragment ReviewParts on PullRequestReview {
  fullDatabaseId state body submittedAt
  author { ...ActorParts }
  commit { oid }
}
"""

ISSUE_COMMENT: Final = """
fragment IssueCommentParts on IssueComment {
  fullDatabaseId body createdAt updatedAt url
  author { ...ActorParts }
}
"""

REVIEW_COMMENT: Final = """
fragment ReviewCommentParts on PullRequestReviewComment {
  fullDatabaseId body createdAt updatedAt url path diffHunk
  position originalPosition line originalLine startLine
  author { ...ActorParts }
  commit { oid }
  originalCommit { oid }
  pullRequestReview { ...ReviewParts }
  replyTo { fullDatabaseId }
}
"""

# The two kinds of the timeline that are records of ours. One connection holds what `reviews` and
# `comments` would be two for. Like REST's timeline it may leave out the reviews that each reply to
# a review comment makes; those come along with the comment, which names its review.
TIMELINE: Final = "itemTypes: [PULL_REQUEST_REVIEW, ISSUE_COMMENT]"
TIMELINE_NODES: Final = "nodes { __typename ...ReviewParts ...IssueCommentParts }"
TIMELINE_PAGE: Final = "filteredCount pageInfo { hasNextPage endCursor }"

THREADS: Final = f"""
  reviewThreads(first: $threads) {{
    {PAGE}
    nodes {{ id comments(first: $threadComments) {{ {PAGE} nodes {{ ...ReviewCommentParts }} }} }}
  }}
"""

# Where the counts tell which pull requests have review comments at all, threads come later.
PULL_TIMELINE: Final = f"""
fragment PullTimeline on PullRequest {{
  id totalCommentsCount
  timelineItems(first: $nested, {TIMELINE}) {{ {TIMELINE_PAGE} {TIMELINE_NODES} }}
}}
"""

# The thread is the parent of review comments, not the review: comments older than reviews have no
# review, and there are about half as many threads as reviews, since each reply makes a review.
PULL_LISTS: Final = f"""
fragment PullLists on PullRequest {{
  id totalCommentsCount
  timelineItems(first: $nested, {TIMELINE}) {{ {TIMELINE_PAGE} {TIMELINE_NODES} }}
  {THREADS}
}}
"""

# Without threads: their comments come from the repository's own list over REST, which does not tell
# of the reviews that replies make, so `reviews` must.
PULL_REVIEWS: Final = f"""
fragment PullReviews on PullRequest {{
  id totalCommentsCount
  reviews(first: $nested) {{ {PAGE} nodes {{ ...ReviewParts }} }}
  comments(first: $nested) {{ {PAGE} nodes {{ ...IssueCommentParts }} }}
}}
"""

# Each is a connection, hence a unit for each pull request; REST's list has them for nothing. GitHub
# allows 100 labels and 10 assignees, and asks fewer than 100 for a review.
PULL_PEOPLE: Final = """
fragment PullPeople on PullRequest {
  labels(first: 100) { nodes { name } }
  assignees(first: 20) { nodes { login } }
  reviewRequests(first: 100) {
    nodes { requestedReviewer { __typename ...ActorParts ... on Team { slug } } }
  }
}
"""

PULL_BUNDLE: Final = Query(
    "PullBundle",
    f"""
query PullBundle(
  $owner: String!, $name: String!, $number: Int!,
  $nested: Int!, $threads: Int!, $threadComments: Int!
) {{
  {COST}
  repository(owner: $owner, name: $name) {{
    databaseId nameWithOwner
    pullRequest(number: $number) {{ ...PullParts ...PullLists ...PullPeople mergeable }}
  }}
}}
{ACTOR}{PULL}{REVIEW}{ISSUE_COMMENT}{REVIEW_COMMENT}{PULL_LISTS}{PULL_PEOPLE}""",
)


def _pulls_page(name: str, declared: str, spread: str, pieces: str) -> Query:
    return Query(
        name,
        f"""
query {name}(
  $owner: String!, $name: String!, $first: Int!, $after: String, $order: IssueOrder!,
  $nested: Int!{declared}
) {{
  {COST}
  repository(owner: $owner, name: $name) {{
    databaseId nameWithOwner
    pullRequests(first: $first, after: $after, orderBy: $order) {{
      {PAGE}
      nodes {{ ...PullParts {spread} }}
    }}
  }}
}}
{ACTOR}{PULL}{REVIEW}{ISSUE_COMMENT}{pieces}""",
    )


_THREAD_SIZES = ", $threads: Int!, $threadComments: Int!"

PULLS_PAGE: Final = _pulls_page(
    "PullsPage", _THREAD_SIZES, "...PullLists", REVIEW_COMMENT + PULL_LISTS
)
PULLS_PAGE_WITH_PEOPLE: Final = _pulls_page(
    "PullsPageWithPeople",
    _THREAD_SIZES,
    "...PullLists ...PullPeople",
    REVIEW_COMMENT + PULL_LISTS + PULL_PEOPLE,
)
PULLS_PAGE_OF_TIMELINES: Final = _pulls_page(
    "PullsPageOfTimelines", "", "...PullTimeline", PULL_TIMELINE
)
PULLS_PAGE_OF_TIMELINES_WITH_PEOPLE: Final = _pulls_page(
    "PullsPageOfTimelinesWithPeople",
    "",
    "...PullTimeline ...PullPeople",
    PULL_TIMELINE + PULL_PEOPLE,
)
PULLS_PAGE_OF_REVIEWS: Final = _pulls_page("PullsPageOfReviews", "", "...PullReviews", PULL_REVIEWS)
PULLS_PAGE_OF_REVIEWS_WITH_PEOPLE: Final = _pulls_page(
    "PullsPageOfReviewsWithPeople",
    "",
    "...PullReviews ...PullPeople",
    PULL_REVIEWS + PULL_PEOPLE,
)

# One cheap question before anything is planned: how much there is, when it last changed, and a
# sample of sizes from both ends, since customs change: one unit for each pull request of it.
PROBE: Final = Query(
    "Probe",
    f"""
query Probe($owner: String!, $name: String!, $sample: Int!) {{
  {COST}
  repository(owner: $owner, name: $name) {{
    databaseId nameWithOwner
    pullRequests(first: $sample, orderBy: {{ field: UPDATED_AT, direction: DESC }}) {{
      totalCount nodes {{ number updatedAt reviewThreads(first: 1) {{ totalCount }} }}
    }}
    oldest: pullRequests(first: $sample, orderBy: {{ field: CREATED_AT, direction: ASC }}) {{
      nodes {{ number reviewThreads(first: 1) {{ totalCount }} }}
    }}
    issues(first: 1, orderBy: {{ field: UPDATED_AT, direction: DESC }}) {{
      totalCount nodes {{ updatedAt }}
    }}
  }}
}}""",
)


def pulls_by_number(numbers: Sequence[int]) -> Query:
    """Some pull requests, each as `p<number>`. To be looked up by number costs nothing."""
    parts = [
        f"    p{number}: pullRequest(number: {number}) "
        "{ ...PullParts ...PullLists ...PullPeople }"
        for number in numbers
    ]
    head = f"""
query PullsByNumber(
  $owner: String!, $name: String!, $nested: Int!, $threads: Int!, $threadComments: Int!
) {{
  {COST}
  repository(owner: $owner, name: $name) {{
    databaseId nameWithOwner"""
    pieces = ACTOR + PULL + REVIEW + ISSUE_COMMENT + REVIEW_COMMENT + PULL_LISTS + PULL_PEOPLE
    return Query("PullsByNumber", "\n".join([head, *parts, "  }", "}", pieces]))


RECENT_PULLS: Final = Query(
    "RecentPulls",
    f"""
query RecentPulls(
  $owner: String!, $name: String!, $first: Int!, $after: String, $order: IssueOrder!
) {{
  {COST}
  repository(owner: $owner, name: $name) {{
    databaseId nameWithOwner
    pullRequests(first: $first, after: $after, orderBy: $order) {{
      {PAGE}
      nodes {{ ...PullParts }}
    }}
  }}
}}
{ACTOR}{PULL}""",
)

_ISSUE_PARTS: Final = f"""
  id fullDatabaseId number title body state stateReason(enableDuplicate: true)
  createdAt updatedAt closedAt url
  author {{ ...ActorParts }}
  milestone {{ title }}
  comments(first: $nested) {{ {PAGE} nodes {{ ...IssueCommentParts }} }}
"""

ISSUE: Final = f"""
fragment IssueParts on Issue {{
  {_ISSUE_PARTS}
  labels(first: 100) {{ nodes {{ name }} }}
  assignees(first: 20) {{ nodes {{ login }} }}
}}
"""

# Labels and assignees come from REST's list then.
BARE_ISSUE: Final = f"""
fragment IssueParts on Issue {{
  {_ISSUE_PARTS}
}}
"""


def _issues_page(name: str, issue: str) -> Query:
    return Query(
        name,
        f"""
query {name}(
  $owner: String!, $name: String!, $first: Int!, $after: String, $order: IssueOrder!,
  $since: DateTime, $nested: Int!
) {{
  {COST}
  repository(owner: $owner, name: $name) {{
    databaseId nameWithOwner
    issues(first: $first, after: $after, orderBy: $order, filterBy: {{ since: $since }}) {{
      {PAGE}
      nodes {{ ...IssueParts }}
    }}
  }}
}}
{ACTOR}{ISSUE_COMMENT}{issue}""",
    )


ISSUES_PAGE: Final = _issues_page("IssuesPage", BARE_ISSUE)
ISSUES_PAGE_WITH_PEOPLE: Final = _issues_page("IssuesPageWithPeople", ISSUE)


@dataclass(frozen=True, slots=True)
class Nested:
    """How a nested list is asked for on its own: on which type, as which field, with what in it."""

    on: str
    field: str
    inside: str
    pieces: frozenset[str]
    filter: str = ""


_COMMENT_PIECES: Final = frozenset({ACTOR, REVIEW, REVIEW_COMMENT})

NESTED: Final[dict[NestedList, Nested]] = {
    "reviews": Nested(
        "PullRequest",
        "reviews",
        f"{PAGE} nodes {{ ...ReviewParts }}",
        frozenset({ACTOR, REVIEW}),
    ),
    "timeline": Nested(
        "PullRequest",
        "timelineItems",
        f"{TIMELINE_PAGE} {TIMELINE_NODES}",
        frozenset({ACTOR, REVIEW, ISSUE_COMMENT}),
        f", {TIMELINE}",
    ),
    "pull_comments": Nested(
        "PullRequest",
        "comments",
        f"{PAGE} nodes {{ ...IssueCommentParts }}",
        frozenset({ACTOR, ISSUE_COMMENT}),
    ),
    "threads": Nested(
        "PullRequest",
        "reviewThreads",
        f"{PAGE} nodes {{ id comments(first: {THREAD_COMMENTS}) "
        f"{{ {PAGE} nodes {{ ...ReviewCommentParts }} }} }}",
        _COMMENT_PIECES,
    ),
    "thread_comments": Nested(
        "PullRequestReviewThread",
        "comments",
        f"{PAGE} nodes {{ ...ReviewCommentParts }}",
        _COMMENT_PIECES,
    ),
    "issue_comments": Nested(
        "Issue",
        "comments",
        f"{PAGE} nodes {{ ...IssueCommentParts }}",
        frozenset({ACTOR, ISSUE_COMMENT}),
    ),
}
