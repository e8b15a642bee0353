"""The engine's doors: opening, closing, keys, and what the HTTP API says when asked wrongly."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import inngest
import pytest

import mainstem.engine as door
from mainstem.engine import (
    BadEvent,
    Engine,
    EngineBusy,
    EngineError,
    EngineNotRunning,
    EngineOptions,
    UnknownRun,
    engine_app,
)
from mainstem.engine.configuration import parse_function
from mainstem.engine.errors import BadConfiguration

from .house import House


@asynccontextmanager
async def asked(engine: Engine) -> AsyncIterator[httpx.AsyncClient]:
    """A client of this engine's app."""
    transport = httpx.ASGITransport(engine_app(engine))
    async with httpx.AsyncClient(transport=transport, base_url="http://engine") as client:
        yield client


def test_the_door_names_what_others_may_use() -> None:
    assert all(hasattr(door, name) for name in door.__all__)
    assert {"Engine", "EngineOptions", "engine_app", "VirtualClock"} <= set(door.__all__)


async def test_a_file_has_one_engine(tmp_path: Path) -> None:
    path = str(tmp_path / "engine.db")
    async with Engine.open(EngineOptions(path)):
        with pytest.raises(EngineBusy, match=r"engine\.db.*another engine is running") as caught:
            Engine.open(EngineOptions(path))
    assert caught.value.path == path
    await Engine.open(EngineOptions(path)).aclose()


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("this is no database, but it is long enough to look at" * 20)
    with pytest.raises(EngineError, match="Cannot open the engine's file"):
        Engine.open(EngineOptions(str(other)))
    with pytest.raises(EngineError, match="Cannot open the engine's file"):
        Engine.open(EngineOptions(str(tmp_path / "no" / "such" / "folder.db")))


async def test_a_closed_engine_says_so() -> None:
    engine = Engine.open(EngineOptions())
    with pytest.raises(EngineNotRunning, match="not running"):
        await engine.sync_app("http://127.0.0.1:9")
    await engine.aclose()
    await engine.aclose()
    with pytest.raises(EngineNotRunning, match="closed"):
        await engine.__aenter__()


async def test_what_the_loop_died_of_reaches_who_waits(house: House) -> None:
    def broken(*_: int) -> None:
        raise RuntimeError("a defect")

    house.engine._loop.queue.take_timers = broken  # type: ignore[assignment,method-assign]
    house.engine._loop._wake.set()
    assert house.engine._loop._task is not None
    await house.engine._loop._task
    with pytest.raises(RuntimeError, match="a defect"):
        await house.engine.wait_idle(timeout=5)
    house.engine._loop._failure = None


async def test_a_refused_event_leaves_those_before_it(tmp_path: Path) -> None:
    async with Engine.open(EngineOptions(str(tmp_path / "e.db"))) as engine:
        with pytest.raises(BadEvent, match="event name is empty") as caught:
            await engine.send([{"name": "a"}, {"name": ""}, {"name": "b"}])
        assert len(caught.value.accepted) == 1
        with pytest.raises(BadEvent, match="at most 5000 events"):
            await engine.send([{"name": "a"}] * 5001)
        with pytest.raises(BadEvent, match="over the max size"):
            await engine.send([{"name": "a", "data": {"x": "y" * 3 * 1024 * 1024}}])


async def test_the_same_request_by_its_seed_is_accepted_once(tmp_path: Path) -> None:
    async with Engine.open(EngineOptions(str(tmp_path / "e.db"))) as engine, asked(engine) as api:
        headers = {"x-inngest-event-id-seed": "1700000000000,AAAAAAAAAAAAAA=="}
        answers = [
            (await api.post("/e/k", json=[{"name": "a"}], headers=headers)).json() for _ in range(2)
        ]
        assert answers[0] == answers[1]
        assert len((await api.get("/v1/events")).json()["data"]) == 1
        assert (await api.get(f"/v1/events/{answers[0]['ids'][0]}")).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/runs/none", 404),
        ("DELETE", "/v0/runs/none", 404),
        ("GET", "/v0/runs/none/actions", 400),
        ("GET", "/v1/events/none", 404),
        ("GET", "/v1/apps/none/functions", 404),
        ("POST", "/invoke/none", 404),
        ("GET", "/dev", 200),
        ("GET", "/health", 200),
    ],
)
async def test_asking_for_what_is_not_there(method: str, path: str, status: int) -> None:
    async with Engine.open(EngineOptions()) as engine, asked(engine) as api:
        response = await api.request(method, path)
        assert response.status_code == status
        assert response.headers["x-inngest-server-kind"] == "dev"
        with pytest.raises(UnknownRun, match="There is no run 'none'"):
            engine.run("none")


async def test_only_known_event_keys_are_taken() -> None:
    options = EngineOptions(event_keys=frozenset({"good"}))
    async with Engine.open(options) as engine, asked(engine) as api:
        assert (await api.post("/e/bad", json={"name": "a"})).status_code == 401
        assert (await api.post("/e/good", json={"name": "a"})).status_code == 200


