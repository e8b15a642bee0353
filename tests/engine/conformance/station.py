"""An engine on one socket, apps of the real SDK on another, and all that passes between them.

Requests take real time; the engine's own time is virtual, so a sleep of a week costs nothing.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import fastapi
import httpx
import inngest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mainstem.engine import Engine, RunView, VirtualClock

from ..house import serve  # noqa: TID252  the helper of the room above

Json = Any
KEY = "signkey-test-" + "ab" * 16
Functions = Sequence[inngest.Function[Any]]
Handler = Callable[[inngest.Context], Awaitable[Any]]
Decorator = Callable[[Handler], inngest.Function[Any]]
Make = Callable[[inngest.Inngest], Functions]


def on(name: str, client: inngest.Inngest, **given: Any) -> Decorator:
    """A function of this id on the event `{app}/{id}`."""
    trigger = inngest.TriggerEvent(event=f"{client.app_id}/{name}")
    create: Decorator = client.create_function(fn_id=name, trigger=trigger, **given)
    return create


def hashed(step_id: str) -> str:
    """What the SDK makes of a step's id."""
    return hashlib.sha1(step_id.encode(), usedforsecurity=False).hexdigest()


async def giving(value: Json) -> Json:
    """A step that gives what it gets."""
    return value


@dataclass(frozen=True)
class Exchange:
    """One request that reached an app, and the app's answer."""

    app: str
    method: str
    target: str
    headers: Mapping[str, str]
    body: Json
    status: int
    answer_headers: Mapping[str, str]
    answer_text: str

    @property
    def ctx(self) -> Mapping[str, Json]:
        """What a call says of itself."""
        return dict(self.body["ctx"])

    @property
    def answer(self) -> Json:
        """The answer's body."""
        return json.loads(self.answer_text)

    @property
    def ops(self) -> list[tuple[str, str]]:
        """Kind and shown name of each step of a 206; none of another answer."""
        if self.status != 206:
            return []
        return [(op["op"], op["displayName"]) for op in self.answer]


@dataclass
class Apps:
    """All apps of the tests behind one socket, told apart by the first part of the path."""

    apps: dict[str, ASGIApp] = field(default_factory=dict)
    exchanges: list[Exchange] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = scope["path"].strip("/")
        if name not in self.apps:
            await Response(status_code=404)(scope, receive, send)
            return
        request = Request(scope, receive)
        content = await request.body()
        messages: list[Message] = []

        unread: list[Message] = [{"type": "http.request", "body": content, "more_body": False}]

        async def replay() -> Message:
            # After the body, who streams an answer waits here for the end of the connection.
            return unread.pop() if unread else await receive()

        async def note(message: Message) -> None:
            messages.append(message)
            await send(message)

        await self.apps[name](scope, replay, note)
        start = next(each for each in messages if each["type"] == "http.response.start")
        told = {key.decode().lower(): value.decode() for key, value in start["headers"]}
        text = b"".join(each.get("body", b"") for each in messages).decode()
        self.exchanges.append(
            Exchange(
                app=name,
                method=request.method,
                target=request.query_params.get("stepId", ""),
                headers=dict(request.headers),
                body=json.loads(content) if content else None,
                status=start["status"],
                answer_headers=told,
                answer_text=text,
            )
        )


