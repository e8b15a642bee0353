"""An engine, a clock and an app that answers when it is told to, all in one thread and one process.

Everything is driven from outside: time moves only by `advance`, and a call stays open until it is
answered. The engine may be closed and opened again on the same file at any moment.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from mainstem.engine import Engine, EngineOptions, RunView, VirtualClock
from mainstem.engine.registration import read_registration

Json = Any
Reply = Callable[["Call"], tuple[int, Json]]
ORIGIN = "http://t"
_SDK = {"x-inngest-sdk": "test", "x-inngest-req-version": "2"}
_Out = TypeVar("_Out")


def function(name: str, **config: Json) -> dict[str, Json]:
    """A function `t-{name}` on the event `{name}`, or as the configuration says."""
    url = f"{ORIGIN}/x?fnId=t-{name}&stepId=step"
    steps = {"step": {"runtime": {"url": url}, "retries": {"attempts": 3}}}
    whole = {"name": name, "triggers": [{"event": name}], "steps": steps, **config}
    return {**whole, "id": f"t-{name}"}


def planned(*names: str) -> tuple[int, Json]:
    """An answer that finds steps to be run."""
    return 206, [{"op": "StepPlanned", "id": name, "displayName": name} for name in names]


def ran(name: str, data: Json = None) -> tuple[int, Json]:
    """An answer that has run a step."""
    return 206, [{"op": "StepRun", "id": name, "displayName": name, "data": data}]


@dataclass(eq=False)
class Call:
    """A request of the engine, open until `answer` is set."""

    function: str
    step: str
    body: Mapping[str, Json]
    at: int
    answer: asyncio.Future[tuple[int, Json]]

    @property
    def run_id(self) -> str:
        return str(self.body["ctx"]["run_id"])

    @property
    def attempt(self) -> int:
        return int(self.body["ctx"]["attempt"])

    @property
    def data(self) -> Mapping[str, Json]:
        found: Mapping[str, Json] = self.body["event"]["data"]
        return found

    @property
    def is_start(self) -> bool:
        """Whether it is the first thing its run asks for."""
        return self.step == "step" and not self.body["steps"]


@dataclass
class Scene:
    """`reply` answers calls at once; without it they are held until `answer`."""

    path: Path
    functions: Sequence[Mapping[str, Json]]
    reply: Reply | None = None
    seed: int | None = 0
    calls: list[Call] = field(default_factory=list)
    held: list[Call] = field(default_factory=list)
    on_call: Callable[[Call], None] = lambda _: None

    def __post_init__(self) -> None:
        self.clock = VirtualClock()
        self._loop = asyncio.new_event_loop()
        self.problem: BaseException | None = None
        self._open()
        try:
            self.sync(self.functions)
        except BaseException:
            self.close()
            raise

    def _open(self, *first: Mapping[str, Json]) -> None:
        options = EngineOptions(
            str(self.path), retry_interval=5, transports={ORIGIN: self._app}, seed=self.seed
        )
        self.engine = Engine.open(options, clock=self.clock)
        # What this tests is not the disk: no wait for it, and no thread.
        self.engine._loop.storage._commits = None
        self.post(*first)
        self.run(self.engine.__aenter__())

    def run(self, work: Awaitable[_Out]) -> _Out:
        return self._loop.run_until_complete(_awaited(work))

    def close(self) -> None:
        self.run(self.engine.aclose())
        self._loop.close()

    def restart(self, *first: Mapping[str, Json], **downtime: float) -> None:
        """Close the engine and open another on its file after a while. Held calls are given up.

        The events in `first` come before the new engine has done anything that became due.
        """
        self.run(self.engine.aclose())
        self.held.clear()
        self.clock.advance(timedelta(**downtime))
        self._open(*first)
        self.settle()

    def sync(self, functions: Sequence[Mapping[str, Json]]) -> None:
        self.functions = functions
        body = {"appname": "t", "url": f"{ORIGIN}/x", "functions": list(functions)}
        self.run(self.engine.register(read_registration(body)))
        self.settle()

    def send(self, *events: Mapping[str, Json]) -> list[str]:
        """Events by name, data and what else; their ids. The engine does what follows at once."""
        ids = self.post(*events)
        self.settle()
        return ids

    def post(self, *events: Mapping[str, Json]) -> list[str]:
        """The same, but the engine has not begun with what follows."""
        return self.engine._accept(list(events), "")

    def answer(self, call: Call, status: int = 200, value: Json = None) -> None:
        self.held.remove(call)
        call.answer.set_result((status, value))
        self.settle()

    def advance(self, **span: float) -> None:
        """Go on by a span, and stop at each moment at which something is due."""
        self.settle()
        end = self.clock.now() + round(timedelta(**span) / timedelta(milliseconds=1))
        while True:
            due = self.engine.next_due
            upcoming = end if due is None else min(end, due)
            self.clock.advance(timedelta(milliseconds=max(0, upcoming - self.clock.now())))
            self.settle()
            if upcoming >= end and ((due := self.engine.next_due) is None or due > end):
                return

    def settle(self) -> None:
        """Let the engine do all that can be done at this moment."""
        self.run(self._settle())
        if self.problem is not None:
            raise self.problem

    def runs(self, status: str | None = None) -> list[RunView]:
        """All runs, oldest first."""
        found = self.engine.runs(limit=10_000)[::-1]
        return [run for run in found if status is None or run.status == status]

    def count(self, table: str) -> int:
        found: int = self.engine.reader.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        return found

    async def _settle(self) -> None:
        loop, quiet = self.engine._loop, 0
        for _ in range(100_000):
            await asyncio.sleep(0)
            loop._check()
            due = loop.queue.next_due()
            is_quiet = (
                loop.in_flight == len(self.held)
                and not loop._wake.is_set()
                and (due is None or due > self.clock.now())
            )
            quiet = quiet + 1 if is_quiet else 0
            if quiet > 3:
                return
        raise AssertionError("the engine does not come to rest")

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = json.loads(await request.body())
        query = parse_qs(request.url.query)
        name, step = query["fnId"][0].removeprefix("t-"), query["stepId"][0]
        future: asyncio.Future[tuple[int, Json]] = self._loop.create_future()
        call = Call(name, step, body, self.clock.now(), future)
        self.calls.append(call)
        try:
            self.on_call(call)
        except Exception as error:
            # It is the test's, and raised again by `settle`.
            self.problem = error
        if self.reply is not None:
            status, value = self.reply(call)
        else:
            self.held.append(call)
            status, value = await call.answer
        await JSONResponse(value, status, headers=_SDK)(scope, receive, send)


async def _awaited(work: Awaitable[_Out]) -> _Out:
    return await work