async def test_the_query_api_answers_as_the_sdk_s_tests_ask(house: House) -> None:
    def make(client: inngest.Inngest) -> list[inngest.Function[Any]]:
        @client.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="a"))
        async def f(ctx: inngest.Context) -> str:
            async def one() -> int:
                return 1

            await ctx.step.run("one", one)
            return "done"

        return [f]

    await house.add_app(make)
    run = await house.run_of("a")
    (event_id,) = [event["id"] for event in run.events]
    async with asked(house.engine) as api:

        async def query(text: str, **variables: str) -> Any:
            body = {"query": text, "variables": variables}
            return (await api.post("/v0/gql", json=body)).json()

        found = await query(
            "query($e: ID!){event(query:{eventId:$e}){functionRuns{id}}}", e=event_id
        )
        assert found["data"]["event"]["functionRuns"] == [{"id": run.id}]
        shown = await query(
            "query($r: String!){run(runID:$r){output status trace{childrenSpans{name outputID}}}"
            " runTrigger(runID:$r){payloads}}",
            r=run.id,
        )
        assert (shown["data"]["run"]["output"], shown["data"]["run"]["status"]) == (
            '"done"',
            "COMPLETED",
        )
        spans = shown["data"]["run"]["trace"]["childrenSpans"]
        assert [span["name"] for span in spans] == ["one", "function success"]
        output = await query(
            "query($o: String!){runTraceSpanOutputByID(outputID:$o){data error{message}}}",
            o=spans[0]["outputID"],
        )
        assert output["data"]["runTraceSpanOutputByID"] == {"data": "1", "error": None}
        missing = await query('query{run(runID:"x"){status}}')
        assert (missing["data"]["run"], len(missing["errors"])) == (None, 1)
        assert (await api.get(f"/v1/runs/{run.id}")).json()["data"]["status"] == "Completed"
        assert (await api.get("/v1/apps/shop/functions")).json()["data"][0]["slug"] == "shop-f"
        assert (await api.get(f"/v0/runs/{run.id}/actions")).status_code == 410


@pytest.mark.parametrize(
    ("part", "rule"),
    [
        ({"name": ""}, "'name' is missing or empty"),
        ({"triggers": [{}]}, "an event or a cron"),
        ({"triggers": [{"event": "a", "cron": "* * * * *"}]}, "an event or a cron"),
        ({"triggers": [{"event": "a" * 256}]}, "longer than 255"),
        ({"triggers": [{"event": "a"}] * 2}, "twice"),
        ({"triggers": [{"event": str(n)} for n in range(11)]}, "more than 10 triggers"),
        ({"concurrency": [{"limit": 1, "scope": "moon", "key": "event.id"}]}, "scope is one of"),
        ({"concurrency": [{"limit": 1, "scope": "env"}]}, "needs a key"),
        ({"concurrency": [{"limit": -1}]}, "whole number above 0"),
        ({"cancel": [{"event": str(n)} for n in range(6)]}, "more than 5 cancel"),
        ({"debounce": {"period": "8d"}}, "between one second and seven days"),
        ({"rateLimit": {"limit": 1, "period": "2d"}}, "at most 24 hours"),
        ({"throttle": {"limit": 1, "period": "0"}}, "longer than nothing"),
        ({"batchEvents": {"maxSize": 1, "timeout": "1s"}}, "at least two events"),
        (
            {"batchEvents": {"maxSize": 2, "timeout": "1s"}, "debounce": {"period": "1s"}},
            "cannot be combined",
        ),
        ({"singleton": {"mode": "both"}}, "'skip' or 'cancel'"),
        ({"steps": {}}, "no step to call"),
        ({"steps": {"step": 5}}, "a wrong type"),
    ],
)
def test_a_configuration_that_breaks_a_rule_says_which(part: dict[str, Any], rule: str) -> None:
    good = {
        "id": "t-f",
        "name": "f",
        "triggers": [{"event": "a"}],
        "steps": {"step": {"runtime": {"url": "http://t"}}},
    }
    assert parse_function(good).max_attempts == 5
    with pytest.raises(BadConfiguration, match=rule) as caught:
        parse_function({**good, **part})
    assert caught.value.function == "t-f"


def test_limits_are_read_in_every_form_other_sdks_send() -> None:
    base = {
        "id": "t-f",
        "name": "f",
        "triggers": [{"event": "a"}],
        "steps": {"step": {"retries": {"attempts": 99}, "runtime": {"url": "http://t"}}},
    }
    forms = [7, {"limit": 7}, [{"limit": 7}], {"fn": [], "step": [{"limit": 7}]}]
    for form in forms:
        config = parse_function({**base, "concurrency": form})
        assert [each.limit for each in config.concurrency] == [7]
    assert parse_function(base).max_attempts == 21
