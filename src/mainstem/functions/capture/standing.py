"""Where a refresh of one repository stands: which kinds it follows, and from when on."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from mainstem.functions.capture.changed_rows import Following
from mainstem.functions.capture.planning import BOTH, Kind
from mainstem.functions.capture.refresh_note import Changing, RefreshNote, load_refresh
from mainstem.functions.home import Home
from mainstem.functions.services import Services
from mainstem.functions.troubles import asking_github
from mainstem.github import LegallyBlocked, NotFound
from mainstem.store import CaptureCursor, load_cursor, note_refusal

# Lists that a capture may read beside the pages of pull requests.
_OF_PULLS: Final = ("people", "review-comments")


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known when a step begins. `cursors` are of the kinds that are captured whole."""

    note: RefreshNote
    cursors: Mapping[Kind, CaptureCursor]
    overlap: timedelta

    @property
    def following(self) -> Following:
        """Which kinds are captured whole."""
        return Following("pulls" in self.cursors, "issues" in self.cursors)

    def watermark(self, kind: Kind) -> datetime | None:
        """Up to when everything of that kind is stored; None for an empty repository."""
        return self.cursors[kind].watermark if kind in self.cursors else None

    def floor(self, kind: Kind) -> datetime | None:
        """Down to when a walk reads: the watermark, less an overlap for what GitHub shows late."""
        watermark = self.watermark(kind)
        return None if watermark is None else watermark - self.overlap

    def since(self, name: Changing) -> datetime | None:
        """From when on a list is asked for.

        At first, from the newest update that was known before the first page of the capture was
        read: whatever changed before it, the pages hold.
        """
        if name in self.note.since:
            return self.note.since[name]
        kinds: tuple[Kind, ...] = BOTH
        if name == "review-comments":
            kinds = ("pulls",)
        if name == "issues":
            kinds = ("issues",)
        known = [self.watermark(kind) for kind in kinds]
        newest = max((moment for moment in known if moment is not None), default=None)
        return None if newest is None else newest - self.overlap


def load_standing(conn: Connection, home: Home, overlap: timedelta) -> Standing:
    """As of now."""
    found = {name: load_cursor(conn, home.id, name) for name in (*BOTH, *_OF_PULLS)}
    # Pull requests without what is theirs would all be doubted.
    beside = [cursor for name in _OF_PULLS if (cursor := found[name]) is not None]
    half_read = any(cursor.completed_at is None for cursor in beside)
    whole: dict[Kind, CaptureCursor] = {}
    for kind in BOTH:
        cursor = found[kind]
        if cursor is not None and cursor.completed_at is not None:
            whole[kind] = cursor
    if half_read:
        whole.pop("pulls", None)
    return Standing(load_refresh(conn, home.id), whole, overlap)


@asynccontextmanager
async def visiting(services: Services, home: Home) -> AsyncIterator[None]:
    """Within: GitHub's errors in the platform's terms; a repository that it shows no more is noted.

    It is given up only after three refusals over a day, or at once if blocked by law; its data
    stay.
    """
    with asking_github(services.clock):
        try:
            yield
        except (NotFound, LegallyBlocked) as refusal:
            await services.database.run_write(
                note_refusal,
                home.id,
                is_blocked=isinstance(refusal, LegallyBlocked),
                at=services.clock.now(),
            )
            raise
