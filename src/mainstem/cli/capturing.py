"""One capture on a local run: finish what was left over, send the event, wait, judge.

What is done with the repository is the functions' business. Here is only when a capture is over,
and whether it went well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from mainstem.catalog import EventData, client_sender
from mainstem.cli.local_run import LocalRun
from mainstem.cli.names import RepositoryName
from mainstem.cli.outcome import CommandFailed
from mainstem.engine import Engine, EngineStats, RunStatus, RunView, StepStatus
from mainstem.functions import (
    NewRepositoryDiscovered,
    RepositoryIssuesRequested,
    RepositorySyncGraphqlRequested,
    RepositorySyncRequested,
    Services,
    SyncReason,
)

Via = Literal["graphql", "rest"]

_UNFINISHED = (RunStatus.QUEUED, RunStatus.RUNNING)


@dataclass(frozen=True, slots=True)
class Capture:
    """What is to be captured. `days` bounds it to the recent past; None means the whole history.

    `explain` asks for the plan and its price before it runs.
    """

    repository: RepositoryName
    via: Via = "graphql"
    days: int | None = None
    explain: bool = False

    @property
    def history(self) -> Literal["recent", "full"]:
        """How much of it, in the events' own word."""
        return "full" if self.days is None else "recent"

    def opening(self) -> NewRepositoryDiscovered:
        """The event that starts it: for a whole history, the only one."""
        return NewRepositoryDiscovered(
            owner=self.repository.owner,
            repo=self.repository.name,
            source="cli",
            history=self.history,
            via=self.via,
        )

    def following(self, repository_id: UUID) -> list[EventData]:
        """What is still to be asked for once the repository is stored.

        Discovery leaves out recent issues, and syncs a known repository only after a cool-down that
        is meant for strangers; somebody who types a command has the short one.
        """
        if self.days is None:
            return []
        sync = RepositorySyncRequested if self.via == "rest" else RepositorySyncGraphqlRequested
        return [
            sync(repository_id=repository_id, days=self.days, reason=SyncReason.MANUAL),
            RepositoryIssuesRequested(
                repository_id=repository_id, time_range=self.days, via=self.via
            ),
        ]


@dataclass(frozen=True, slots=True)
class EngineUse:
    """What the engine did: runs that ended, steps completed, calls of the endpoint.

    `resumed` of the runs were left over from an earlier capture.
    """

    runs: int
    steps: int
    calls: int
    resumed: int


class CaptureFailed(CommandFailed):
    """A run of the capture failed for good; `runs` are all that did."""

    def __init__(self, repository: RepositoryName, runs: Sequence[RunView]) -> None:
        self.runs = tuple(runs)
        first = runs[0]
        others = "" if len(runs) == 1 else f" ({len(runs) - 1} more failed)"
        super().__init__(
            f"Cannot capture {repository}: {_told(first)}{others}. What was stored until then is "
            "complete in itself; mend the cause and run the same command again to go on."
        )


async def run_capture(
    local: LocalRun[Services], capture: Capture, repository_id: UUID, *, say: Callable[[str], None]
) -> EngineUse:
    """Capture, and return what it took of the engine.

    `repository_id` is our id of the repository, stored already or not. `say` is told what a person
    should know on the way. Raises `CaptureFailed` when a run failed.
    """
    engine = local.engine
    before = engine.stats()
    started = engine.clock.now()
    if left := sum(before.runs.get(status, 0) for status in _UNFINISHED):
        say(f"An earlier capture left {left} unfinished run{'s' * (left > 1)}; finishing first.")
        await engine.wait_idle()
    send = client_sender(local.client)
    await send(capture.opening())
    await engine.wait_idle()
    if not (failed := _failed_since(engine, started)):
        await send(capture.following(repository_id))
        await engine.wait_idle()
        failed = _failed_since(engine, started)
    if failed:
        raise CaptureFailed(capture.repository, failed)
    return _used(before, engine.stats(), resumed=left)


def _failed_since(engine: Engine, started: int) -> list[RunView]:
    """The runs that failed after `started` (milliseconds), the first one first, with their steps.

    Those of earlier captures ended before this one began.
    """
    return [
        engine.run(run.id)
        for run in reversed(engine.runs(status=RunStatus.FAILED, limit=1_000))
        if run.ended_at is not None and run.ended_at >= started
    ]


def _used(before: EngineStats, after: EngineStats, *, resumed: int) -> EngineUse:
    def ended(stats: EngineStats) -> int:
        return sum(n for status, n in stats.runs.items() if status not in _UNFINISHED)

    return EngineUse(
        runs=ended(after) - ended(before),
        steps=after.steps_completed - before.steps_completed,
        calls=after.calls - before.calls,
        resumed=resumed,
    )


def _told(run: RunView) -> str:
    """Function, step, attempt and error of a failed run, in one clause.

    A final error inside a step ends the run itself and leaves no failed step behind; then the step
    that was completed last says where it happened.
    """
    step = next((step for step in run.steps if step.status is StepStatus.FAILED), None)
    error = run.output if isinstance(run.output, dict) else {}
    if step is not None and step.error is not None:
        error = dict(step.error)
    where = f"run {run.id} of {run.function_id}"
    done = [each for each in run.steps if each.status is StepStatus.COMPLETED]
    if step is not None:
        where += f" failed in step '{step.name}' (attempt {step.attempt + 1})"
    elif done:
        where += f" failed after step '{max(done, key=lambda each: each.ended_at or 0).name}'"
    else:
        where += " failed in its first step"
    message = str(error.get("message") or "it gave no reason").strip().rstrip(".")
    return f"{where}: {message}"
