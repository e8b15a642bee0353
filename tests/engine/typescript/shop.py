"""An app of the TypeScript SDK in a process of its own, and an engine with a virtual clock."""

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mainstem.engine import Engine, EngineOptions, RunView, VirtualClock, engine_app

Json = Any

VARIANTS: Final = ("v4", "v4-classic", "v4-buffered", "v4-brief", "v3")
SIGNING_KEY: Final = "signkey-test-0123456789abcdef0123456789abcdef"
_HERE = Path(__file__).parent
# The SDK dates events by its own clock: ours must not be behind it, or runs would wait. Signatures
# may differ from the SDK's clock by five minutes.
_AHEAD = timedelta(minutes=2)
_PATIENCE_SECONDS = 20.0
NO_ENGINE: Final = PlainTextResponse("there is no engine", 503)
_NOT_FOUND = PlainTextResponse("404 page not found", 404)


class Node:
    """One process of the app; its ledger tells, also after its death, which steps' bodies ran."""

    def __init__(
        self,
        folder: Path,
        variant: str,
        engine_origin: str,
        ledger: Path,
        *script: str,
    ) -> None:
        self.variant = variant
        self.ledger = ledger
        self.port = 0
        self._folder = folder
        self._script = script or ("app.mjs",)
        self._environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("INNGEST_")},
            "INNGEST_DEV": engine_origin,
            "SIGNING_KEY": SIGNING_KEY,
        }
        self._process: subprocess.Popen[str] | None = None

    async def start(self) -> Self:
        """Start it, on the port that it had before if it had one."""
        await asyncio.to_thread(self._start)
        return self

    def _start(self) -> None:
        self._process = subprocess.Popen(
            ["node", *self._script, self.variant, str(self.port), str(self.ledger)],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line.startswith("port "), f"the app of {self.variant} did not start: {line!r}"
        self.port = int(line.split()[1])

    def kill(self) -> None:
        """End it at once, as `kill -9` does."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def ran(self, run_id: str | None = None) -> list[str]:
        """The steps whose bodies ran, in order, each time they did; of one run or of all."""
        if not self.ledger.exists():
            return []
        lines = [json.loads(line) for line in self.ledger.read_text().splitlines()]
        return [line["step"] for line in lines if run_id in (None, line["run"])]

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"


@dataclass(frozen=True)
class Asked:
    """A request of the app and the status of its answer."""

    path: str
    status: int
    body: Json


@dataclass
class Door:
    """What the app asks the engine, noted; the engine behind it is another one in each test."""

    app: ASGIApp
    asked: list["Asked"] = field(default_factory=list)
    closed: str = ""  # requests to paths that begin so get a 404

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, status = b"", 0

        async def listen() -> Message:
            nonlocal body
            message = await receive()
            body += message.get("body", b"")
            return message

        async def tell(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        is_closed = self.closed and scope["path"].startswith(self.closed)
        await (_NOT_FOUND if is_closed else self.app)(scope, listen, tell)
        self.asked.append(Asked(scope["path"], status, json.loads(body) if body else None))

    def open_to(self, app: ASGIApp) -> None:
        self.app, self.closed = app, ""
        self.asked.clear()

    def checkpoints(self) -> list[Asked]:
        """The checkpoints that the app sent, those that were refused too."""
        return [each for each in self.asked if each.path.startswith("/v1/checkpoint/")]


def copy_app(node_modules: Path, folder: Path) -> None:
    """Put the app beside the packages, where node looks for them."""
    for each in _HERE.glob("*.mjs"):
        shutil.copy(each, folder)
    (folder / "node_modules").symlink_to(node_modules)


@dataclass
class Shop:
    """The app of one variant, synced with an engine of its own, whose time a test moves.

    `app` is the id that the runs of `runs` belong to.
    """

    app: str
    engine: Engine
    clock: VirtualClock
    node: Node
    door: Door

    @property
    def variant(self) -> str:
        return self.node.variant

    @property
    def calls(self) -> int:
        """How many requests the engine has sent and got answered."""
        return self.engine.stats().calls

    def checkpoints(self) -> list[list[str]]:
        """The names of the steps in each checkpoint that was taken."""
        bodies = [each.body for each in self.door.checkpoints() if each.status == 200]
        return [[step["displayName"] for step in body["steps"]] for body in bodies]

    async def sync(self, path: str) -> Json:
        """Sync what the app serves at another path."""
        return await self.engine.sync_app(self.node.url(path))

    async def send(self, name: str, data: Json = None, **fields: Json) -> str:
        (event_id,) = await self.engine.send([{"name": name, "data": data or {}, **fields}])
        return event_id

    async def send_all(self, name: str, data: Sequence[Json]) -> list[str]:
        """Send events in one request; their ids."""
        return await self.engine.send([{"name": name, "data": each} for each in data])

    async def settle(self) -> None:
        """Let all be done that is due at this moment."""
        await self.engine.settle(timeout=_PATIENCE_SECONDS)

    async def pass_time(self, **span: float) -> None:
        """Go on through everything that comes due within a span, to its end."""
        end = self.clock.now() + round(timedelta(**span) / timedelta(milliseconds=1))
        await self.settle()
        while (due := self.engine.next_due) is not None and due <= end:
            self._go_to(due)
            await self.settle()
        self._go_to(end)
        await self.settle()

    async def finish(self, event_id: str) -> RunView:
        """Go on until the one run of an event is over."""
        while True:
            await self.settle()
            (run,) = self.engine.runs(event=event_id)
            if run.is_over:
                return self.engine.run(run.id)
            due = self.engine.next_due
            assert due is not None, f"run {run.id} is {run.status} and waits for nothing"
            self._go_to(due)

    async def run_of(self, name: str, data: Json = None) -> RunView:
        """Send an event and go on until its one run is over."""
        return await self.finish(await self.send(name, data))

    async def until_ran(self, count: int, run_id: str | None = None) -> None:
        """Return when the bodies of so many steps, of a run or of all, have begun."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while len(self.node.ran(run_id)) < count:  # noqa: ASYNC110  a file tells nobody
                await asyncio.sleep(0.002)

    def runs(self, name: str) -> list[RunView]:
        """The runs of a function, oldest first, with their steps."""
        found = self.engine.runs(function=f"{self.app}-{name}", limit=1000)
        return [self.engine.run(run.id) for run in reversed(found)]

    def _go_to(self, moment: int) -> None:
        self.clock.advance(timedelta(milliseconds=max(0, moment - self.clock.now())))


@asynccontextmanager
async def opened(node: Node, door: Door, app: str = "shop", **options: Any) -> AsyncIterator[Shop]:
    """A new engine with these options behind the door, and an app of the process synced."""
    clock = VirtualClock(datetime.now(UTC) + _AHEAD)
    async with Engine.open(EngineOptions(**options), clock=clock) as engine:
        door.open_to(engine_app(engine))
        shop = Shop(app, engine, clock, node, door)
        await shop.sync("/api/inngest" if app == "shop" else f"/api/{app}")
        yield shop
