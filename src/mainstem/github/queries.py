"""The GraphQL texts, one constant each, and the pieces they share.

Ids are `fullDatabaseId`, since `databaseId` ends at 2^31 for everything but accounts and
repositories. Nothing that GitHub must compute (`mergeable`, rendered bodies, checks) is asked for
in lists: that is what makes wide pages fail.

What a page costs: units = 1 for the list of pull requests, and for each of them 1 for each of
`reviews`, `comments`, `commits` and `reviewThreads`, and `threads` for the comments in them;
points = units / 100, rounded, at least 1.
https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
"""

from dataclasses import dataclass
from typing import Final, Literal


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
  pullRequestReview { fullDatabaseId }
  replyTo { fullDatabaseId }
}
"""

# The thread is the parent, not the review: comments older than reviews have no review, and there
# are about half as many threads as reviews, since each reply makes a review of its own.
PULL_LISTS: Final = f"""
fragment PullLists on PullRequest {{
  id
  reviews(first: $nested) {{ {PAGE} nodes {{ ...ReviewParts }} }}
  comments(first: $nested) {{ {PAGE} nodes {{ ...IssueCommentParts }} }}
  reviewThreads(first: $threads) {{
    {PAGE}
    nodes {{ id comments(first: $threadComments) {{ {PAGE} nodes {{ ...ReviewCommentParts }} }} }}
  }}
}}
"""

_PULL_PIECES: Final = ACTOR + PULL + REVIEW + ISSUE_COMMENT + REVIEW_COMMENT + PULL_LISTS

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
    pullRequest(number: $number) {{ ...PullParts ...PullLists mergeable }}
  }}
}}
{_PULL_PIECES}""",
)

PULL_BUNDLES_PAGE: Final = Query(
    "PullBundlesPage",
    f"""
query PullBundlesPage(
  $owner: String!, $name: String!, $first: Int!, $after: String, $order: IssueOrder!,
  $nested: Int!, $threads: Int!, $threadComments: Int!
) {{
  {COST}
  repository(owner: $owner, name: $name) {{
    databaseId nameWithOwner
    pullRequests(first: $first, after: $after, orderBy: $order) {{
      {PAGE}
      nodes {{ ...PullParts ...PullLists }}
    }}
  }}
}}
{_PULL_PIECES}""",
)

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

ISSUE: Final = f"""
fragment IssueParts on Issue {{
  id fullDatabaseId number title body state stateReason(enableDuplicate: true)
  createdAt updatedAt closedAt url
  author {{ ...ActorParts }}
  milestone {{ title }}
  labels(first: $nested) {{ {PAGE} nodes {{ name }} }}
  assignees(first: $nested) {{ {PAGE} nodes {{ login }} }}
  comments(first: $nested) {{ {PAGE} nodes {{ ...IssueCommentParts }} }}
}}
"""

ISSUE_BUNDLES_PAGE: Final = Query(
    "IssueBundlesPage",
    f"""
query IssueBundlesPage(
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
{ACTOR}{ISSUE_COMMENT}{ISSUE}""",
)

NestedList = Literal[
    "reviews",
    "pull_comments",
    "threads",
    "thread_comments",
    "issue_comments",
    "labels",
    "assignees",
]


@dataclass(frozen=True, slots=True)
class Nested:
    """How a nested list is asked for on its own: on which type, as which field, with what in it."""

    on: str
    field: str
    node: str
    pieces: frozenset[str]


# A thread's comments are its innermost list: 50 hold nearly every thread, the rest comes in a
# further round.
THREAD_COMMENTS: Final = 50

NESTED: Final[dict[NestedList, Nested]] = {
    "reviews": Nested("PullRequest", "reviews", "...ReviewParts", frozenset({ACTOR, REVIEW})),
    "pull_comments": Nested(
        "PullRequest", "comments", "...IssueCommentParts", frozenset({ACTOR, ISSUE_COMMENT})
    ),
    "threads": Nested(
        "PullRequest",
        "reviewThreads",
        f"id comments(first: {THREAD_COMMENTS}) {{ {PAGE} nodes {{ ...ReviewCommentParts }} }}",
        frozenset({ACTOR, REVIEW_COMMENT}),
    ),
    "thread_comments": Nested(
        "PullRequestReviewThread",
        "comments",
        "...ReviewCommentParts",
        frozenset({ACTOR, REVIEW_COMMENT}),
    ),
    "issue_comments": Nested(
        "Issue", "comments", "...IssueCommentParts", frozenset({ACTOR, ISSUE_COMMENT})
    ),
    "labels": Nested("Issue", "labels", "name", frozenset()),
    "assignees": Nested("Issue", "assignees", "login", frozenset()),
}
