"""Where a refresh stands: the decisions, and the note that is kept of it between steps and runs.

The lists of comments are asked for from a time on that is held still: GitHub answers an unchanged
address free of charge, and a moved one never. It moves only when the answer grows: what is new
comes at the end of the list, and has to be on the first page.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeVar
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Connection

from mainstem.github import Offer
from mainstem.store import CapturePlan, hold_plan, load_plan, save_plan

R = TypeVar("R")

CommentList = Literal["review-comments", "comments"]
Changing = Literal["pulls", "issues", "review-comments", "comments"]

IN_ORDER: Final[tuple[Changing, ...]] = ("pulls", "issues", "review-comments", "comments")
"""Parents before what belongs to them."""

_SHAPE: Final = "refresh"
_SINCE: Final = "since:"

HALF_A_PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class Walk:
    """A refresh of more than a page: where each list that is `left` goes on, None at its beginning.

    `heads` are the newest updates that GitHub knew when the walk began, to become the watermarks;
    `since` is from when on the lists will be asked for once it has ended, `offers` what the polls
    that began it are accepted by then.
    """

    left: Mapping[Changing, str | None]
    heads: Mapping[Changing, datetime] = field(default_factory=dict)
    since: Mapping[Changing, datetime] = field(default_factory=dict)
    offers: tuple[Offer, ...] = ()

    @property
    def next_list(self) -> Changing | None:
        """The list to read from next; None at the end."""
        return next((name for name in IN_ORDER if name in self.left), None)

    def at(self, name: Changing, place: str | None) -> "Walk":
        """The walk once a page of that list is stored: it goes on there, None being its end."""
        left = {key: where for key, where in self.left.items() if key != name}
        return replace(self, left=left if place is None else {**left, name: place})


@dataclass(frozen=True, slots=True)
class RefreshNote:
    """`since` is from when on each list is asked for, `walk` a refresh that is under way.

    `doubted` are numbers of pull requests and issues of which more is stored than GitHub lists, or
    less: they are to be read whole. `later` are pull requests with so many reviews that a refresh
    reads the last ones only: the next reconciliation reads them whole. `last_step` names the step
    of some run that stored last, and `last_result` is what it answered, should it be tried again.
    """

    since: Mapping[Changing, datetime] = field(default_factory=dict)
    walk: Walk | None = None
    doubted_pulls: frozenset[int] = frozenset()
    doubted_issues: frozenset[int] = frozenset()
    later: frozenset[int] = frozenset()
    last_step: str | None = None
    last_result: Any = None

    @property
    def doubted(self) -> int:
        """How many are to be read whole."""
        return len(self.doubted_pulls) + len(self.doubted_issues)

    def doubting(self, pulls: Collection[int] = (), issues: Collection[int] = ()) -> "RefreshNote":
        """The note with more of them."""
        return replace(
            self,
            doubted_pulls=self.doubted_pulls | frozenset(pulls),
            doubted_issues=self.doubted_issues | frozenset(issues),
        )

    def settled(self, pulls: Collection[int] = (), issues: Collection[int] = ()) -> "RefreshNote":
        """The note without those: they were read."""
        return replace(
            self,
            doubted_pulls=self.doubted_pulls - frozenset(pulls),
            doubted_issues=self.doubted_issues - frozenset(issues),
        )

    def done(self, step: str, result: object) -> "RefreshNote":
        """The note of a step that answers `result`."""
        kept = TypeAdapter(type(result)).dump_python(result, mode="json")
        return replace(self, last_step=step, last_result=kept)

    def answer_of(self, step: str, kind: type[R]) -> R | None:
        """What that step answered, if it was the last to store; else None."""
        if self.last_step != step:
            return None
        return TypeAdapter(kind).validate_python(self.last_result)


def load_refresh(conn: Connection, repository_id: UUID) -> RefreshNote:
    """The note of that repository; a fresh one before its first refresh."""
    plan = load_plan(conn, repository_id, _SHAPE)
    return RefreshNote() if plan is None else _from_json(plan.sizes)


def hold_refresh(conn: Connection, repository_id: UUID, at: datetime) -> None:
    """Keep others from changing the note until the transaction ends: load it after that.

    The first thing that a transaction does, so that whoever waits holds nothing that others need.
    """
    hold_plan(conn, repository_id, _SHAPE, at)


def save_refresh(conn: Connection, repository_id: UUID, note: RefreshNote, at: datetime) -> None:
    """Keep the note, in the transaction that stores what it speaks of."""
    save_plan(conn, CapturePlan(repository_id, _SHAPE, 0, None, _to_json(note)), at)


def next_since(
    since: datetime | None,
    times: Sequence[datetime],
    *,
    seen: int,
    goes_on: bool,
    overlap: timedelta,
) -> datetime | None:
    """From when on a list is asked for the next time, after an answer with those update times.

    `seen` counts what the answer held, `goes_on` says that it was not all. Held still while there
    is room on the page; else moved to the last time, less the overlap if that leaves room.
    """
    if not times or (not goes_on and seen < HALF_A_PAGE):
        return since
    latest = max(times)
    for start in (latest - overlap, latest):
        if sum(moment >= start for moment in times) < HALF_A_PAGE:
            return start
    # Half a page within one second: an import. What comes now has a later time.
    return latest + timedelta(seconds=1)


def following(times: Sequence[datetime], link: str | None) -> str | None:
    """Where a list in order of update goes on behind a page with those times; None at its end.

    A comment that is edited while we read leaves its place for the end of the list, and what
    follows moves up: by page number, something would slip from the next page to the last one. So
    the place is the last time seen, which may bring a few comments again. Only where a whole page
    has one time do we follow GitHub's own link.
    """
    if link is None or not times:
        return link
    latest = max(times)
    return link if all(moment == latest for moment in times) else place_of(latest)


def place_of(moment: datetime) -> str:
    """The place in a list at which what was updated then begins."""
    return f"{_SINCE}{moment.isoformat()}"


def time_of(place: str) -> datetime | None:
    """The time that a place is; None for a link of GitHub's."""
    return datetime.fromisoformat(place.removeprefix(_SINCE)) if place.startswith(_SINCE) else None


