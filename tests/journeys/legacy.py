"""A code base beside an engine: a copy of an example in a process of its own, and what it did.

Nothing here knows how the code base is written. It is served by `uvicorn`, the engine syncs every
endpoint that answers, events come in by its own pages and by the event API, and what happened is
read off the engine, without what differs from run to run: ids, times, addresses, places in files.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from mainstem.cli import main
from mainstem.cli.servers import LOOPBACK, bind, serving
from mainstem.engine import Engine, EngineOptions, RunView, StepStatus, engine_app

from .conftest import environment

Json = Any
EXAMPLES = Path(__file__).parents[2] / "examples"
_TIMEOUT_S = 30
_ADDRESS = re.compile(r"Uvicorn running on (http://\S+)")


@dataclass(frozen=True)
class CodeBase:
    """One of the examples: how it is served, and what it calls itself.

    `endpoints` are those of the old way; a migrated copy has one of them. `app_ids` are cut off
    the functions' ids, which is all that a change of app may change in them.
    """

    package: str
    application: str
    endpoints: tuple[str, ...]
    app_ids: tuple[str, ...]

    def copy_to(self, folder: Path) -> Path:
        """A copy of the code base in `folder`, from where it can be imported; gives `folder`."""
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(EXAMPLES / self.package, folder / self.package, ignore=ignored)
        return folder

    def local_id(self, function_id: str) -> str:
        """A function's id without its app's."""
        for app_id in sorted(self.app_ids, key=len, reverse=True):
            if function_id.startswith(f"{app_id}-"):
                return function_id.removeprefix(f"{app_id}-")
        return function_id


@dataclass(frozen=True)
class Ran:
    """One run as far as it is the same each time; an error is its name and message."""

    function: str
    data: Json
    status: str
    output: Json
    steps: tuple[str, ...]

    @property
    def error(self) -> str:
        """The message that the run failed with."""
        return str(self.output["message"])


@dataclass
class Story:
    """What a code base did while its story was played."""

    listings: list[dict[str, frozenset[str]]] = field(default_factory=list)
    configurations: dict[str, Json] = field(default_factory=dict)
    runs: list[Ran] = field(default_factory=list)
    events: list[tuple[str, Json]] = field(default_factory=list)

    @property
    def functions(self) -> frozenset[str]:
        """The functions registered at the end of the story, in whichever app."""
        return frozenset().union(*self.listings[-1].values())

    def of(self, function: str, /, **data: Json) -> list[Ran]:
        """The runs of a function whose event has these data."""
        return [
            run
            for run in self.runs
            if run.function == function and data.items() <= run.data.items()
        ]

    def one(self, function: str, /, **data: Json) -> Ran:
        """The one run of a function whose event has these data."""
        found = self.of(function, **data)
        assert len(found) == 1, f"{len(found)} runs of {function} with {data}"
        return found[0]

    def sent(self, name: str) -> list[Json]:
        """The data of every event of that name."""
        return [data for each, data in self.events if each == name]


@dataclass
class Stage:
    """A code base that is being served, beside an engine that is running."""

    code: CodeBase
    engine: Engine
    web: httpx.AsyncClient
    engine_web: httpx.AsyncClient
    story: Story

    async def sync(self, last: str) -> None:
        """Sync every endpoint that answers, `last` last; note which functions there are then."""
        for endpoint in sorted(self.code.endpoints, key=lambda each: each == last):
            if (await self.web.get(endpoint)).status_code != 404:
                await self.engine.sync_app(f"{self.web.base_url}".rstrip("/") + endpoint)
        apps = self.engine.apps()
        self.story.listings.append(
            {
                app.name: frozenset(self.code.local_id(each.slug) for each in app.functions)
                for app in apps
                if app.functions
            }
        )
        for app in apps:
            for each in app.functions:
                self.story.configurations[self.code.local_id(each.slug)] = self._steady(each.config)

    async def post(self, path: str, body: Json = None) -> int:
        """Use one of the code base's own pages; how many events it says it sent."""
        answer = await self.web.post(path, json=body)
        assert answer.status_code == 202, f"{path}: {answer.status_code} {answer.text[-2000:]}"
        return int(answer.json()["accepted"])

    async def send(self, name: str, /, **data: Json) -> None:
        """Send an event by the event API."""
        answer = await self.engine_web.post("/e/any-key", json={"name": name, "data": data})
        assert answer.status_code == 200, answer.text

    async def invoke(self, function: str) -> None:
        """Start a function as its schedule would, without waiting for the day."""
        slugs = [each.slug for app in self.engine.apps() for each in app.functions]
        (slug,) = (each for each in slugs if self.code.local_id(each) == function)
        answer = await self.engine_web.post(f"/invoke/{slug}", json={"data": {}})
        assert answer.status_code == 200, answer.text

    async def until_step(self, function: str, status: StepStatus, /, **data: Json) -> None:
        """Return when a run of `function` with these data stands at a step in that status."""

        def stands() -> bool:
            return any(
                any(step.status is status for step in self.engine.run(run.id).steps)
                for run in self.engine.runs(limit=1000)
                if self.code.local_id(run.function_id) == function
                and data.items() <= run.events[0]["data"].items()
            )

        changes = self.engine.changes()
        async with asyncio.timeout(_TIMEOUT_S):
            while not stands():
                await anext(changes)

    async def rest(self) -> None:
        """Return when nothing is left to do."""
        await self.engine.wait_idle(timeout=_TIMEOUT_S)

    async def close_story(self) -> Story:
        """What happened, in an order of its own."""
        views = [self.engine.run(run.id) for run in self.engine.runs(limit=1000)]
        self.story.runs = sorted(map(self._ran, views), key=repr)
        found = (await self.engine_web.get("/v1/events", params={"limit": "100"})).json()["data"]
        self.story.events = sorted(((each["name"], each["data"]) for each in found), key=repr)
        return self.story

    def _ran(self, run: RunView) -> Ran:
        output = run.output
        if run.status.value == "FAILED":
            output = {"name": output.get("name"), "message": output.get("message")}
        return Ran(
            function=self.code.local_id(run.function_id),
            data=self._steady(run.events[0]["data"]),
            status=run.status.value,
            output=output,
            steps=tuple(f"{step.name} {step.status.value}" for step in run.steps),
        )

    def _steady(self, value: Json) -> Json:
        """`value` without app ids, addresses, ids of runs and places in files."""
        if isinstance(value, Mapping):
            # The stack of an error names files; what the engine adds to an event names runs.
            dropped = {"stack", "_inngest", "run_id", "correlation_id", "id", "ts", "url"}
            return {key: self._steady(each) for key, each in value.items() if key not in dropped}
        if isinstance(value, Sequence) and not isinstance(value, str):
            return [self._steady(each) for each in value]
        if isinstance(value, str):
            # The expression of a failure's trigger quotes the id of its function.
            return re.sub(r"'([\w-]+)'", lambda m: f"'{self.code.local_id(m[1])}'", value)
        return value


