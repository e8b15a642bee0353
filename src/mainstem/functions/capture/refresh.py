"""What has changed since a repository was last read: from the newest update down to the watermark.

The watermark is the newest update that GitHub knew when the walk *began*, and is stored only when
the walk has ended; the next one reads down to it, less an overlap.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from mainstem.catalog import Run
from mainstem.functions.capture.backfill import Backfilled
from mainstem.functions.capture.graphql_pages import rows_of_bundles, rows_of_issues, to_store
from mainstem.functions.capture.planning import Kind
from mainstem.functions.capture.storing import Tally, store_batch
from mainstem.functions.home import Home
from mainstem.functions.services import Services
from mainstem.functions.troubles import asking_github
from mainstem.store import load_cursor, replace_gaps, save_cursor


async def refresh(
    run: Run[Any], services: Services, home: Home, kinds: Sequence[Kind]
) -> Backfilled:
    """Read what has changed of the complete `kinds`."""
    tally, pages = Tally(), 0
    for kind in kinds:
        cursor: str | None = None
        head: datetime | None = None
        while True:
            pages += 1
            page_tally, cursor, head, is_last = await run.step(
                f"refresh-{kind}-{pages}", refresh_page, services, home, kind, cursor, head
            )
            tally += page_tally
            if is_last:
                break
        await run.step(f"finish-{kind}", finish, services, home, kind, head)
    return Backfilled(pages, tally, None)


async def refresh_page(
    services: Services, home: Home, kind: Kind, cursor: str | None, head: datetime | None
) -> tuple[Tally, str | None, datetime | None, bool]:
    """One page, last updated first."""
    known = await services.database.run_read(load_cursor, home.id, kind)
    watermark = known.watermark if known else None
    floor = None if watermark is None else watermark - services.limits.watermark_overlap
    github = services.github
    with asking_github(services.clock):
        if kind == "pulls":
            pulls = await github.pull_bundles_page(
                home.owner, home.name, order="updated", direction="desc", next=cursor
            )
            batch = await rows_of_bundles(services, home, pulls.items)
            times, following = [b.pull.updated_at for b in pulls.items], pulls.next
        else:
            issues = await github.issue_bundles_page(
                home.owner, home.name, order="updated", direction="desc", next=cursor
            )
            batch = await rows_of_issues(services, home, issues.items)
            times, following = [b.issue.updated_at for b in issues.items], issues.next
    at = services.clock.now()

    def save(conn: Connection) -> Tally:
        stored = store_batch(conn, batch, at)
        replace_gaps(conn, home.id, batch.read, to_store(batch.gaps), at)
        return stored

    tally = await services.database.run_write(save)
    newest = max([*times, *([head] if head else [])], default=None)
    below = floor is not None and bool(times) and min(times) < floor
    return tally, following, newest, following is None or below


async def finish(services: Services, home: Home, kind: Kind, head: datetime | None) -> None:
    """Raise the watermark to `head`."""

    def save(conn: Connection) -> None:
        known = load_cursor(conn, home.id, kind)
        if known is not None and head is not None:
            newest = max(head, known.watermark) if known.watermark else head
            save_cursor(conn, replace(known, watermark=newest, updated_at=services.clock.now()))

    await services.database.run_write(save)
