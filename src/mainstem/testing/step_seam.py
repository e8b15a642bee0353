"""Where a test comes between a function and its steps: a middleware, the SDK's own way in.

The step object of each call is given other methods. They leave ids, memos, retries, parallel groups
and the wire to the SDK's, and change three things: who does the work (see `plan`), what is written
down (see `book`), and from which clock a sleep or a `RetryAfterError` is counted, as the SDK would
ask the machine's.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import inngest
from pydantic_core import to_jsonable_python

from mainstem.testing.book import CURRENT, Book, Call
from mainstem.testing.plan import Plan
from mainstem.testing.process_end import AnswerLost, keep_alive
from mainstem.testing.retry_times import on_the_clock
from mainstem.testing.seen import StepKind
from mainstem.testing.step_work import StepWork, inputs_of, make_final, told_of

_METHODS = ("invoke_by_id", "run", "send_event", "sleep", "sleep_until", "wait_for_event")


class Desk(Protocol):
    """What the seam needs of a harness."""

    plan: Plan
    book: Book

    @property
    def now(self) -> datetime:
        """The moment on the harness's clock."""
        ...

    @property
    def is_virtual(self) -> bool:
        """Whether that is another clock than the machine's."""
        ...


def seam(desk: Desk) -> Callable[[inngest.Inngest, object], inngest.MiddlewareSync]:
    """The middleware of a harness, to be put among those of a client."""

    class Seam(inngest.MiddlewareSync):
        """One call of a function."""

        call: Call | None = None
        attempt = 0

        def transform_input(self, ctx: Any, function: Any, steps: Any) -> None:  # noqa: ARG002
            self.call = desk.book.calls.get(ctx.request_id or "")
            CURRENT.set(self.call)
            if self.call is not None:
                self.attempt = ctx.attempt
                work = StepWork(desk.plan, desk.book, self.call, lambda: desk.now)
                is_async = inspect.iscoroutinefunction(ctx.step.run)
                made = (_AsyncSteps if is_async else _SyncSteps)(ctx.step, work, desk)
                made.function = function.local_id
                for name in _METHODS:
                    setattr(ctx.step, name, getattr(made, name))
                ctx.step.ai.infer = made.infer
                keep_alive(ctx.step, self.call)

        def before_execution(self) -> None:
            if self.call is not None:
                self.call.is_live = True

        def transform_output(self, result: inngest.TransformOutputResult) -> None:
            error = result.error
            if self.call is not None and error is not None and not isinstance(error, AnswerLost):
                desk.book.raised[self.call.run].append(error)
                self.call.is_told = True
                if told := told_of(error, self.call, self.attempt):
                    desk.book.note_mishap(self.call.run, desk.now, told)
            if isinstance(error, inngest.RetryAfterError) and desk.is_virtual:
                moved = on_the_clock(error.retry_after, datetime.now(UTC), desk.now)
                error.retry_after = moved

        def before_response(self) -> None:
            # A thread of a pool keeps its context: what it does next belongs to no call of ours.
            CURRENT.set(None)

    return Seam


class _Steps:
    """What async and sync steps share."""

    function: str

    def __init__(self, step: Any, work: StepWork, desk: Desk) -> None:
        self._own = {name: getattr(step, name) for name in _METHODS}
        self._infer = step.ai.infer
        self._work = work
        self._desk = desk

    def _until(self, duration: int | timedelta) -> datetime:
        span = timedelta(milliseconds=duration) if isinstance(duration, int) else duration
        return self._desk.now + span

    def _asked(self, step_id: str, options: Mapping[str, Any]) -> Any:
        """The body of an inference, finished by its adapter as the SDK has it done."""
        if self._is_ordered(step_id):
            options["adapter"].on_call(options["body"])
        return options["body"]

    def _is_ordered(self, step_id: str) -> bool:
        return self._work.plan.is_concerned(self._work.next_name(step_id), self.function)


class _AsyncSteps(_Steps):
    async def run(
        self, step_id: str, handler: Callable[..., Any], *given: Any, **options: Any
    ) -> Any:
        step = self._work.name(step_id, "run")
        args, kwargs = inputs_of(handler, given)

        async def tried(*_: Any) -> Any:
            with self._work.trying(step, self.function, args, kwargs) as stand_in:
                if stand_in is None:
                    return await _settled(handler(*given))
                return _plain(await _settled(stand_in.work(args, kwargs)), options)

        return await self._own["run"](step_id, tried, *given, **options)

    async def send_event(self, step_id: str, events: Any) -> Any:
        self._work.kinds[step_id] = "send"
        if self._is_ordered(step_id):
            batch = list(events) if isinstance(events, list) else [events]
            return await self._substituted("send", step_id, (batch,))
        return await self._own["send_event"](step_id, events)

    async def sleep(self, step_id: str, duration: int | timedelta) -> Any:
        return await self.sleep_until(step_id, self._until(duration))

    async def sleep_until(self, step_id: str, until: datetime) -> Any:
        return await self._other(
            "sleep", step_id, (until,), lambda: self._own["sleep_until"](step_id, until)
        )

    async def wait_for_event(self, step_id: str, **options: Any) -> Any:
        own = self._own["wait_for_event"]
        given = (options["event"],)
        answer = await self._other("wait", step_id, given, lambda: own(step_id, **options))
        return _as_event(answer)

    async def invoke_by_id(self, step_id: str, **options: Any) -> Any:
        own = self._own["invoke_by_id"]
        given = (options.get("data"),)
        return await self._other("invoke", step_id, given, lambda: own(step_id, **options))

    async def infer(self, step_id: str, **options: Any) -> Any:
        given = (self._asked(step_id, options),)
        return await self._other("infer", step_id, given, lambda: self._infer(step_id, **options))

    async def _other(
        self,
        kind: StepKind,
        step_id: str,
        given: tuple[Any, ...],
        own: Callable[[], Awaitable[Any]],
    ) -> Any:
        """A step that the server does: by itself, unless the test has ordered something else."""
        if self._is_ordered(step_id):
            return await self._substituted(kind, step_id, given)
        step = self._work.name(step_id, kind)
        try:
            answer = await own()
        except BaseException as raised:
            self._work.not_given(step, self.function, raised)
            raise
        self._work.note_end(step)
        return answer

    async def _substituted(self, kind: StepKind, step_id: str, given: tuple[Any, ...]) -> Any:
        step = self._work.name(step_id, kind)

        async def tried() -> Any:
            with self._work.trying(step, self.function, given, {}) as stand_in:
                answer = stand_in and await _settled(stand_in.work(given, {}))
                return _plain(answer, {}, event=given[0] if kind == "wait" else None)

        try:
            return await self._own["run"](step_id, tried)
        except BaseException as raised:
            make_final(raised)
            raise


