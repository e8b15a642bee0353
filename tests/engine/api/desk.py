"""An engine with an app in this process, a steered clock, and a client of its API."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mainstem.engine import Engine, EngineOptions, VirtualClock, engine_app
from mainstem.engine.registration import read_registration

Json = Any
SDK = {"x-inngest-sdk": "test:v1", "x-inngest-req-version": "2"}


def step(name: str, /, data: Json = None, op: str = "StepRun", **more: Json) -> tuple[int, Json]:
    """An answer that reports one step."""
    told = {"id": f"hash-{name}", "op": op, "name": name, "displayName": name, "data": data}
    return 206, [{**told, **more}]


def failed(message: str = "no") -> tuple[int, Json]:
    """An answer of a function that failed for good."""
    return 400, {"name": "Error", "message": message, "stack": ""}


@dataclass
class Desk:
    """What a test asks and does. `replies` says by function what each of its calls answers."""

    replies: dict[str, Callable[[Json], Any]]
    clock: VirtualClock
    engine: Engine = field(init=False)
    api: httpx.AsyncClient = field(init=False)
    calls: list[Json] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = json.loads(await request.body())
        self.calls.append(body)
        name = request.query_params["fnId"].removeprefix("t-")
        given = self.replies[name](body)
        status, value = given if isinstance(given, tuple) else await given
        headers = {**SDK, "x-inngest-no-retry": "true"} if status == 400 else SDK
        await Response(json.dumps(value), status, headers=headers)(scope, receive, send)

    async def rest(self, **span: float) -> None:
        """Let the clock go on by a span and the engine do all that is due by then."""
        end = self.clock.now() + int(timedelta(**span) / timedelta(milliseconds=1))
        while True:
            await self.engine.settle(timeout=5)
            due = self.engine.next_due
            if due is None or due > end:
                self.clock.advance(timedelta(milliseconds=end - self.clock.now()))
                return
            self.clock.advance(timedelta(milliseconds=max(0, due - self.clock.now())))

    async def send(self, name: str, data: Json = None, **fields: Json) -> str:
        """Send an event; its id."""
        (event_id,) = await self.engine.send([{"name": name, "data": data or {}, **fields}])
        return event_id

    async def run_of(self, name: str, data: Json = None) -> str:
        """Send an event and let the run it starts come to rest; the run's id."""
        event_id = await self.send(name, data)
        await self.rest()
        (run,) = self.engine.runs(event=event_id)
        return run.id

    async def get(self, path: str, code: int = 200, **query: Json) -> Json:
        """What a GET answers: its data."""
        return (await self.whole(path, code, **query)).get("data")

    async def whole(self, path: str, code: int = 200, **query: Json) -> Json:
        """What a GET answers, with its metadata or its problem."""
        answer = await self.api.get(path, params=query)
        assert answer.status_code == code, answer.text
        return answer.json()

    async def post(self, path: str, body: Json = None, status: int = 201) -> Json:
        """What a POST answers: its data, or the whole problem."""
        answer = await self.api.post(path, json=body or {})
        assert answer.status_code == status, answer.text
        return answer.json()["data"] if status < 400 else answer.json()


@asynccontextmanager
async def desk(
    replies: Mapping[str, Callable[[Json], Any]],
    configs: Mapping[str, Any] | None = None,
    **options: Json,
) -> AsyncIterator[Desk]:
    """Functions `t-{name}`, each on an event of its own name, configured as told."""
    made = Desk(dict(replies), VirtualClock())
    chosen = EngineOptions(**{"transports": {"http://t": made}, "retry_interval": 60.0, **options})
    async with Engine.open(chosen, clock=made.clock) as engine:
        made.engine = engine
        await engine.register(read_registration(registered(replies, configs or {})))
        transport = httpx.ASGITransport(engine_app(engine))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as api:
            made.api = api
            yield made


def registered(names: Any, configs: Mapping[str, Any]) -> Json:
    """The body with which the app registers."""
    functions = [
        {
            "id": f"t-{name}",
            "name": name,
            "triggers": [{"event": name}],
            "steps": {
                "step": {
                    "retries": {"attempts": 1},
                    "runtime": {"url": f"http://t/x?fnId=t-{name}&stepId=step"},
                }
            },
            **configs.get(name, {}),
        }
        for name in names
    ]
    return {"appname": "t", "url": "http://t/x", "functions": functions, "sdk": "test:v1"}


def returning(value: Json = "done") -> Callable[[Json], Any]:
    """A function that returns at once."""
    return lambda _: (200, value)
