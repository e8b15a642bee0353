"""`Run`: what a handler holds while it runs. Steps go in and typed values come out.

The server calls a function again after every step, from the top; a step that has been done gives
its memo at once. So everything between steps must give the same result each time, and whatever a
later line needs leaves a step by being returned.

https://www.inngest.com/docs/learn/how-functions-are-executed
"""

import inspect
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Generic, ParamSpec, Protocol, TypeVar, cast, overload

import inngest

from mainstem.catalog.codec import codec_of
from mainstem.catalog.events import EventData
from mainstem.catalog.switches import FunctionSkipped, Skipped

P = ParamSpec("P")
T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
E = TypeVar("E", bound=EventData)
D_co = TypeVar("D_co", covariant=True)
D_contra = TypeVar("D_contra", contravariant=True)
R_co = TypeVar("R_co", covariant=True)

OWN_STEPS = "mainstem:"
"""How the ids of steps begin that Mainstem takes itself."""

_EVENTS_PER_REQUEST = 5_000  # the event API refuses more in one request


class Invocable(Protocol[D_contra, R_co]):
    """A definition, as far as a run that invokes it is concerned."""

    @property
    def id(self) -> str:
        """The function's id."""
        ...

    @property
    def handler(self) -> "Callable[[Run[D_contra], Any], Awaitable[R_co]]":
        """The function's one handler."""
        ...


class Binding(Protocol):
    """What a run needs to know of the binding that it runs in."""

    @property
    def client(self) -> inngest.Inngest:
        """The client that the function is bound to."""
        ...

    def bound(self, definition: "Invocable[Any, Any]") -> "inngest.Function[Any]":
        """The bound function of `definition`. Raises `NotBound`."""
        ...


