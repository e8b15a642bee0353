"""Progress of a capture on stderr: a live panel on a terminal, else a plain line now and then.

The engine tells every move of a run and a step; the ledger and the row counts are asked for at each
tick. Drawing never fails a capture and never touches stdout.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from mainstem.cli.tally import count_rows
from mainstem.errors import StoreError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from mainstem.cli.local_run import LocalRun
    from mainstem.engine import Change
    from mainstem.functions import Services
    from mainstem.github import Usage

_LIVE_EVERY_S = 0.4
_LINE_EVERY_S = 5.0
_STILL_S = 10.0
_PAUSE_BY_COUNTING = 20  # one part of the time in so many
_FAR = timedelta(seconds=15)
_SHOWN = ("pull_requests", "reviews", "comments", "issues", "contributors")


@dataclass(slots=True)
class Seen:
    """What the engine told so far: one count per run and step, and what moved last."""

    runs_done: int = 0
    runs_failed: int = 0
    steps_done: int = 0
    retries: int = 0
    app_id: str = ""
    under_way: set[str] = field(default_factory=set)
    latest: str = ""
    moved_at: float = field(default_factory=time.monotonic)
    waits_until: datetime | None = None

    def look(self, due: int | None, now: datetime) -> None:
        """Note whether everything waits: nothing moved for a while, and nothing is `due` soon.

        A run that met the end of a budget sleeps until it is back. `due` is in milliseconds.
        """
        next_at = None if due is None else datetime.fromtimestamp(due / 1000, UTC)
        still = time.monotonic() - self.moved_at
        is_far = next_at is not None and next_at - now > _FAR
        self.waits_until = next_at if self.under_way and still > _STILL_S and is_far else None

    def take(self, change: Change) -> None:
        """Count one move."""
        self.moved_at = time.monotonic()
        status = change.status.upper()
        if change.kind == "run":
            if status == "RUNNING":
                self.under_way.add(change.run_id)
            elif status in {"COMPLETED", "FAILED", "CANCELLED", "SKIPPED"}:
                self.under_way.discard(change.run_id)
                self.runs_done += 1
                self.runs_failed += status == "FAILED"
            return
        self.steps_done += status == "COMPLETED"
        self.retries += status == "FAILING"
        self.latest = f"{change.function_id.removeprefix(f'{self.app_id}-')} > {change.step}"


class _Display(Protocol):
    every_s: float

    def show(self, seen: Seen, rows: Mapping[str, int], usage: Usage, seconds: float) -> None:
        """Show where the capture is."""
        ...


@asynccontextmanager
async def watching(
    local: LocalRun[Services], *, title: str, console: Console
) -> AsyncIterator[None]:
    """Show the progress of `local` on `console` while the block runs."""
    seen = Seen(app_id=local.client.app_id)
    changes = local.engine.changes()
    with contextlib.ExitStack() as stack:
        display: _Display = _Lines(console, title)
        if console.is_terminal:
            display = stack.enter_context(_live(console, title))
        tasks = [
            asyncio.create_task(_listen(changes, seen)),
            asyncio.create_task(_tick(local, seen, display)),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _listen(changes: AsyncIterator[Change], seen: Seen) -> None:
    async for change in changes:
        seen.take(change)


async def _tick(local: LocalRun[Services], seen: Seen, display: _Display) -> None:
    begun = time.monotonic()
    took = 0.0
    while True:
        # To count a million rows takes a while, and the capture is what the time is for.
        await asyncio.sleep(max(display.every_s, _PAUSE_BY_COUNTING * took))
        asked = time.monotonic()
        try:
            rows = await local.services.database.run_read(count_rows)
        except StoreError:
            continue  # the functions meet the same trouble, and report it better
        took = time.monotonic() - asked
        seen.look(local.engine.next_due, datetime.now(UTC))
        usage = local.services.github.ledger.snapshot()
        display.show(seen, rows, usage, time.monotonic() - begun)


class _Lines:
    """A plain line every few seconds, for logs and pipes."""

    every_s = _LINE_EVERY_S

    def __init__(self, console: Console, title: str) -> None:
        self._console = console
        self._console.print(title, soft_wrap=True)

    def show(self, seen: Seen, rows: Mapping[str, int], usage: Usage, seconds: float) -> None:
        stored = ", ".join(f"{rows[name]:,} {name.replace('_', ' ')}" for name in _SHOWN)
        self._console.print(
            f"{seconds:5.0f} s  {stored}; {seen.runs_done} runs, {seen.steps_done} steps, "
            f"{usage.requests} requests{_waiting(seen)}",
            soft_wrap=True,
        )


def _waiting(seen: Seen) -> str:
    if seen.waits_until is None:
        return ""
    return (
        f"; nothing is due before {seen.waits_until:%H:%M:%S} UTC: a limit of GitHub's, or a retry"
    )


class Panel:
    """What the live panel shows now."""

    every_s = _LIVE_EVERY_S

    def __init__(self, title: str) -> None:
        self.title = title
        self._body: list[tuple[str, str]] = [("", "starting")]

    def show(self, seen: Seen, rows: Mapping[str, int], usage: Usage, seconds: float) -> None:
        stored = "  ".join(f"{name.replace('_', ' ')} {rows[name]:,}" for name in _SHOWN)
        # Over REST no answer ever tells the GraphQL budget.
        left = usage.graphql_remaining
        budget = usage.core_remaining if left is None else left
        self._body = [
            ("stored", stored),
            (
                "work",
                f"runs {seen.runs_done} done, {len(seen.under_way)} going  steps {seen.steps_done}"
                + (f"  retries {seen.retries}" if seen.retries else "")
                + (f"  failed {seen.runs_failed}" if seen.runs_failed else ""),
            ),
            (
                "GitHub",
                f"requests {usage.requests:,}  points {usage.points:,}"
                + (f"  budget left {budget:,}" if budget is not None else "")
                + (f"  waited {usage.waited_seconds:.0f} s" if usage.waited_seconds else ""),
            ),
            ("now", seen.latest + _waiting(seen)),
            ("time", f"{seconds:.0f} s"),
        ]

    def __rich__(self) -> RenderableType:
        from rich import panel as boxes
        from rich.table import Table

        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="dim")
        grid.add_column(overflow="ellipsis", no_wrap=True)
        for row in self._body:
            grid.add_row(*row)
        return boxes.Panel(grid, title=self.title, title_align="left", border_style="cyan")


@contextlib.contextmanager
def _live(console: Console, title: str) -> Iterator[Panel]:
    from rich.live import Live

    panel = Panel(title)
    with Live(panel, console=console, refresh_per_second=4, transient=True):
        yield panel
