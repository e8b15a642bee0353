"""Scenario 2: an event that is delivered twice has one effect, on a real engine over sockets."""

from __future__ import annotations

from pathlib import Path

import fastapi
import inngest
import inngest.fast_api

from mainstem.cli.servers import LOOPBACK, bind, serving, url_of
from mainstem.engine import Engine, EngineOptions, engine_app
from mainstem.functions import PrReviewsRequested, catalogue
from mainstem.simulate import generate

from .stage import Stage, facts, stage


async def deliver(here: Stage, *event_ids: str) -> int:
    """The same request for reviews, once under each of the ids; gives how many runs there were."""
    number = min(n for n, reviews in here.there.reviews.items() if reviews)
    asked = PrReviewsRequested(repository_id=here.home, pr_number=number)
    at_engine, at_app = bind(LOOPBACK, 0, option="--port"), bind(LOOPBACK, 0, option="--port")
    url = url_of(at_engine)
    client = inngest.Inngest(
        app_id="twice", is_production=False, api_base_url=url, event_api_base_url=url
    )
    app = fastapi.FastAPI()
    inngest.fast_api.serve(app, client, catalogue().bind(client, here.services).functions)
    async with (
        Engine.open(EngineOptions()) as engine,
        serving(engine_app(engine), at_engine),
        serving(app, at_app) as endpoint,
    ):
        await engine.sync_app(f"{endpoint}/api/inngest")
        for event_id in event_ids:
            await client.send(asked.to_event(event_id=event_id))
        await engine.wait_idle(timeout=30)
        return len(engine.runs())


async def test_scenario_02_the_same_event_twice_is_one_run(tmp_path: Path) -> None:
    async with stage(tmp_path / "s.db", generate(2, 6)) as here:
        assert await deliver(here, "request-1", "request-1") == 1
        assert here.rows("reviews") != []


async def test_scenario_02_the_same_request_twice_leaves_the_rows_of_one(tmp_path: Path) -> None:
    async with (
        stage(tmp_path / "once.db", generate(2, 6)) as once,
        stage(tmp_path / "twice.db", generate(2, 6)) as twice,
    ):
        assert await deliver(once, "request-1") == 1
        assert await deliver(twice, "request-1", "request-2") == 2
        assert facts(twice) == facts(once)
