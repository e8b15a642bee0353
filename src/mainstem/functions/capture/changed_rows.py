"""What changed, in rows: pull requests and issues first, then comments from lists of their own.

A comment may be on something that is not stored and not on the page: it was opened meanwhile, or
missed. It is not passed over; what it belongs to is read whole, by number, many at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from mainstem.functions.capture.graphql_pages import to_store
from mainstem.functions.capture.people import canonical_logins
from mainstem.functions.capture.rows import Batch, Rows, actors_of_pulls, authors, reviewers_asked
from mainstem.functions.home import Home, check_same_repository
from mainstem.functions.services import Services
from mainstem.github import Account, Changes, Comment, Gap, IssueBundle, PullBundle
from mainstem.store import StoredGap, stored_items


@dataclass(frozen=True, slots=True)
class Following:
    """Which kinds are captured whole: only of those is what is unknown fetched."""

    pulls: bool
    issues: bool


@dataclass(frozen=True, slots=True)
class ChangedRows:
    """Rows to be stored together.

    `pulls` are the pull requests that came with their last reviews, and `reviews_of_many` how many
    there are of those that have more; `gaps` are lists that go on.
    `waiting` are comments whose pull request or issue is not here. `doubted_pulls` and
    `doubted_issues` are marked as gone in the store, and there is a comment on them after all.
    """

    batch: Batch
    pulls: tuple[PullBundle, ...] = ()
    reviews_of_many: Mapping[int, int] = field(default_factory=dict)
    gaps: tuple[StoredGap, ...] = ()
    waiting: tuple[Comment, ...] = ()
    doubted_pulls: tuple[int, ...] = ()
    doubted_issues: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Parents:
    """Numbers of what comments are on, by what is known of them."""

    pulls: frozenset[int]
    issues: frozenset[int]
    gone_pulls: tuple[int, ...]
    gone_issues: tuple[int, ...]

    def is_pull(self, comment: Comment) -> bool:
        """Where GitHub did not tell, what is stored under that number does."""
        if comment.on_pull is None:
            return comment.number not in self.issues
        return comment.on_pull


async def rows_of_changes(
    services: Services,
    home: Home,
    following: Following,
    *,
    changes: Changes | None = None,
    comments: Sequence[Comment] = (),
    fetch: bool = True,
) -> ChangedRows:
    """Rows of a page of changes and of the comments that changed.

    Without `fetch`, comments on what is unknown are left `waiting`.
    """
    if changes is not None:
        check_same_repository(home, changes.repository)
    pulls = changes.pulls if changes is not None else ()
    issues = changes.issues if changes is not None else ()
    numbers = {comment.number for comment in comments}
    known = await services.database.run_read(_parents, home, numbers)
    here_pulls = known.pulls | {bundle.pull.number for bundle in pulls}
    here_issues = known.issues | {bundle.issue.number for bundle in issues}
    on_pulls = [comment for comment in comments if known.is_pull(comment)]
    on_issues = [comment for comment in comments if not known.is_pull(comment)]
    late_pulls = _missing(on_pulls, here_pulls) if following.pulls else []
    late_issues = _missing(on_issues, here_issues) if following.issues else []
    whole_pulls: tuple[PullBundle, ...] = ()
    whole_issues: tuple[IssueBundle, ...] = ()
    if late_pulls and fetch:
        whole_pulls = (await services.github.whole_pulls(home.owner, home.name, late_pulls)).items
    if late_issues and fetch:
        whole_issues = (
            await services.github.whole_issues(home.owner, home.name, late_issues)
        ).items
    here_pulls |= {bundle.pull.number for bundle in whole_pulls}
    here_issues |= {bundle.issue.number for bundle in whole_issues}
    waiting = [c for c in on_pulls if c.number in late_pulls and c.number not in here_pulls]
    waiting += [c for c in on_issues if c.number in late_issues and c.number not in here_issues]
    batch = await rows_of_all(
        services,
        home,
        (*pulls, *whole_pulls),
        (*issues, *whole_issues),
        [comment for comment in on_pulls if comment.number in here_pulls],
        [comment for comment in on_issues if comment.number in here_issues],
    )
    return ChangedRows(
        batch + Batch(orphans=len(waiting) if fetch else 0),
        pulls,
        changes.reviews_of_many if changes is not None else {},
        to_store(_gaps(pulls)),
        () if fetch else tuple(waiting),
        known.gone_pulls,
        known.gone_issues,
    )


async def rows_of_all(
    services: Services,
    home: Home,
    pulls: Sequence[PullBundle],
    issues: Sequence[IssueBundle],
    on_pulls: Sequence[Comment] = (),
    on_issues: Sequence[Comment] = (),
) -> Batch:
    """Rows of pull requests and issues with what came with them, and of comments beside them.

    The latter are REST's: the logins of their bots are the canonical ones.
    """
    found = [bundle.pull for bundle in pulls]
    reviews = [review for bundle in pulls for review in bundle.reviews]
    said = [comment for bundle in pulls for comment in bundle.comments]
    answered = [comment for bundle in issues for comment in bundle.comments]
    asked = [bundle.issue for bundle in issues]
    people = [*actors_of_pulls(found), *reviewers_asked(found), *authors(reviews)]
    people += [*authors(said), *authors(answered), *authors(asked)]
    rest = {
        author.id: author.login
        for author in authors([*on_pulls, *on_issues])
        if author.type == "Bot" and author.id is not None
    }
    unknown: list[Account] = [person for person in people if person.id not in rest]
    rows = Rows(home, {**await canonical_logins(services, unknown), **rest})
    return rows.pulls(found, reviews=reviews, comments=[*said, *on_pulls]) + rows.issues(
        asked, comments=[*answered, *on_issues]
    )


def _parents(conn: Connection, home: Home, numbers: set[int]) -> _Parents:
    pulls = stored_items(conn, home.id, "pulls", numbers=numbers)
    issues = stored_items(conn, home.id, "issues", numbers=numbers)
    return _Parents(
        frozenset(item.number for item in pulls),
        frozenset(item.number for item in issues),
        tuple(item.number for item in pulls if item.is_gone),
        tuple(item.number for item in issues if item.is_gone),
    )


def _missing(comments: Iterable[Comment], here: Iterable[int]) -> list[int]:
    return sorted({comment.number for comment in comments} - set(here))


def _gaps(pulls: Iterable[PullBundle]) -> list[Gap]:
    return [gap for bundle in pulls for gap in bundle.gaps]
