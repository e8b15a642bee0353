"""The bench's tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bills import Bills
from capture_aims import Reached
from capture_runs import CaptureRun
from peers import Skipped
from refreshes import Refresh
from rich.console import Console
from rich.table import Table

_WIDTH = 150


def print_bills(bills: Bills) -> None:
    """One repository's bills, each as a multiple of the oracle's."""
    totals = bills.sizes.totals
    title = (
        f"{bills.name}: {totals.pulls:,} pull requests, {totals.issues:,} issues, "
        f"{totals.reviews:,} reviews, {totals.review_comments:,} review comments in "
        f"{totals.threads:,} threads, {totals.comments + totals.issue_comments:,} comments"
    )
    table = Table(
        "way", "by", "REST", "GraphQL", "points", "bill", "by oracle's", "lost", "note", title=title
    )
    for line in bills.lines():
        bill = line.bill
        table.add_row(
            line.name.strip(),
            line.how,
            f"{bill.rest:,}",
            f"{bill.graphql:,}",
            f"{bill.points:,}",
            f"{bill.total:,}",
            f"{bill.total / bills.best.total:.2f}",
            f"{bill.lost:,}" if bill.lost else "",
            line.note,
        )
    _print(table)
    runs = {"any width": bills.free, "narrow pages": bills.limited}
    print_runs(bills.name, {name: run for name, run in runs.items() if run is not None})
    for peer in bills.peers:
        if isinstance(peer, Skipped):
            print_skipped(peer.name, peer.why)


def print_runs(title: str, runs: Mapping[str, CaptureRun]) -> None:
    """What captures took here."""
    table = Table(
        title, "requests", "points", "304s", "functions", "steps", "calls", "rows", "seconds",
        "rows/s", "processor s", "rows/processor s", "peak MiB",
    )  # fmt: skip
    for name, run in runs.items():
        table.add_row(
            name,
            f"{run.rest + run.graphql:,}",
            f"{run.points:,}",
            f"{run.not_modified:,}",
            f"{run.runs:,}",
            f"{run.steps:,}",
            f"{run.calls:,}",
            f"{run.rows:,}",
            f"{run.wall_seconds:.1f}",
            f"{run.rows / run.wall_seconds:,.0f}",
            f"{run.cpu_seconds:.1f}",
            f"{run.rows / run.cpu_seconds:,.0f}",
            f"{run.peak_mib:.0f}",
        )
    _print(table)


def print_refreshes(title: str, found: Iterable[Refresh]) -> None:
    """What looking again took, next to the reference's price."""
    table = Table(
        title, "REST", "of it 304", "GraphQL", "points", "bill", "formula", "rows", "missing",
        "steps", "seconds",
    )  # fmt: skip
    for each in found:
        run = each.run
        table.add_row(
            f"{each.changes:,} changes",
            f"{run.rest:,}",
            f"{run.not_modified:,}",
            f"{run.graphql:,}",
            f"{run.points:,}",
            f"{run.bill.total:,}",
            f"{each.formula.total:,}",
            f"{run.rows:,}",
            f"{run.missing:,}",
            f"{run.steps:,}",
            f"{run.wall_seconds:.1f}",
        )
    _print(table)


def print_aims(reached: Iterable[Reached]) -> None:
    """What was to be reached, and was it."""
    table = Table("aim", "bound", "reached", "met")
    for each in reached:
        bound = f"{'≥' if each.is_least else '≤'} {each.bound:,.4g}"
        table.add_row(each.aim, bound, f"{each.value:,.4g}", "yes" if each.is_met else "NO")
    _print(table)


def print_skipped(name: str, why: str) -> None:
    """What is not measured, and why."""
    Console(width=_WIDTH).print(f"Left out: {name}: {why}", markup=False)


def _print(table: Table) -> None:
    Console(width=_WIDTH).print(table)