@dataclass
class Place:
    """One app under test, synced with the station's engine."""

    station: "Station"
    id: str
    url: str
    client: inngest.Inngest

    @property
    def engine(self) -> Engine:
        """The engine that the app is synced with."""
        return self.station.engine

    async def send(self, name: str, data: Json = None, **fields: Json) -> str:
        """Send an event by the SDK's own client; its id."""
        (event_id,) = await self.client.send(inngest.Event(name=name, data=data or {}, **fields))
        return event_id

    async def run_of(self, name: str, data: Json = None, **fields: Json) -> RunView:
        """Send an event, let time pass until the one run it started is over, and give that."""
        return await self.rest(await self.start(name, data, **fields))

    async def start(self, name: str, data: Json = None, **fields: Json) -> str:
        """Send an event, let what is due now happen, and give the one run it started."""
        event_id = await self.send(name, data, **fields)
        await self.engine.settle(timeout=10)
        (run,) = self.engine.runs(event=event_id)
        return run.id

    async def rest(self, run_id: str) -> RunView:
        """Let time pass until the run is over, by a hundred moments at which something is due."""
        await self.engine.settle(timeout=10)
        for _ in range(100):
            if self.engine.run(run_id).is_over:
                return self.engine.run(run_id)
            due = self.engine.next_due
            assert due is not None, f"nothing is due, and {self.engine.run(run_id)} is not over"
            await self.station.advance(milliseconds=max(0, due - self.station.clock.now()))
        raise AssertionError(f"{self.engine.run(run_id)} does not end")

    def runs(self, function: str) -> list[RunView]:
        """The runs of a function of this app, oldest first."""
        return self.engine.runs(function=f"{self.id}-{function}")[::-1]

    def exchanges(self, method: str) -> list[Exchange]:
        """What passed between the engine and this app by this method, as it was answered."""
        found = self.station.apps.exchanges
        return [each for each in found if (each.app, each.method) == (self.id, method)]

    def calls(self, run_id: str) -> list[Exchange]:
        """The calls of a run, in the order in which they were answered."""
        return [each for each in self.exchanges("POST") if each.ctx["run_id"] == run_id]

    def events(self, name: str, run_id: str) -> list[Json]:
        """The internal events of this name about a run."""
        rows = self.engine.reader.execute("SELECT body FROM events WHERE name = ?", (name,))
        told = [json.loads(row["body"]) for row in rows]
        return [each for each in told if each["data"].get("run_id") == run_id]


@dataclass
class Station:
    """The engine, the apps and what is needed to ask either."""

    engine: Engine
    clock: VirtualClock
    origin: str
    apps: Apps
    apps_origin: str
    http: httpx.AsyncClient
    count: int = 0

    async def open(self, make: Make, *, sync: bool = True, **client: Json) -> Place:
        """Serve a new app with these functions and sync it; `client` is what its client gets."""
        place = self.serve(make, **client)
        if sync:
            await self.engine.sync_app(place.url)
        return place

    def serve(
        self, make: Make, *, app_id: str = "", streaming: Json = None, **given: Json
    ) -> Place:
        """Serve an app, or other functions in place of those it had."""
        if not app_id:
            self.count += 1
            app_id = f"app{self.count}x"
        usual = {"event_api_base_url": self.origin, "api_base_url": self.origin, "event_key": "k"}
        keys = {"is_production": "signing_key" in given}
        client = inngest.Inngest(app_id=app_id, **{**usual, **keys, **given})
        app = fastapi.FastAPI()
        serve(app, client, list(make(client)), serve_path=f"/{app_id}", streaming=streaming)
        self.apps.apps[app_id] = app
        return Place(self, app_id, f"{self.apps_origin}/{app_id}", client)

    async def advance(self, **span: float) -> None:
        """Let time pass and everything that is due by then come to rest."""
        end = self.clock.now() + round(timedelta(**span) / timedelta(milliseconds=1))
        await self.engine.settle(timeout=10)
        while (due := self.engine.next_due) is not None and due <= end:
            self.clock.advance(timedelta(milliseconds=max(0, due - self.clock.now())))
            await self.engine.settle(timeout=10)
        self.clock.advance(timedelta(milliseconds=max(0, end - self.clock.now())))
        await self.engine.settle(timeout=10)

    async def query(self, text: str, **variables: Json) -> Json:
        """What the query API answers, errors and all."""
        response = await self.http.post("/v0/gql", json={"query": text, "variables": variables})
        assert response.status_code == 200, response.text
        return response.json()
