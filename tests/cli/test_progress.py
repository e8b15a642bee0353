"""What the engine tells, counted for people."""

import io
import time
from datetime import UTC, datetime, timedelta

from rich.console import Console

from mainstem.cli.progress import Panel, Seen
from mainstem.engine import Change
from mainstem.github import Usage

USAGE = Usage(70, 5, 65, 210, 4, 0, 3.0, None, 4000, None, 5000, {})
ROWS = {"pull_requests": 1200, "reviews": 3, "comments": 4, "issues": 5, "contributors": 6}


def told(*changes: Change) -> Seen:
    seen = Seen()
    for change in changes:
        seen.take(change)
    return seen


def test_runs_are_under_way_until_they_end() -> None:
    seen = told(
        Change("run", "a", "f", "RUNNING"),
        Change("run", "b", "f", "RUNNING"),
        Change("run", "a", "f", "COMPLETED"),
    )
    assert (seen.under_way, seen.runs_done, seen.runs_failed) == ({"b"}, 1, 0)


def test_failed_runs_are_counted_apart() -> None:
    seen = told(Change("run", "a", "f", "RUNNING"), Change("run", "a", "f", "FAILED"))
    assert (seen.runs_done, seen.runs_failed) == (1, 1)


def test_steps_count_when_they_complete_and_retries_when_they_fail() -> None:
    seen = told(
        Change("step", "a", "f", "failing", step="fetch page"),
        Change("step", "a", "f", "completed", step="fetch page"),
    )
    assert (seen.steps_done, seen.retries, seen.latest) == (1, 1, "f > fetch page")


def test_the_panel_shows_what_is_stored_asked_and_under_way() -> None:
    panel = Panel("Capturing octo/hello")
    seen = told(Change("step", "a", "sync", "completed", step="page 3"))
    panel.show(seen, ROWS, USAGE, 12.0)
    out = io.StringIO()
    Console(file=out, width=120).print(panel)
    shown = out.getvalue()
    for part in ("Capturing octo/hello", "1,200", "points 210", "4,000", "sync > page 3", "12 s"):
        assert part in shown


def test_a_capture_that_waits_for_a_budget_says_until_when() -> None:
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    later = int((now + timedelta(minutes=40)).timestamp() * 1000)
    seen = Seen(under_way={"run"}, moved_at=time.monotonic() - 60)
    seen.look(later, now)
    assert seen.waits_until == now + timedelta(minutes=40)
    for other in (
        Seen(under_way={"run"}),
        Seen(moved_at=time.monotonic() - 60),
    ):
        other.look(later, now)
        assert other.waits_until is None
    seen.look(int(now.timestamp() * 1000), now)
    assert seen.waits_until is None
