"""Which value a delivery tells: one reader for each event that we keep, None for any other.

The records in payloads have the shapes of the REST API, so the readers are those of its answers.
Raises `BadAnswer` for a payload that lacks what its event always carries.

https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final, Literal, cast, get_args

from mainstem.github.mappings import pull_state
from mainstem.github.payload import Fields, bad_shape, moment
from mainstem.github.rest_payloads import (
    read_account,
    read_issue,
    read_issue_comment,
    read_pull,
    read_repository,
    read_review,
    read_review_comment,
)
from mainstem.github.values import UNSET, Repository
from mainstem.github.webhooks.delivery import Delivery
from mainstem.github.webhooks.discussions import discussion_told
from mainstem.github.webhooks.told import (
    CommentTold,
    FeedTold,
    Happening,
    Installation,
    InstallationTold,
    IssueTold,
    NameTold,
    PullAsIssue,
    PullTold,
    RepositoryName,
    RepositoryTold,
    ReviewTold,
    Told,
)

# Nothing that is stored changes with these; `pinned` comes with half an issue besides.
_UNKEPT_ISSUE_ACTIONS: Final = frozenset({"pinned", "unpinned"})


def read_told(delivery: Delivery) -> Told | None:
    """What the delivery tells; None for what we acknowledge and do not keep."""
    reader = _READERS.get(delivery.event)
    if reader is None:
        return None
    about = f"delivery {delivery.id} ({delivery.event})"
    return reader(Fields(delivery.payload, about), delivery.action or "", about)


def repository_of(delivery: Delivery) -> Repository:
    """The repository that a delivery is about, whole. Raises `BadAnswer` where it names none."""
    return read_repository(
        delivery.payload.get("repository"), f"the repository of delivery {delivery.id}"
    )


def is_kept(event: str) -> bool:
    """Whether anything of that event's deliveries is stored."""
    return event in _READERS


def _pull(of: Fields, action: str, about: str) -> PullTold:
    return PullTold(read_pull(of.raw("pull_request"), about), is_first=action == "opened")


def _review(of: Fields, action: str, about: str) -> ReviewTold | None:
    review = read_review(of.raw("review"), about)
    if review is None or action not in {"submitted", "edited", "dismissed"}:
        return None  # a draft is its author's own
    return ReviewTold(
        review=review,
        pull=read_pull(of.raw("pull_request"), about),
        draft_known="draft" in of.child("pull_request"),
        happening=cast("Literal['submitted', 'edited', 'dismissed']", action),
        body_before=_before(of, "body"),
    )


def _review_comment(of: Fields, action: str, about: str) -> CommentTold | None:
    if action not in get_args(Happening):
        return None
    return CommentTold(
        comment=read_review_comment(of.raw("comment"), about),
        parent=read_pull(of.raw("pull_request"), about),
        draft_known="draft" in of.child("pull_request"),
        happening=cast("Happening", action),
        body_before=_before(of, "body"),
    )


def _issue_comment(of: Fields, action: str, about: str) -> CommentTold | None:
    if action not in get_args(Happening):
        return None
    issue = read_issue(of.raw("issue"), about)
    return CommentTold(
        comment=read_issue_comment(of.raw("comment"), about),
        parent=_pull_as_issue(of.raw("issue"), about) if issue is None else issue,
        draft_known=True,
        happening=cast("Happening", action),
        body_before=_before(of, "body"),
    )


def _pull_as_issue(value: dict[str, object], about: str) -> PullAsIssue:
    of = Fields(value, f"'issue' of {about}")
    same = read_issue({**value, "pull_request": None}, about)
    if same is None:
        raise bad_shape(of.about, value, "an issue")
    pull = of.child("pull_request")
    merged_at = pull.maybe(pull.time_or_none, "merged_at")
    return PullAsIssue(
        number=same.number,
        title=same.title,
        body=same.body,
        # An older server does not say whether a closed one is merged.
        state="open" if same.state == "open" else _closed(merged_at),
        author=same.author,
        created_at=same.created_at,
        updated_at=same.updated_at,
        closed_at=same.closed_at,
        merged_at=merged_at,
        draft=of.maybe(of.flag, "draft"),
        labels=same.labels or (),
        assignees=same.assignees or (),
        milestone=same.milestone,
        html_url=same.html_url,
    )


def _closed(merged_at: object) -> Literal["closed", "merged"] | None:
    if merged_at is UNSET:
        return None
    return cast("Literal['closed', 'merged']", pull_state("closed", cast("datetime", merged_at)))


def _issue(of: Fields, action: str, about: str) -> IssueTold | None:
    if action in _UNKEPT_ISSUE_ACTIONS:
        return None
    issue = read_issue(of.raw("issue"), about)
    return IssueTold(
        # Milestones of pull requests are told as those of issues.
        issue=_pull_as_issue(of.raw("issue"), about) if issue is None else issue,
        is_first=action == "opened",
        is_gone=action in {"deleted", "transferred"},
    )