def _times(of: Mapping[Changing, datetime]) -> dict[str, str]:
    return {name: moment.isoformat() for name, moment in sorted(of.items())}


def _moments(of: Mapping[str, str]) -> dict[Changing, datetime]:
    return {name: datetime.fromisoformat(of[name]) for name in IN_ORDER if name in of}


def _to_json(note: RefreshNote) -> dict[str, Any]:
    walk = note.walk
    return {
        "since": _times(note.since),
        "walk": None
        if walk is None
        else {
            "left": dict(walk.left),
            "heads": _times(walk.heads),
            "since": _times(walk.since),
            "offers": [asdict(offer) for offer in walk.offers],
        },
        "doubted_pulls": sorted(note.doubted_pulls),
        "doubted_issues": sorted(note.doubted_issues),
        "later": sorted(note.later),
        "last_step": note.last_step,
        "last_result": note.last_result,
    }


def _from_json(kept: Mapping[str, Any]) -> RefreshNote:
    walk = kept.get("walk")
    return RefreshNote(
        since=_moments(kept.get("since", {})),
        walk=None
        if walk is None
        else Walk(
            {name: walk["left"][name] for name in IN_ORDER if name in walk["left"]},
            _moments(walk["heads"]),
            _moments(walk["since"]),
            tuple(Offer(**offer) for offer in walk.get("offers", ())),
        ),
        doubted_pulls=frozenset(kept.get("doubted_pulls", ())),
        doubted_issues=frozenset(kept.get("doubted_issues", ())),
        later=frozenset(kept.get("later", ())),
        last_step=kept.get("last_step"),
        last_result=kept.get("last_result"),
    )