class _SyncSteps(_Steps):
    """The same without waiting, line by line."""

    def run(self, step_id: str, handler: Callable[..., Any], *given: Any, **options: Any) -> Any:
        step = self._work.name(step_id, "run")
        args, kwargs = inputs_of(handler, given)

        def tried(*_: Any) -> Any:
            with self._work.trying(step, self.function, args, kwargs) as stand_in:
                if stand_in is None:
                    return handler(*given)
                return _plain(_at_once(stand_in.work(args, kwargs)), options)

        return self._own["run"](step_id, tried, *given, **options)

    def send_event(self, step_id: str, events: Any) -> Any:
        self._work.kinds[step_id] = "send"
        if self._is_ordered(step_id):
            batch = list(events) if isinstance(events, list) else [events]
            return self._substituted("send", step_id, (batch,))
        return self._own["send_event"](step_id, events)

    def sleep(self, step_id: str, duration: int | timedelta) -> Any:
        return self.sleep_until(step_id, self._until(duration))

    def sleep_until(self, step_id: str, until: datetime) -> Any:
        return self._other(
            "sleep", step_id, (until,), lambda: self._own["sleep_until"](step_id, until)
        )

    def wait_for_event(self, step_id: str, **options: Any) -> Any:
        own = self._own["wait_for_event"]
        given = (options["event"],)
        return _as_event(self._other("wait", step_id, given, lambda: own(step_id, **options)))

    def invoke_by_id(self, step_id: str, **options: Any) -> Any:
        own = self._own["invoke_by_id"]
        given = (options.get("data"),)
        return self._other("invoke", step_id, given, lambda: own(step_id, **options))

    def infer(self, step_id: str, **options: Any) -> Any:
        given = (self._asked(step_id, options),)
        return self._other("infer", step_id, given, lambda: self._infer(step_id, **options))

    def _other(
        self, kind: StepKind, step_id: str, given: tuple[Any, ...], own: Callable[[], Any]
    ) -> Any:
        if self._is_ordered(step_id):
            return self._substituted(kind, step_id, given)
        step = self._work.name(step_id, kind)
        try:
            answer = own()
        except BaseException as raised:
            self._work.not_given(step, self.function, raised)
            raise
        self._work.note_end(step)
        return answer

    def _substituted(self, kind: StepKind, step_id: str, given: tuple[Any, ...]) -> Any:
        step = self._work.name(step_id, kind)

        def tried() -> Any:
            with self._work.trying(step, self.function, given, {}) as stand_in:
                answer = stand_in and _at_once(stand_in.work(given, {}))
                return _plain(answer, {}, event=given[0] if kind == "wait" else None)

        try:
            return self._own["run"](step_id, tried)
        except BaseException as raised:
            make_final(raised)
            raise


async def _settled(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


def _at_once(value: Any) -> Any:
    if inspect.iscoroutine(value):
        value.close()
        raise TypeError(
            "The stand-in is a coroutine function, and the step belongs to a sync function. Give"
            " it a plain one."
        )
    return value


def _plain(answer: Any, options: Mapping[str, Any], event: str | None = None) -> Any:
    """A stand-in's answer as JSON; one with an `output_type` is the client's serializer's."""
    if isinstance(answer, inngest.Event):
        return answer.to_dict()
    if hasattr(answer, "to_wire") and hasattr(answer, "event_name"):
        wire = answer.to_wire()
        return {"name": answer.event_name, "data": wire} if event is not None else wire
    if event is not None and answer is not None:
        if not isinstance(answer, Mapping):
            raise TypeError(f"The answer to a wait is an event or None, not {answer!r}.")
        return answer if {"name", "data"} <= set(answer) else {"name": event, "data": answer}
    return answer if "output_type" in options else to_jsonable_python(answer, by_alias=True)


def _as_event(answer: Any) -> Any:
    if isinstance(answer, Mapping):
        return inngest.Event.model_validate({"id": "", "ts": 0, **answer})
    return answer


def moment(milliseconds: int) -> datetime:
    """The aware UTC time of the engine's moments."""
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
