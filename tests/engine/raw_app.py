"""An app that speaks the protocol by hand, in this process: a test says what each call answers."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mainstem.engine import Engine, EngineOptions, RunView, VirtualClock, engine_app

Json = Any
APP = "http://app.test"
SDK = {"x-inngest-sdk": "test:v1", "x-inngest-req-version": "2"}


@dataclass(frozen=True)
class Call:
    """One call as the app got it."""

    target: str
    headers: Mapping[str, str]
    body: Mapping[str, Json]

    @property
    def ctx(self) -> Mapping[str, Json]:
        """What the call says of itself."""
        return dict(self.body["ctx"])

    @property
    def steps(self) -> Mapping[str, Json]:
        """The memos that came along."""
        return dict(self.body["steps"])

    @property
    def stack(self) -> Sequence[str]:
        """The ids of the steps that are done, in order."""
        return list(self.ctx["stack"]["stack"])

    def checkpoint(self, *steps: Json, **changed: Json) -> dict[str, Json]:
        """The body with which an SDK would checkpoint these steps."""
        told = {
            "run_id": self.ctx["run_id"],
            "fn_id": self.ctx["fn_id"],
            "qi_id": self.ctx["qi_id"],
            "request_id": self.headers["x-request-id"],
            "generation_id": int(self.headers["x-inngest-generation-id"]),
            "steps": list(steps),
        }
        return {**told, **changed}


def step(key: str, op: str = "StepRun", **fields: Json) -> dict[str, Json]:
    """A reported step."""
    told = {"id": key, "op": op, "displayName": key, "name": key, "userland": {"id": key}}
    return {**told, **fields}


def done(output: Json) -> dict[str, Json]:
    """The op with which a checkpointing SDK returns."""
    return {"op": "RunComplete", "id": "complete", "data": output}


def answer(body: Json, status: int = 206, **headers: str) -> Response:
    """An answer of an SDK."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(json.dumps(body), status, headers={**SDK, **told})


Answering = Callable[[Call], Response | Awaitable[Response]]


@dataclass
class RawApp:
    """An engine with one app of one function, `f` on event `a`, that answers as it is told."""

    engine: Engine
    client: httpx.AsyncClient
    clock: VirtualClock | None
    answering: Answering = lambda _: answer(None, 200)
    calls: list[Call] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = json.loads(await request.body())
        call = Call(request.query_params["stepId"], dict(request.headers), body)
        self.calls.append(call)
        response = self.answering(call)
        if not isinstance(response, Response):
            response = await response
        await response(scope, receive, send)

    async def register(self, **config: Json) -> None:
        """Register the function."""
        url = f"{APP}/api/inngest?fnId=app-f&stepId=step"
        steps = {"step": {"id": "step", "runtime": {"type": "http", "url": url}}}
        function = {"id": "app-f", "name": "f", "triggers": [{"event": "a"}], "steps": steps}
        body = {
            "appname": "app",
            "url": f"{APP}/api/inngest",
            "sdk": "test:v1",
            "framework": "raw",
            "functions": [{**function, **config}],
        }
        keys = self.engine.options.signing_keys
        told = {"authorization": f"Bearer {keys[0]}"} if keys else {}
        response = await self.client.post("/fn/register", json=body, headers=told)
        assert response.status_code == 200, response.text

    async def start(self, answering: Answering | None = None) -> str:
        """Send the event and give the id of the run it started."""
        if answering is not None:
            self.answering = answering
        (event_id,) = await self.engine.send([{"name": "a", "data": {}}])
        (run,) = self.engine.runs(event=event_id)
        return run.id

    async def run(self, answering: Answering | None = None) -> RunView:
        """Send the event, let everything come to rest, and give the run."""
        run_id = await self.start(answering)
        await self.engine.settle(timeout=5)
        return self.engine.run(run_id)

    async def rest(self, run_id: str) -> RunView:
        """The run when nothing is left to do, with all waiting times passed over."""
        while True:
            await self.engine.settle(timeout=5)
            due = self.engine.next_due
            if due is None or self.clock is None or self.engine.run(run_id).is_over:
                return self.engine.run(run_id)
            self.clock.advance(timedelta(milliseconds=max(0, due - self.clock.now())))

    async def until(self, condition: Callable[[], bool]) -> None:
        """Give way until something has come about."""
        for _ in range(20_000):
            if condition():
                return
            await asyncio.sleep(0)
        raise AssertionError("what the test waits for does not come about")

    async def save(self, body: Json, path: str | None = None) -> httpx.Response:
        """Checkpoint as an SDK does."""
        path = path or f"/v1/checkpoint/{body['run_id']}/async"
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await asyncio.wait_for(self.client.post(path, content=content), 5)


@asynccontextmanager
async def raw_app(clock: VirtualClock | None = None, **options: Any) -> AsyncIterator[RawApp]:
    """The engine in memory, the app in this process, and the function registered."""
    holder: list[RawApp] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await holder[0](scope, receive, send)

    transports = {APP: app, **options.pop("transports", {})}
    engine = Engine.open(EngineOptions(transports=transports, **options), clock=clock)
    async with engine:
        transport = httpx.ASGITransport(engine_app(engine))
        async with httpx.AsyncClient(transport=transport, base_url="http://engine.test") as client:
            holder.append(RawApp(engine, client, clock))
            await holder[0].register()
            yield holder[0]
