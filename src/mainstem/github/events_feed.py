"""A repository's event feed: who starred it and who forked it, as far back as GitHub remembers.

GitHub keeps the last 300 events of any kind, and none older than 90 days; a page further it answers
422. The feed is five minutes late at best, and may leave events out.

https://docs.github.com/en/rest/activity/events#list-repository-events
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from .addresses import below_base, repository_path
from .answers import Answer
from .errors import Rejected
from .links import next_link
from .payload import Fields, rows
from .transport import Transport
from .values import RepositoryRef

FEED_PAGES: Final = 3
"""As many pages of a hundred as GitHub gives (defect D25: seven more were asked for)."""

FeedKind = Literal["WatchEvent", "ForkEvent"]
_KINDS: Final[dict[str, FeedKind]] = {"WatchEvent": "WatchEvent", "ForkEvent": "ForkEvent"}


@dataclass(frozen=True, slots=True)
class FeedActor:
    """Who it was. The feed does not tell the type of an account."""

    id: int
    login: str
    avatar_url: str | None


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """One star or fork; `fork` is the new repository. A star taken back leaves its event."""

    id: str
    kind: FeedKind
    actor: FeedActor | None
    created_at: datetime
    repository: RepositoryRef
    fork: RepositoryRef | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    """The stars and forks among the events, newest first.

    `seen` counts events of every kind, and `reaches_back_to` is the oldest one's time: what
    happened before it cannot be learned here. None for an empty feed.
    """

    events: tuple[FeedEvent, ...]
    seen: int
    reaches_back_to: datetime | None


class FeedCalls:
    """What is asked of the feed. Raises `RequestFailed` in its kinds."""

    _transport: Transport

    async def stars_and_forks(self, owner: str, name: str) -> Feed:
        """The feed to its end, with at most three requests; what has not changed since is free."""
        about = f"events of {owner}/{name}"
        path: str | None = f"{repository_path(owner, name, 'events')}?per_page=100"
        found: dict[str, FeedEvent] = {}
        times: list[datetime] = []
        for number in range(FEED_PAGES):
            if path is None:
                break
            try:
                answer = await self._transport.get(path, what=about)
            except Rejected as end:
                if end.status != 422 or number == 0:
                    raise
                break  # GitHub's way to say that there is no more
            entries = rows(answer.json(), about)
            times += [entry.time("created_at") for entry in entries]
            # A feed that grows while it is read shows an event twice.
            found |= {event.id: event for event in map(read_feed_event, entries) if event}
            path = _path_after(answer, self._transport.base)
        newest_first = sorted(found.values(), key=lambda one: (one.created_at, one.id))[::-1]
        return Feed(tuple(newest_first), len(times), min(times, default=None))


def read_feed_event(of: Fields) -> FeedEvent | None:
    """A star or a fork; None for the many other kinds."""
    kind = _KINDS.get(of.text("type"))
    if kind is None:
        return None
    event_id = of.text("id")
    of = of.renamed(f"event {event_id}")
    forkee = of.child("payload").child_or_none("forkee") if kind == "ForkEvent" else None
    return FeedEvent(
        id=event_id,
        kind=kind,
        actor=_actor(of.child_or_none("actor")),
        created_at=of.time("created_at"),
        repository=RepositoryRef(of.child("repo").number("id"), of.child("repo").text("name")),
        fork=None
        if forkee is None
        else RepositoryRef(forkee.number("id"), forkee.text("full_name")),
    )


def _actor(of: Fields | None) -> FeedActor | None:
    number: Any = None if of is None else of.number_or_none("id")
    if of is None or number is None:
        return None
    return FeedActor(number, of.text("login"), of.filled_text("avatar_url"))


def _path_after(answer: Answer, base: str) -> str | None:
    url = next_link(answer.headers.get("link"))
    return None if url is None else below_base(base, url)
