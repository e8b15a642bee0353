"""Pages of a repository over GraphQL, in rows, with the gaps: what did not fit a page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mainstem.functions.capture.people import canonical_logins
from mainstem.functions.capture.rows import Batch, Rows, actors_of_pulls, authors, reviewers_asked
from mainstem.functions.home import Home, check_same_repository
from mainstem.functions.services import Services
from mainstem.github import Gap, Issue, IssueBundle, NestedParts, PullBundle, PullRequest
from mainstem.store import StoredGap


@dataclass(frozen=True, slots=True)
class PartsRead:
    """A follow-up in rows: the lists that were `asked` for and those that still go on."""

    batch: Batch
    asked: tuple[StoredGap, ...]
    remaining: tuple[StoredGap, ...]


async def rows_of_bundles(
    services: Services, home: Home, bundles: Sequence[PullBundle], *, details: bool = False
) -> Batch:
    """Rows of pull requests that were read with what belongs to them, and the gaps behind it."""
    for bundle in bundles:
        check_same_repository(home, bundle.repository)
    pulls = [bundle.pull for bundle in bundles]
    reviews = [review for bundle in bundles for review in bundle.reviews]
    comments = [comment for bundle in bundles for comment in bundle.comments]
    people = [
        *actors_of_pulls(pulls),
        *reviewers_asked(pulls),
        *authors(reviews),
        *authors(comments),
    ]
    rows = Rows(home, await canonical_logins(services, people))
    batch = rows.pulls(pulls, reviews=reviews, comments=comments, details=details)
    whole = tuple(rows.pull_id(bundle.pull.number) for bundle in bundles if not bundle.gaps)
    return batch + Batch(
        complete=whole,
        gaps=tuple(gap for bundle in bundles for gap in bundle.gaps),
        read=tuple(pull.number for pull in pulls),
    )


async def rows_of_issues(services: Services, home: Home, bundles: Sequence[IssueBundle]) -> Batch:
    """Rows of issues with the comments that came with them, and the gaps behind those."""
    for bundle in bundles:
        check_same_repository(home, bundle.repository)
    issues = [bundle.issue for bundle in bundles]
    comments = [comment for bundle in bundles for comment in bundle.comments]
    logins = await canonical_logins(services, [*authors(issues), *authors(comments)])
    return Rows(home, logins).issues(issues, comments=comments) + Batch(
        gaps=tuple(gap for bundle in bundles for gap in bundle.gaps),
        read=tuple(issue.number for issue in issues),
    )


async def rows_of_listed(services: Services, home: Home, pulls: Sequence[PullRequest]) -> Batch:
    """Rows of pull requests as REST lists them: all but sizes and merger, labels included."""
    people = [*actors_of_pulls(pulls), *reviewers_asked(pulls)]
    return Rows(home, await canonical_logins(services, people)).pulls(pulls)


async def rows_of_listed_issues(services: Services, home: Home, issues: Sequence[Issue]) -> Batch:
    """Rows of issues as REST lists them, labels and assignees included."""
    return Rows(home, await canonical_logins(services, authors(issues))).issues(issues)


async def rows_of_parts(services: Services, home: Home, parts: NestedParts) -> PartsRead:
    """Rows of what a follow-up brought.

    A list whose parent is gone leaves no gap: nothing of it can be read any more.
    """
    on_issues = {gap.number for gap in parts.asked if gap.kind == "issue_comments"}
    logins = await canonical_logins(services, [*authors(parts.reviews), *authors(parts.comments)])
    rows = Rows(home, logins)
    said = [comment for comment in parts.comments if comment.number not in on_issues]
    asked = [comment for comment in parts.comments if comment.number in on_issues]
    batch = rows.pulls((), reviews=parts.reviews, comments=said) + rows.issues((), comments=asked)
    return PartsRead(batch, to_store(parts.asked), to_store(parts.gaps))


def to_store(gaps: Iterable[Gap]) -> tuple[StoredGap, ...]:
    """Gaps as the store keeps them."""
    return tuple(
        StoredGap(gap.kind, gap.number, gap.node_id, gap.cursor, gap.missing) for gap in gaps
    )
