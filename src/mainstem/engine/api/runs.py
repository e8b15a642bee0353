"""Runs: listed, shown, cancelled, run again."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from mainstem.engine.api.paging import Cursor, Limit, Page
from mainstem.engine.api.run_listing import RunFilter, find_runs
from mainstem.engine.api.run_views import (
    InngestRun,
    RunShown,
    RunTrace,
    show_runs,
    show_trace,
    whole_runs,
)
from mainstem.engine.api.shapes import AskedMoment, Bounds
from mainstem.engine.clock import as_text
from mainstem.engine.engine import Engine
from mainstem.engine.errors import BadParameter, NotPossible, UnknownFunction, UnknownRun
from mainstem.engine.lifecycle import RunStatus
from mainstem.engine.replaying import ReplayFrom, replay_run
from mainstem.engine.wire import encode

Json = Any
MAX_REPLAYS = 1000
_PORTION = 50

Statuses = Annotated[tuple[RunStatus, ...], "Only runs in one of these states."]
OfFunction = Annotated[str | None, "Only those of this function: its full id, or its UUID."]
OfApp = Annotated[str | None, "Only those of this app, by its name or id."]
OfEvent = Annotated[str | None, "Only runs that the event of this id started."]
Since = Annotated[AskedMoment | None, "Only what came at this moment or later."]
Until = Annotated[AskedMoment | None, "Only what came before this moment."]


@dataclass(frozen=True, slots=True)
class RunsAsked:
    """Which runs to list."""

    status: Statuses = ()
    function: OfFunction = None
    app: OfApp = None
    event: OfEvent = None
    since: Since = None
    until: Until = None
    cursor: Cursor | None = None
    limit: Limit = 20


@dataclass(frozen=True, slots=True)
class RunAsked:
    """One run."""

    run_id: str


@dataclass(frozen=True, slots=True)
class ReplayAsked:
    """How to run a run again."""

    run_id: str
    from_: Annotated[
        ReplayFrom, "`failure` keeps the memos of the steps that completed; the rest runs again."
    ] = "start"
    inputs: Annotated[
        Mapping[str, tuple[Json, ...]] | None,
        "Other arguments for one step, by its id or hash. Memos of it and later steps are dropped.",
    ] = None


@dataclass(frozen=True, slots=True)
class Replayed:
    """The run that does another one again."""

    run_id: str
    replay_of: str


@dataclass(frozen=True, slots=True)
class ReplaysAsked:
    """Which runs to run again: those a listing with the same filter shows."""

    status: Statuses = (RunStatus.FAILED,)
    function: OfFunction = None
    app: OfApp = None
    since: Since = None
    until: Until = None
    from_: ReplayFrom = "start"
    cursor: Cursor | None = None
    limit: Annotated[int, Bounds(1, MAX_REPLAYS), "How many runs at most."] = 100


@dataclass(frozen=True, slots=True)
class NotReplayed:
    """A run that could not be run again, and why."""

    run_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Replays:
    """What was run again. A `next_cursor` asks for the rest; null when there is none."""

    replayed: int
    runs: tuple[Replayed, ...]
    refused: tuple[NotReplayed, ...]
    next_cursor: str | None


async def list_runs(engine: Engine, asked: RunsAsked) -> Page[RunShown]:
    """Runs, newest first."""
    wanted = RunFilter(
        asked.status, asked.function, asked.app, asked.event, asked.since, asked.until
    )
    page = find_runs(engine.reader, wanted, cursor=asked.cursor, limit=asked.limit)
    ids = [row["id"] for row in page.items]
    return Page(show_runs(engine.reader, ids), page.next_cursor)


async def show_inngest_run(engine: Engine, asked: RunAsked) -> InngestRun:
    """One run as Inngest shows it."""
    (run,) = whole_runs(engine.reader, [asked.run_id]) or (None,)
    if run is None:
        raise UnknownRun(asked.run_id)
    return as_inngest(run)


async def trace_run(engine: Engine, asked: RunAsked) -> RunTrace:
    """One run whole: its events, its steps with their attempts, every request to the app."""
    return show_trace(engine.reader, asked.run_id)


async def cancel_run(engine: Engine, asked: RunAsked) -> None:
    """Cancel a run; one that has ended stays as it is."""
    engine.cancel(asked.run_id)


async def replay_one(engine: Engine, asked: ReplayAsked) -> Replayed:
    """Run a run again, as a new run of the same events."""
    _expect_arguments(asked.inputs or {})
    with engine.work() as work:
        return Replayed(replay_run(work, asked.run_id, asked.from_, asked.inputs), asked.run_id)


def _expect_arguments(inputs: Mapping[str, Json]) -> None:
    """Refuse what is no list of JSON. Raises `BadParameter`."""
    try:
        encode(inputs)
    except ValueError as error:
        raise BadParameter("inputs", f"it is no JSON: {error}") from error
    if not all(isinstance(given, list) for given in inputs.values()):
        raise BadParameter("inputs", "it is an object of lists, the arguments of each step")


async def replay_many(engine: Engine, asked: ReplaysAsked) -> Replays:
    """Run many runs again, newest first; those that cannot be are told with the reason."""
    wanted = RunFilter(asked.status, asked.function, asked.app, None, asked.since, asked.until)
    page = find_runs(engine.reader, wanted, cursor=asked.cursor, limit=asked.limit)
    ids = [row["id"] for row in page.items]
    done: list[Replayed] = []
    refused: list[NotReplayed] = []
    for start in range(0, len(ids), _PORTION):
        with engine.work() as work:
            for run_id in ids[start : start + _PORTION]:
                try:
                    done.append(Replayed(replay_run(work, run_id, asked.from_), run_id))
                except (NotPossible, UnknownFunction) as error:  # raised before it wrote anything
                    refused.append(NotReplayed(run_id, str(error)))
        await asyncio.sleep(0)  # the engine works on in between
    return Replays(len(done), tuple(done), tuple(refused), page.next_cursor)


def as_inngest(run: RunShown) -> InngestRun:
    """A run in Inngest's spelling."""
    return InngestRun(
        run_id=run.id,
        function_id=run.function,
        status=run.status.value.capitalize(),
        run_started_at=as_text(run.started_at or run.created_at),
        ended_at=None if run.ended_at is None else as_text(run.ended_at),
        output=run.output,
        event_id=run.event_id,
    )