class Run(Generic[D_co]):
    """One run of a function, as its handler sees it. `D_co` is the type of its event's data."""

    __slots__ = (
        "_binding",
        "_declared",
        "_sends",
        "ctx",
        "data",
        "events",
        "function_id",
        "version",
    )

    ctx: inngest.Context
    """The SDK's own context, for what this class does not offer (`ctx.step.ai`, for one)."""
    function_id: str
    """The definition's id, without the app's."""
    events: Sequence[D_co]
    """The data of every event of a batch, in order of arrival; of the one event otherwise."""
    data: D_co
    """The data of the event, or of the first of a batch."""
    version: str
    """The label of the version that this run is on."""

    def __init__(
        self,
        ctx: inngest.Context,
        *,
        function_id: str,
        events: Sequence[D_co],
        binding: Binding,
        version: str = "1",
        sends: Sequence[type[EventData]] | None = None,
    ) -> None:
        """`sends`, where given, are the only events that the handler may send."""
        self.ctx = ctx
        self.function_id = function_id
        self.events = events
        self.data = events[0]
        self.version = version
        self._binding = binding
        self._declared = sends
        self._sends: Counter[str] = Counter()

    @property
    def id(self) -> str:
        """The run's id: the same through all its attempts and steps."""
        return self.ctx.run_id

    @property
    def attempt(self) -> int:
        """Which attempt of the present request this is, from 0."""
        return self.ctx.attempt

    @property
    def event_name(self) -> str:
        """The name under which the (first) event came; the server's own for an invoked run."""
        return self.ctx.event.name

    @property
    def event_id(self) -> str:
        """The (first) event's id."""
        return self.ctx.event.id

    @property
    def logger(self) -> Any:
        """The client's logger, which the SDK keeps quiet while a run is replayed."""
        return self.ctx.logger

    @overload
    async def step(
        self, step_id: str, fn: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> T: ...
    @overload
    async def step(
        self, step_id: str, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T: ...
    async def step(self, step_id: str, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Do `fn(*args, **kwargs)` once, durably, and give what it returned.

        It is tried again on an error, with the function's retries, so it must be safe to try
        twice. The result passes through JSON under `fn`'s return annotation (see `codec`).
        Raises `StepError` on each replay after the last attempt has failed; `NonRetriableError`
        and `RetryAfterError` inside `fn` do what they say.
        """
        codec = codec_of(fn, args, kwargs)
        what = self._told(step_id)
        if step_id.startswith(OWN_STEPS):
            raise inngest.NonRetriableError(
                f"{what} has an id that Mainstem keeps for itself. Begin it with something else "
                f"than '{OWN_STEPS}'."
            )

        async def work() -> Any:
            result = fn(*args, **kwargs)
            if inspect.isawaitable(result):
                result = await result
            return codec.encode(result, what)

        vars(work)["inputs"] = (args, kwargs)  # what a stand-in of a test is handed
        return codec.decode(await self.ctx.step.run(step_id, work), what)

    async def send(self, step_id: str, events: EventData | Sequence[EventData], /) -> list[str]:
        """Send events in one durable step; gives the ids that the server gave them.

        Each event carries the id `{run id}:{step id}:{n}`, so that the step may be tried again
        and still start no function twice (the server remembers ids for 24 hours). An empty list
        sends nothing and is no step. Raises `BadEventData` before anything leaves.
        """
        batch = [events] if isinstance(events, EventData) else list(events)
        if not batch:
            return []
        self._check_declared(step_id, batch)
        # A step id used again gets the SDK's suffix, or the second send would repeat the ids of
        # the first and be dropped as its duplicate.
        self._sends[step_id] += 1
        again = self._sends[step_id] - 1
        prefix = f"{self.id}:{step_id}:{again}" if again else f"{self.id}:{step_id}"

        async def work() -> list[str]:
            ready = [event.to_event(event_id=f"{prefix}:{n}") for n, event in enumerate(batch)]
            ids: list[str] = []
            for start in range(0, len(ready), _EVENTS_PER_REQUEST):
                part = ready[start : start + _EVENTS_PER_REQUEST]
                ids += await self._binding.client.send(part)
            return ids

        return list(await self.ctx.step.run(step_id, work))

    async def sleep(self, step_id: str, duration: timedelta, /) -> None:
        """Sleep durably; nothing runs meanwhile."""
        await self.ctx.step.sleep(step_id, duration)

    async def sleep_until(self, step_id: str, until: datetime, /) -> None:
        """Sleep durably until an aware moment; one already past is no wait.

        Raises the SDK's `NonRetriableError` for a naive one, which would mean this machine's zone.
        """
        if until.tzinfo is None:
            raise inngest.NonRetriableError(
                f"{self._told(step_id)} cannot sleep until {until.isoformat()}: the moment has no "
                "time zone. Pass an aware one, such as datetime.now(UTC) + timedelta(hours=1)."
            )
        await self.ctx.step.sleep_until(step_id, until)

    async def wait_for_event(
        self,
        step_id: str,
        model: type[E],
        /,
        *,
        timeout: timedelta,  # noqa: ASYNC109  the server waits, not this process
        if_: str | None = None,
    ) -> E | None:
        """Wait durably for an event of `model`; None when `timeout` passes first.

        `if_` is an expression over `event` (this run's) and `async` (the awaited one).
        Raises `BadEventData` when the event that came does not fit.
        """
        found = await self.ctx.step.wait_for_event(
            step_id, event=model.event_name, if_exp=if_, timeout=timeout
        )
        return None if found is None else model.from_wire(found.data)

    async def invoke(
        self,
        step_id: str,
        definition: "Invocable[D, T]",
        data: D,
        /,
        *,
        timeout: timedelta | None = None,  # noqa: ASYNC109  the server waits, not this process
    ) -> T:
        """Run another function of the same catalogue and give its result.

        Raises `NotBound` for one that this binding does not hold, `StepError` when it fails,
        `FunctionSkipped` when it is switched off.
        """
        function = self._binding.bound(definition)
        wire = cast("EventData", data).to_event().data
        memo = await self.ctx.step.invoke(step_id, function=function, data=wire, timeout=timeout)
        if (skipped := Skipped.from_wire(memo)) is not None:
            raise FunctionSkipped(skipped)
        return cast("T", codec_of(definition.handler).decode(memo, self._told(step_id)))

    @overload
    async def parallel(
        self, a: Callable[[], Awaitable[A]], b: Callable[[], Awaitable[B]], /
    ) -> tuple[A, B]: ...
    @overload
    async def parallel(
        self,
        a: Callable[[], Awaitable[A]],
        b: Callable[[], Awaitable[B]],
        c: Callable[[], Awaitable[C]],
        /,
    ) -> tuple[A, B, C]: ...
    @overload
    async def parallel(
        self,
        a: Callable[[], Awaitable[A]],
        b: Callable[[], Awaitable[B]],
        c: Callable[[], Awaitable[C]],
        d: Callable[[], Awaitable[D]],
        /,
    ) -> tuple[A, B, C, D]: ...
    @overload
    async def parallel(self, *branches: Callable[[], Awaitable[T]]) -> tuple[T, ...]: ...
    async def parallel(self, *branches: Callable[[], Awaitable[Any]]) -> tuple[Any, ...]:
        """Run branches of steps side by side and give their results, in the order given.

        Each branch is a function without arguments, such as `lambda: run.step("left", left)`.
        """
        return await self.ctx.group.parallel(branches)

    def _check_declared(self, step_id: str, batch: Sequence[EventData]) -> None:
        """Raise the SDK's `NonRetriableError` for an event that the definition does not declare."""
        if self._declared is None:
            return
        for event in batch:
            if type(event) not in self._declared:
                name = type(event).__name__
                declared = ", ".join(one.__name__ for one in self._declared) or "nothing"
                raise inngest.NonRetriableError(
                    f"{self._told(step_id)} sends {name}, and the definition declares {declared}. "
                    f"Add {name} to its `sends`, so that `mainstem check` knows who feeds whom."
                )

    def _told(self, step_id: str) -> str:
        return f"Step '{step_id}' of function '{self.function_id}'"