def _repository(of: Fields, action: str, about: str) -> RepositoryTold:
    repository = read_repository(of.raw("repository"), about)
    return RepositoryTold(
        repository=repository,
        is_gone=action == "deleted",
        former_name=_former_name(of, repository.owner, repository.name),
    )


def _former_name(of: Fields, owner: str, name: str) -> str | None:
    changes = of.child_or_none("changes")
    if changes is None:
        return None
    if (renamed := changes.child_or_none("repository")) is not None:
        return f"{owner}/{renamed.child('name').text('from')}"
    if (moved := changes.child_or_none("owner")) is not None:
        before = moved.child("from")
        was = before.child_or_none("user") or before.child("organization")
        return f"{was.text('login')}/{name}"
    return None


def _star(of: Fields, action: str, about: str) -> FeedTold | None:
    # `watch` tells the same star once more, without its time; a star taken back is in no feed.
    starred_at = of.time_or_none("starred_at")
    if action != "created" or starred_at is None:
        return None
    actor = read_account(of.child("sender"))
    repository = of.child("repository").renamed(about).number("id")
    return FeedTold(
        "WatchEvent",
        f"star:{repository}:{actor.id}:{int(starred_at.timestamp())}",
        actor,
        starred_at,
    )


def _fork(of: Fields, _action: str, about: str) -> FeedTold:
    forkee = of.child("forkee").renamed(about)
    return FeedTold(
        "ForkEvent",
        f"fork:{forkee.number('id')}",
        read_account(of.child("sender")),
        forkee.time("created_at"),
    )


def _label(of: Fields, action: str, _about: str) -> NameTold | None:
    return _name(of, "label", "name", action)


def _milestone(of: Fields, action: str, _about: str) -> NameTold | None:
    return _name(of, "milestone", "title", action)


def _name(
    of: Fields, kind: Literal["label", "milestone"], key: str, action: str
) -> NameTold | None:
    name = of.child(kind).text(key)
    if action == "deleted":
        return NameTold(kind, name, None)
    before = _before(of, key)
    return None if action != "edited" or before is None else NameTold(kind, before, name)


def _installation(of: Fields, action: str, about: str) -> InstallationTold:
    named = _named(of, "repositories") if "repositories" in of else ()
    gone = action == "deleted"
    return InstallationTold(
        _installation_of(of, action, about),
        added=() if gone else named,
        removed=named if gone else (),
    )


def _installation_repositories(of: Fields, action: str, about: str) -> InstallationTold:
    return InstallationTold(
        _installation_of(of, action, about),
        added=_named(of, "repositories_added"),
        removed=_named(of, "repositories_removed"),
    )


def _installation_of(of: Fields, action: str, about: str) -> Installation:
    found = of.child("installation").renamed(f"the installation of {about}")
    suspended = found.raw("suspended_at") is not None
    permissions = found.raw("permissions") or {}
    return Installation(
        id=found.number("id"),
        account=read_account(found.child("account")),
        selection=found.text_or_none("repository_selection"),
        permissions={str(name): str(level) for name, level in permissions.items()},
        status="deleted" if action == "deleted" else "suspended" if suspended else "active",
        created_at=_time(found, "created_at"),
        updated_at=_time(found, "updated_at"),
    )


def _named(of: Fields, key: str) -> tuple[RepositoryName, ...]:
    return tuple(
        RepositoryName(
            one.number("id"), one.text("full_name"), one.flag_or_none("private") or False
        )
        for one in of.children(key)
    )


def _time(of: Fields, key: str) -> datetime | None:
    """Seconds since 1970 in some deliveries of installations, text in others."""
    value = of.raw(key)
    if isinstance(value, int) and not isinstance(value, bool):
        return datetime.fromtimestamp(value, UTC)
    return moment(value) if isinstance(value, str) else None


def _before(of: Fields, key: str) -> str | None:
    changes = of.child_or_none("changes")
    change = None if changes is None else changes.child_or_none(key)
    return None if change is None else change.text_or_none("from")


_READERS: Final[Mapping[str, Callable[[Fields, str, str], Told | None]]] = MappingProxyType(
    {
        "pull_request": _pull,
        "pull_request_review": _review,
        "pull_request_review_comment": _review_comment,
        "issue_comment": _issue_comment,
        "issues": _issue,
        "repository": _repository,
        "public": _repository,
        "label": _label,
        "milestone": _milestone,
        "star": _star,
        "fork": _fork,
        "discussion": discussion_told,
        "discussion_comment": discussion_told,
        "installation": _installation,
        "installation_repositories": _installation_repositories,
    }
)
