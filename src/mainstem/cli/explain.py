"""The plan of a capture before it runs: what will be read, how, and what it is expected to cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from uuid import UUID

from sqlalchemy import Connection

from mainstem.functions import Expected, expect
from mainstem.store import load_cursor

if TYPE_CHECKING:
    from rich.console import RenderableType

    from mainstem.cli.names import RepositoryName
    from mainstem.github import Usage
    from mainstem.web import Opened

# What stands around every capture: the repository is looked up by the command and by its discovery,
# its size is classified once, and its feed of events is read.
_AROUND_NEW = 6
_AROUND_KNOWN = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """What a capture is expected to do.

    `kind` says whether everything is read, the rest of it, or only what has changed; `expected` is
    the plan of everything, None for a refresh, whose price is not known before it is asked.
    `around` counts REST requests for the repository itself.
    """

    kind: Literal["everything", "the rest", "what has changed"]
    expected: Expected | None
    around: int


async def plan_for(opened: Opened, repository_id: UUID, named: RepositoryName) -> Plan:
    """The plan for a repository, from what is stored of it and from one cheap question."""
    begun, ended = await opened.database.run_read(_state, repository_id)
    if ended:
        return Plan("what has changed", None, _AROUND_KNOWN)
    probe = await opened.github.probe(named.owner, named.name)
    expected = expect(probe, opened.github.ledger.snapshot())
    return Plan("the rest" if begun else "everything", expected, _AROUND_NEW)


def _state(conn: Connection, repository_id: UUID) -> tuple[bool, bool]:
    """Whether the capture of pull requests and issues has begun, and whether both have ended."""
    found = [load_cursor(conn, repository_id, kind) for kind in ("pulls", "issues")]
    ended = all(cursor is not None and cursor.completed_at is not None for cursor in found)
    return any(cursor is not None for cursor in found), ended


def plan_table(plan: Plan) -> RenderableType:
    """The plan for people."""
    from rich import box
    from rich.console import Group
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    title = Text(f"Plan: {plan.kind}", style="bold")
    if plan.expected is None:
        return Group(
            title,
            Padding(
                "At most one conditional request for each kind, free where nothing has changed; "
                "then a point and two requests for up to 25 changed pull requests.",
                (0, 0, 1, 2),
            ),
        )
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    table.add_column("What")
    table.add_column("Over")
    for column in ("On a page", "Requests", "Points"):
        table.add_column(column, justify="right")
    for line in plan.expected.lines:
        table.add_row(
            line.what,
            "GraphQL" if line.api == "graphql" else "REST",
            f"{line.width}" if line.width > 1 else "",
            f"{line.bill.requests:,}",
            f"{line.bill.points:,}",
        )
    table.add_row("the repository itself", "REST", "", f"{plan.around}", "0")
    bill = plan.expected.bill
    table.add_row(
        Text("together", style="bold"),
        "",
        "",
        f"{bill.requests + plan.around:,}",
        f"{bill.points:,}",
    )
    said = (
        f"{plan.expected.pulls:,} pull requests and {plan.expected.issues:,} issues, in about "
        f"{plan.expected.executions:,} executions. Pages widen where GitHub answers quickly."
    )
    return Group(title, Padding(Group(table, said), (0, 0, 1, 2)))


def compared(plan: Plan, spent: Usage, steps: int) -> str:
    """What was expected beside what it came to, in a line."""
    real = f"{spent.requests:,} requests, {spent.points:,} points, {steps:,} steps"
    if plan.expected is None:
        return real
    bill = plan.expected.bill
    return (
        f"{bill.requests + plan.around:,} requests, {bill.points:,} points, "
        f"{plan.expected.executions:,} executions expected; {real} used"
    )
