"""A run written down as JSON, to be played to other code later."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from mainstem.engine import Engine, EngineOptions, RunView, StepView
from mainstem.testing.errors import HarnessError
from mainstem.testing.run_views import step_names
from mainstem.testing.seen import StepKind

Json = Any
_VERSION: Final = 1
# What these give is a memo by itself; all others have theirs in `data` or `error`.
_BARE: Final = frozenset({"Sleep", "WaitForEvent"})
# All others are runs of code, whether planned, done or failed (a sent event is one on the wire).
_KINDS: Final[Mapping[str, StepKind]] = {
    "Sleep": "sleep",
    "WaitForEvent": "wait",
    "InvokeFunction": "invoke",
    "AIGateway": "infer",
}
_OPS: Final = {kind: op for op, kind in _KINDS.items()}


def kind_of(op: str) -> StepKind:
    """The kind of a step whose opcode on the wire is `op`."""
    return _KINDS.get(op, "run")


@dataclass(frozen=True, slots=True)
class RecordedStep:
    """One step: `key` is its hash on the wire, `memo` what later calls are given once it ended."""

    id: str
    key: str
    op: str
    is_done: bool
    memo: Json = None

    @property
    def kind(self) -> StepKind:
        """What it is on the wire."""
        return kind_of(self.op)


@dataclass(frozen=True, slots=True)
class Record:
    """A run's events, its steps in the order in which they were met, and its end."""

    function: str
    run: str
    status: str
    events: tuple[Mapping[str, Json], ...]
    steps: tuple[RecordedStep, ...]
    output: Json

    @property
    def step_ids(self) -> list[str]:
        """The ids of the steps in order."""
        return [step.id for step in self.steps]

    def to_json(self) -> str:
        """The record as text, for a file beside the tests."""
        return json.dumps({"version": _VERSION, **asdict(self)}, indent=2, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Record":
        """Read what `to_json` wrote. Raises `HarnessError` for anything else."""
        try:
            value = json.loads(text)
            if value.pop("version") != _VERSION:
                raise ValueError("another version")  # noqa: TRY301  one exit for all of them
            steps = tuple(RecordedStep(**step) for step in value.pop("steps"))
            return cls(**{**value, "events": tuple(value["events"])}, steps=steps)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise HarnessError(
                f"Cannot read the record of a run: {error}. Write it with `run.record().to_json()`."
            ) from error

    @classmethod
    def of(cls, view: RunView, kinds: Mapping[str, StepKind] | None = None) -> "Record":
        """The record of a run that some engine shows.

        `kinds` are what steps really are, by their hash: a stand-in is a run of code to an engine.
        """
        steps = [{**asdict(step), **_really(step, kinds or {})} for step in view.steps]
        return cls(
            function=view.function_id,
            run=view.id,
            status=str(view.status),
            events=view.events,
            steps=_steps(steps),
            output=view.output,
        )

    @classmethod
    def from_api(cls, answer: Mapping[str, Json]) -> "Record":
        """The record of a run that an engine's API shows (`GET /v1/runs/{run_id}/trace`)."""
        try:
            trace = answer["data"]
            run = trace["run"]
            return cls(
                function=run["function"],
                run=run["id"],
                status=run["status"],
                events=tuple(trace["events"]),
                steps=_steps(trace["steps"]),
                output=run["output"],
            )
        except (KeyError, TypeError) as error:
            raise HarnessError(
                f"Cannot read the record of a run from an API's answer: {error!r} is missing. Ask"
                " for `/v1/runs/{run_id}/trace`."
            ) from error

    @classmethod
    async def from_file(cls, path: str | Path, run: str) -> "Record":
        """The record of a run in an engine's file, which may be in use and is left as it is.

        Raises `UnknownRun`.
        """
        with TemporaryDirectory() as folder:
            copy = str(Path(folder) / "engine.db")
            with closing(_reading(path)) as source, closing(sqlite3.connect(copy)) as target:
                source.backup(target)
            engine = Engine.open(EngineOptions(copy))
            try:
                return cls.of(engine.run(run))
            finally:
                await engine.aclose()


def _really(step: StepView, kinds: Mapping[str, StepKind]) -> Mapping[str, Json]:
    """What a record has to say of a step in whose place a stand-in worked."""
    op = _OPS.get(kinds.get(step.id, "run"), step.op)
    if op == step.op:
        return {}
    return {"op": op, "output": None if op == "Sleep" else step.output}


def _reading(path: str | Path) -> sqlite3.Connection:
    if not Path(path).exists():
        raise HarnessError(f"Cannot read a run from {str(path)!r}: there is no such file.")
    return sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro", uri=True)


def _steps(steps: Sequence[Mapping[str, Json]]) -> tuple[RecordedStep, ...]:
    names = step_names([(step["name"], step["id"]) for step in steps])
    return tuple(_step(name, step) for name, step in zip(names, steps, strict=True))


def _step(name: str, step: Mapping[str, Json]) -> RecordedStep:
    memo: Json = step["output"]
    if step["op"] not in _BARE:
        error = step["error"]
        memo = {"data": memo} if error is None else {"error": error}
    is_done = step["ended_at"] is not None and step["status"] != "abandoned"
    return RecordedStep(name, step["id"], step["op"], is_done, memo if is_done else None)
