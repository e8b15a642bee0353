"""Discussions that are gone: found where GitHub counts others than are stored, by their numbers.

No list tells of a deletion, and a deletion moves no time. Once every discussion is stored, the two
counts are equal; where they are not, all numbers are read, a hundred for a point. Only what was
stored before that can be gone by it.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, select

from mainstem.functions.capture.discussion_walk import KIND
from mainstem.functions.home import Home, check_same_repository
from mainstem.functions.services import Services
from mainstem.functions.troubles import asking_github
from mainstem.store import ids, load_cursor, mark_deleted, restore, save_cursor, tables


@dataclass(frozen=True, slots=True)
class Known:
    """Numbers of what is stored, as it is before GitHub is asked."""

    live: tuple[int, ...]
    gone: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """Numbers that GitHub lists; `next` is the following page."""

    numbers: tuple[int, ...]
    next: str | None


async def find_known(services: Services, home: Home) -> Known:
    """What is stored now."""
    return await services.database.run_read(_known, home)


async def list_numbers(services: Services, home: Home, place: str | None) -> Listed:
    """A page of GitHub's numbers."""
    with asking_github(services.clock):
        page = await services.github.discussion_numbers(home.owner, home.name, next=place)
        check_same_repository(home, page.repository)
    return Listed(page.numbers, page.next)


async def settle(services: Services, home: Home, known: Known, listed: Collection[int]) -> int:
    """Mark as gone what is not listed, and bring back what is; how many were marked.

    Safe to repeat. Where one is listed that was missed, the next run reads all of them again.
    """
    return await services.database.run_write(
        _settle, home, known, frozenset(listed), services.clock.now()
    )


def _known(conn: Connection, home: Home) -> Known:
    table = tables.discussions
    question = select(table.c.number, table.c.deleted_at).where(table.c.repository_id == home.id)
    found = sorted((number, gone is not None) for number, gone in conn.execute(question))
    return Known(
        tuple(number for number, is_gone in found if not is_gone),
        tuple(number for number, is_gone in found if is_gone),
    )


def _settle(
    conn: Connection, home: Home, known: Known, listed: frozenset[int], at: datetime
) -> int:
    def rows(numbers: Collection[int]) -> list[UUID]:
        return [ids.discussion_id(home.github_id, number) for number in numbers]

    marked = mark_deleted(conn, "discussion", ids=rows({*known.live} - listed), at=at)
    restore(conn, "discussion", ids=rows(listed & {*known.gone}))
    stored = {*known.live, *known.gone}
    # One with a higher number was opened meanwhile.
    missed = {number for number in listed - stored if number < max(stored, default=0)}
    cursor = load_cursor(conn, home.id, KIND)
    if missed and cursor is not None:
        save_cursor(
            conn, replace(cursor, cursor=None, watermark=None, completed_at=None, updated_at=at)
        )
    return marked
