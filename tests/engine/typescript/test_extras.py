"""What few apps of the TypeScript SDK use: durable endpoints, deferred functions, given inputs,
and realtime. One process of the app; a new engine, whose time a test moves, behind one door.
"""

import asyncio
import json
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from mainstem.engine import Engine, EngineOptions, RunStatus, RunView, VirtualClock, engine_app

from ..house import serving  # noqa: TID252  the helper of the room above
from .shop import NO_ENGINE, SIGNING_KEY, Door

Json = Any
pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass(frozen=True)
class App:
    """The app of `extras.mjs`."""

    url: str
    engine_url: str
    door: Door
    ledger: Path

    def ran(self) -> list[str]:
        """The steps whose bodies have run."""
        text = self.ledger.read_text() if self.ledger.exists() else ""
        return [json.loads(line) for line in text.splitlines()]


@dataclass
class Extras:
    """The app, with an engine of its own."""

    app: App
    engine: Engine
    clock: VirtualClock
    http: aiohttp.ClientSession

    async def go_on(self) -> None:
        """Let all be done, now and later."""
        await self.engine.settle(timeout=10)
        while (due := self.engine.next_due) is not None:
            self.clock.advance(timedelta(milliseconds=max(0, due - self.clock.now())))
            await self.engine.settle(timeout=10)

    async def ask(self, path: str, body: Json = None) -> tuple[int, str]:
        """Status and text of an endpoint's answer, with all waiting times passed over."""
        method = "GET" if body is None else "POST"
        async with self.http.request(
            method, f"{self.app.url}{path}", json=body, allow_redirects=False
        ) as first:
            if first.status != 302:
                return first.status, await first.text()
            location = first.headers["location"]
        waiting = asyncio.create_task(self.get(location))
        await self.go_on()
        return await waiting

    async def get(self, url: str) -> tuple[int, str]:
        async with self.http.get(url) as response:
            return response.status, await response.text()

    async def run_of(self, name: str, data: Json = None) -> RunView:
        """Send an event, go on until nothing is left, and give its one run."""
        (event_id,) = await self.engine.send([{"name": name, "data": data or {}}])
        await self.go_on()
        (run,) = self.engine.runs(event=event_id)
        return self.engine.run(run.id)

    async def run_of_all(self, name: str) -> None:
        """Send an event that several functions listen to, and go on until nothing is left."""
        await self.engine.send([{"name": name, "data": {}}])
        await self.go_on()

    async def replay(self, run_id: str, body: Json) -> RunView:
        """Run a run again, to its end."""
        url = f"{self.app.engine_url}/v1/runs/{run_id}/replay"
        async with self.http.post(url, json=body) as response:
            told = await response.json()
            assert response.status < 300, told
        await self.go_on()
        return self.engine.run(told["data"]["run_id"])

    def only_run(self) -> RunView:
        (run,) = self.engine.runs()
        return self.engine.run(run.id)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def app(app_folder: Path) -> AsyncIterator[App]:
    door, ledger = Door(NO_ENGINE), app_folder / "extras.ledger"
    async with serving(door) as origin:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("INNGEST_")}
        process = subprocess.Popen(  # noqa: ASYNC220  returns at once
            ["node", "--experimental-websocket", "extras.mjs", str(ledger)],
            cwd=app_folder,
            env={**environment, "INNGEST_DEV": origin, "SIGNING_KEY": SIGNING_KEY},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout
            line = await asyncio.to_thread(process.stdout.readline)
            assert line.startswith("port "), f"the app did not start: {line!r}"
            yield App(f"http://127.0.0.1:{line.split()[1]}", origin, door, ledger)
        finally:
            process.kill()
            process.communicate()


@asynccontextmanager
async def opened(app: App, *paths: str, **options: Any) -> AsyncIterator[Extras]:
    app.ledger.write_text("")
    clock = VirtualClock(datetime.now(UTC) + timedelta(minutes=2))
    async with (
        Engine.open(EngineOptions(**options), clock=clock) as engine,
        aiohttp.ClientSession() as http,
    ):
        app.door.open_to(engine_app(engine))
        for path in paths:
            await engine.sync_app(f"{app.url}{path}")
        yield Extras(app, engine, clock, http)


@pytest_asyncio.fixture(loop_scope="session")
async def extras(app: App) -> AsyncIterator[Extras]:
    async with opened(app) as extras:
        yield extras


@pytest_asyncio.fixture(loop_scope="session")
async def synced(app: App) -> AsyncIterator[Extras]:
    async with opened(app, "/api/inngest", "/api/classic") as extras:
        yield extras


async def test_an_endpoint_answers_at_once_when_its_steps_need_no_waiting(extras: Extras) -> None:
    assert await extras.ask("/open/steps?q=x") == (200, '{"two":2,"q":"x"}')
    run = extras.only_run()
    await extras.engine.settle(timeout=5)
    assert [(step.name, step.output) for step in run.steps] == [("one", 1), ("two", 2)]
    assert (extras.app.ran(), extras.engine.stats().calls) == (["one", "two"], 0)


async def test_an_endpoint_that_sleeps_answers_when_it_has_slept(extras: Extras) -> None:
    assert await extras.ask("/open/sleeps?n=4", {"body": 1}) == (200, '{"after":8}')
    run = extras.only_run()
    assert run.status is RunStatus.COMPLETED
    assert run.ended_at is not None
    assert run.ended_at - run.created_at >= 3_600_000
    assert extras.app.ran() == ["before", "after"]


async def test_a_step_of_an_endpoint_that_fails_is_tried_again(extras: Extras) -> None:
    assert await extras.ask("/open/retries") == (200, '{"got":"flaky"}')
    assert extras.app.ran() == ["flaky 1", "flaky 2"]


async def test_an_endpoint_that_fails_is_tried_again_with_its_memos(extras: Extras) -> None:
    assert await extras.ask("/open/throws") == (200, '{"ok":true}')
    assert extras.app.ran() == ["first", "throws 1", "throws 2"]


async def test_steps_of_an_endpoint_run_side_by_side(extras: Extras) -> None:
    assert await extras.ask("/open/parallel") == (200, '["l","r"]')
    assert sorted(extras.app.ran()) == ["left", "right"]


async def test_an_endpoint_that_refuses_says_so_and_its_run_ends_as_failed(extras: Extras) -> None:
    status, text = await extras.ask("/open/refuses")
    assert (status, "never" in text) == (400, True)
    # The SDK tells its server nothing of it: the run ends when it has been silent for long.
    assert extras.only_run().status is RunStatus.RUNNING
    await extras.go_on()
    assert extras.only_run().status is RunStatus.FAILED
    assert extras.app.ran() == ["first"]


async def test_an_endpoint_goes_on_in_the_next_engine(app: App, tmp_path: Path) -> None:
    path = str(tmp_path / "engine.db")
    async with opened(app, path=path) as first:
        begun = await first.http.post(f"{app.url}/open/sleeps?n=1", json={}, allow_redirects=False)
        location = begun.headers["location"]
        begun.release()
    async with opened(app, path=path) as second:
        await second.go_on()
        assert await second.get(location) == (200, '{"after":2}')


async def test_a_sealed_endpoint_takes_signed_requests(app: App) -> None:
    async with opened(app, signing_key=SIGNING_KEY, event_keys=("an-event-key",)) as extras:
        assert await extras.ask("/sealed/parallel", {"b": 1, "a": 2}) == (200, '["l","r"]')
        assert await extras.ask("/sealed/parallel") == (200, '["l","r"]')


async def test_what_an_endpoint_streams_is_followed_across_its_requests(extras: Extras) -> None:
    async with extras.http.get(f"{extras.app.url}/follow") as response:
        await response.content.readexactly(1)
        async with asyncio.timeout(10):
            async for change in extras.engine.changes():
                if change.status == "sleeping":
                    break
            # Only then: the token that it listens with is good for a minute.
            while not extras.engine.realtime.publish_raw(change.run_id, ":\n\n"):  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        await extras.go_on()
        told = json.loads(await response.text())
    assert told == {"pushed": ["hello", "again"], "answer": {"done": True}}


@pytest.mark.parametrize("client", ["extras", "classic"])
@pytest.mark.parametrize(("fails", "status"), [(False, "COMPLETED"), (True, "FAILED")])
async def test_deferred_functions_start_when_their_run_has_ended(
    synced: Extras, client: str, *, fails: bool, status: str
) -> None:
    run = await synced.run_of(f"{client}/defers", {"fails": fails})
    (mail,) = synced.engine.runs(function=f"{client}-mail")
    assert (run.status, mail.status) == (status, RunStatus.COMPLETED)
    assert mail.output == {"to": "ann", "parent": f"{client}-defers"}
    assert mail.created_at >= (run.ended_at or 0)


@pytest.mark.parametrize("path", ["extras", "classic"])
async def test_a_replay_gives_a_step_another_input(synced: Extras, path: str) -> None:
    await synced.run_of_all("extras/add")
    (run,) = synced.engine.runs(function=f"{path}-add")
    synced.app.ledger.write_text("")
    new = await synced.replay(run.id, {"inputs": {"sum": [5, 6]}})
    assert (new.output, synced.app.ran()) == ("sum 11", ["base", "sum", "text"])
    assert [step.output for step in new.steps] == [10, 11, "sum 11"]


async def test_what_a_function_publishes_reaches_a_subscriber(synced: Extras) -> None:
    async with synced.http.get(f"{synced.app.url}/listen") as response:
        await response.content.readexactly(1)
        await synced.run_of("extras/publish", {"n": 7})
        told = json.loads(await response.text())
    assert told == {"topic": "items", "data": {"n": 7}}