@asynccontextmanager
async def staged(code: CodeBase, folder: Path) -> AsyncIterator[Stage]:
    """Serve the copy in `folder` beside an engine, while the block runs."""
    listener = bind(LOOPBACK, 0, option="--engine-port")
    engine = Engine.open(EngineOptions(retry_interval=0.05))
    async with engine, serving(engine_app(engine), listener) as engine_url:
        with _served(code, folder, engine_url) as address:
            async with (
                httpx.AsyncClient(base_url=address, timeout=_TIMEOUT_S) as web,
                httpx.AsyncClient(base_url=engine_url, timeout=_TIMEOUT_S) as engine_web,
            ):
                yield Stage(code, engine, web, engine_web, Story())


@contextmanager
def _served(code: CodeBase, folder: Path, engine_url: str) -> Iterator[str]:
    """The copy's application in a process of its own; gives its address."""
    variables = {
        **environment(),
        "PYTHONPATH": str(folder),
        "PYTHONDONTWRITEBYTECODE": "1",
        "INNGEST_DEV": engine_url,
        "MAINSTEM_APP_ID": code.app_ids[0],
    }
    log = folder / "served.log"
    with log.open("w") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", code.application, "--port", "0"],
            cwd=folder,
            env=variables,
            stdout=sink,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + _TIMEOUT_S
        while (found := _ADDRESS.search(log.read_text())) is None:
            alive = process.poll() is None and time.monotonic() < deadline
            assert alive, f"{code.application} does not start:\n{log.read_text()[-4000:]}"
            time.sleep(0.01)
        yield found[1]
    finally:
        process.kill()
        process.wait()


Play = Callable[[Stage], Awaitable[Story]]


def played(code: CodeBase, play: Play, folder: Path) -> Story:
    """The story of the copy in `folder`."""

    async def play_it() -> Story:
        async with staged(code, folder) as stage:
            return await play(stage)

    return asyncio.run(play_it())


def migrate(folder: Path, *words: str) -> tuple[int, str]:
    """Run `mainstem migrate` with `words` in `folder`, in this process: exit code, and output."""
    said = io.StringIO()
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(said),
    ):
        try:
            main(("migrate", *words))
        except SystemExit as ended:
            return int(ended.code or 0), said.getvalue()
    raise AssertionError("a command always ends by SystemExit")


def told(runs: Iterable[Ran]) -> str:
    """Runs as text, one a line: two stories are then compared line by line."""
    return "\n".join(
        f"{run.function} {run.status} {json.dumps(run.data, sort_keys=True)}"
        f" -> {json.dumps(run.output, sort_keys=True)} {list(run.steps)}"
        for run in runs
    )
