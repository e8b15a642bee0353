"""Running one handler to its end, the way the server would."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar, cast

from pydantic_core import to_jsonable_python

from mainstem.catalog import Catalog, Definition, EventData, StepError, Switches
from mainstem.catalog.codec import codec_of
from mainstem.errors import MainstemError
from mainstem.testing.server import Answer, RecordingClient, Server, event_on_the_wire, hashed
from mainstem.testing.values import RunResult, Slept, StepTaken

D = TypeVar("D")
S = TypeVar("S")
R = TypeVar("R")

_MOST_CALLS = 10_000


class Unanswered(MainstemError):  # noqa: N818  it says what is missing
    """The handler invoked a function, and the test gave no answer for it."""


class NeverEnds(MainstemError):  # noqa: N818  it says what happened
    """The handler took more steps than any run may have."""


async def run_handler(
    definition: Definition[D, S, R],
    data: D | Sequence[D],
    services: S,
    *,
    answers: Mapping[str, object] | None = None,
    fail: Mapping[str, str] | None = None,
    lose: Collection[str] = (),
    attempts: int = 1,
    catalog: Catalog[Any] | None = None,
    run_id: str = "test-run",
    event_id: str = "test-event",
) -> RunResult[R]:
    """Run a definition's handler to its end and give what it returned and did.

    The handler is started from the top after every step, and every value passes through JSON, as
    with the server. Sleeps end at once. A list for `data` is a batch.

    `answers`: by step id, what a wait or an invocation gives: an event (`None`, the default of a
    wait, is its timeout), the invoked function's result, or an exception, by which the invoked
    function failed. `fail`: step ids that have failed for good, with a message; their functions
    are not called. `lose`: step ids whose first result is lost after the work was done, so that it
    is done again. `attempts`: how often a request is tried; one means no retries. `catalog`: where
    the definitions are that the handler invokes.

    Raises what ended the run: the error itself, also when it left a step.
    """
    client = RecordingClient()
    # The memos of steps that are to fail are there before the handler has come to them, which a
    # guard would take for a sequence that changed.
    bound = (catalog or Catalog([definition])).bind(
        client, services, environment="test", switches=Switches(guard=False if fail else None)
    )
    batch = cast("list[EventData]", list(data) if isinstance(data, (list, tuple)) else [data])
    server = Server(
        client=client,
        function=bound.bound(definition),
        events=[_event(one, event_id, n) for n, one in enumerate(batch)],
        run_id=run_id,
        attempts=attempts,
        memos={
            hashed(step): {"error": {"name": "Error", "message": message}}
            for step, message in (fail or {}).items()
        },
    )
    journey = _Journey(definition, server, answers or {}, set(lose))
    try:
        return await journey.run()
    finally:
        await server.aclose()


def _event(data: EventData, event_id: str, n: int) -> dict[str, Any]:
    return event_on_the_wire(
        type(data).event_name, data.to_wire(), f"{event_id}:{n}" if n else event_id
    )


@dataclass(slots=True)
class _Journey(Generic[R]):
    """One run under way: what has been called, done and lost."""

    definition: Definition[Any, Any, R]
    server: Server
    answers: Mapping[str, object]
    to_lose: set[str]
    steps: list[StepTaken] = field(default_factory=list)
    slept: list[Slept] = field(default_factory=list)
    calls: int = 0

    async def run(self) -> RunResult[R]:
        while True:
            answer = await self._call()
            if answer.status == 200:
                return self._result(answer.body)
            # The steps of a group are called side by side: none sees what another gave.
            together = dict(self.server.memos)
            for op in answer.ops:
                await self._settle(op, together)

    async def _call(self, step: str = "step", memos: dict[str, Any] | None = None) -> Answer:
        """Call until there is an answer to go on with, at most `attempts` times."""
        for attempt in range(self.server.attempts):
            self.calls += 1
            if self.calls > _MOST_CALLS:
                raise NeverEnds(
                    f"Function '{self.definition.id}' was called {_MOST_CALLS} times without an "
                    "end. A step id that changes from call to call is the usual cause."
                )
            answer = await self.server.call(attempt=attempt, step=step, memos=memos)
            failing = answer.status not in (200, 206) or any(
                op["op"] == "StepError" for op in answer.ops
            )
            if not failing or answer.is_final:
                break
        if answer.status not in (200, 206):
            raise self._error(answer)
        return answer

    async def _settle(self, op: dict[str, Any], together: dict[str, Any]) -> None:
        """Do the server's duty for one opcode: keep its memo, or have the planned step done.

        `together` are the memos that there were when the opcode was reported.
        """
        step_id = _told(op)
        match op["op"]:
            case "StepPlanned":
                for done in (await self._call(step=op["id"], memos=together)).ops:
                    await self._settle(done, together)
            case "StepRun":
                if step_id in self.to_lose:
                    self.to_lose.discard(step_id)
                    return
                self._keep(op, {"data": op.get("data")}, StepTaken(step_id, "run", op.get("data")))
            case "StepError" | "StepFailed":
                error = op["error"]
                self._keep(op, {"error": error}, StepTaken(step_id, "run", error, failed=True))
            case "Sleep":
                self.slept.append(Slept(step_id, datetime.fromisoformat(op["name"])))
                self._keep(op, None, StepTaken(step_id, "sleep"))
            case "WaitForEvent":
                memo = self._awaited(step_id)
                self._keep(op, memo, StepTaken(step_id, "wait", memo))
            case _:
                memo = self._invoked(step_id)
                self._keep(op, memo, StepTaken(step_id, "invoke", memo, failed="error" in memo))

    def _keep(self, op: dict[str, Any], memo: Any, step: StepTaken) -> None:
        self.server.memos[op["id"]] = memo
        self.steps.append(step)

    def _awaited(self, step_id: str) -> dict[str, Any] | None:
        event = self.answers.get(step_id)
        return _event(event, f"awaited-{step_id}", 0) if isinstance(event, EventData) else None

    def _invoked(self, step_id: str) -> dict[str, Any]:
        if step_id not in self.answers:
            raise Unanswered(
                f"Function '{self.definition.id}' invokes another in step '{step_id}', and the "
                f"test gave no answer. Pass answers={{'{step_id}': …}}, its result or an exception."
            )
        answer = self.answers[step_id]
        if isinstance(answer, Exception):
            return {"error": {"name": type(answer).__name__, "message": str(answer)}}
        return {"data": to_jsonable_python(answer, by_alias=True)}

    def _error(self, answer: Answer) -> Exception:
        """What was raised. A step's error that the handler let pass is given as it was."""
        raised = self.server.client.errors
        last = raised[-1] if raised else MainstemError(str(answer.body))
        if isinstance(last, StepError):
            for earlier in reversed(raised[:-1]):
                if type(earlier).__name__ == last.name and str(earlier) == last.message:
                    return earlier
        return last

    def _result(self, body: object) -> RunResult[R]:
        codec = codec_of(self.definition.handler)
        return RunResult(
            output=cast("R", codec.decode(body, f"Function '{self.definition.id}'")),
            steps=tuple(self.steps),
            sent=tuple(self.server.client.sent.values()),
            slept=tuple(self.slept),
            calls=self.calls,
        )


def _told(op: dict[str, Any]) -> str:
    userland = op.get("userland") or {}
    index = userland.get("index")
    return f"{op['displayName']}:{index}" if index else str(op["displayName"])
