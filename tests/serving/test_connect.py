"""A Connect worker: it comes back for ever, and says since when it is away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from mainstem.engine import Engine, EngineOptions, engine_app
from mainstem.serving import connect
from mainstem.serving.worker_health import WorkerHealth, pause_before, why_silent
from mainstem.settings import Settings

from .hosts import HOST, free_port, uvicorned
from .house import house, settings_of
from .shop import CATALOGUE, SHOP


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK's pauses are seconds long; nothing here depends on their length."""
    from inngest.connect._internal import conn_init_starter, isolated_worker

    monkeypatch.setattr(conn_init_starter, "CONN_INIT_RETRY_INTERVAL_SEC", 0.01)
    monkeypatch.setattr(isolated_worker, "RECONNECTION_DELAY_SEC", 0.01)
    monkeypatch.setattr(isolated_worker, "POST_CONNECT_SETTLE_SEC", 0.01)


def worker_for(settings: Settings) -> connect.Worker:
    worker = connect.worker(CATALOGUE, SHOP, settings=settings)
    worker._longest_pause = 0.05
    return worker


async def until(
    worker: connect.Worker, state: str, *, attempts: int = 0, told: str = ""
) -> WorkerHealth:
    async with asyncio.timeout(20):
        while True:
            now = worker.health()
            if now.state == state and now.attempts >= attempts and told in str(now.problem):
                return now
            await asyncio.sleep(0.01)


@asynccontextmanager
async def engine_on(port: int) -> AsyncIterator[Engine]:
    engine = Engine.open(EngineOptions())
    async with engine, uvicorned(engine_app(engine), port=port):
        yield engine


async def test_it_comes_back_after_the_server_went_and_says_since_when_it_was_away() -> None:
    port = free_port()
    settings = settings_of(INNGEST_BASE_URL=f"http://{HOST}:{port}")
    async with worker_for(settings) as worker:
        async with engine_on(port):
            connected = await until(worker, "connected")
        away = await until(worker, "away")
        assert connected.since <= away.since <= datetime.now(UTC)
        assert away.problem
        async with engine_on(port) as engine:
            again = await until(worker, "connected")
            assert again.since > away.since
            assert again.problem is None
            await engine.send([{"name": "shop/order.placed", "data": {"orderId": 7}}])
            await engine.wait_idle(timeout=20)
            assert "The shop packed 7" in [run.output for run in engine.runs()]


async def test_while_the_sdk_still_tries_it_says_that_no_answer_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from inngest.connect._internal import conn_init_starter

    port = free_port()
    settings = settings_of(INNGEST_BASE_URL=f"http://{HOST}:{port}")
    async with worker_for(settings) as worker:
        async with engine_on(port):
            await until(worker, "connected")
            # From now on the SDK does not give up while this test runs.
            monkeypatch.setattr(conn_init_starter, "CONN_INIT_RETRY_INTERVAL_SEC", 60)
        away = await until(worker, "away", told="no answer")
    assert f"no answer comes from the server http://{HOST}:{port}" in str(away.problem)
    assert (away.state, away.attempts) == ("away", 1)


async def test_a_server_that_answers_is_not_called_silent() -> None:
    async with house() as there:
        assert "answers" in await why_silent(there.settings)


async def test_it_goes_on_where_the_sdk_gives_up() -> None:
    settings = settings_of(INNGEST_BASE_URL=f"http://{HOST}:{free_port()}")
    async with worker_for(settings) as worker:
        away = await until(worker, "away", attempts=4)
    assert "Failed request" in str(away.problem)
    assert not away.is_well


async def test_a_refused_key_is_told_and_tried_again() -> None:
    async with house("production") as there:
        another = SecretStr("signkey-prod-" + "cd" * 16)
        wrong = there.settings.model_copy(update={"signing_key": another})
        async with worker_for(wrong) as worker:
            away = await until(worker, "away", attempts=3)
    assert "unauthorized" in str(away.problem)


async def test_closing_stops_it_and_a_second_time_does_no_harm() -> None:
    async with house() as there:
        worker = connect.worker(CATALOGUE, SHOP, settings=there.settings)
        async with worker:
            await until(worker, "connected")
        await worker.close()
        assert worker.health().state == "stopped"


async def test_health_is_plain_data_for_a_page() -> None:
    worker = connect.worker(CATALOGUE, SHOP, settings=settings_of())
    told = worker.health().as_json()
    assert (told["state"], told["ok"], told["app_id"]) == ("stopped", False, "shop")
    assert told["functions"] == len(CATALOGUE)
    assert datetime.fromisoformat(told["since"]).tzinfo is not None


@pytest.mark.parametrize(
    ("attempt", "chance", "seconds"),
    [(0, 0.0, 1), (1, 0.0, 2), (3, 0.0, 8), (3, 1.0, 4), (9, 0.0, 60), (10_000, 0.0, 60)],
)
def test_pauses_double_up_to_a_cap(attempt: int, chance: float, seconds: float) -> None:
    assert pause_before(attempt, cap=60, chance=chance) == seconds


async def test_a_thread_of_the_sdk_that_does_not_end_is_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from inngest.connect._internal.isolated_worker import IsolatedWorker

    run = IsolatedWorker.run

    async def lingers(self: Any) -> None:
        await run(self)
        await asyncio.Event().wait()  # as if a task of it never ended

    monkeypatch.setattr(IsolatedWorker, "run", lingers)
    monkeypatch.setattr("mainstem.serving.connect._ENDS_WITHIN_S", 0.2)
    async with house() as there:
        async with asyncio.timeout(20):
            async with connect.worker(CATALOGUE, SHOP, settings=there.settings) as worker:
                await worker.connected()
    assert worker.health().state == "stopped"
