"""What waits for what, until when."""

import asyncio
from typing import Any

import pytest

from .desk import Desk, desk, returning, step

Json = Any
SECOND = 1000


class Gate:
    """A function whose calls stay under way until they are let go."""

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self.opened = asyncio.Event()

    async def __call__(self, _: Json) -> tuple[int, Json]:
        self.entered.set()
        await self.opened.wait()
        return 200, "done"


async def only(at: Desk, **query: Json) -> Json:
    """The one job there is."""
    (job,) = await at.get("/v1/queue", **query)
    return job


@pytest.mark.parametrize(
    ("answer", "config", "expected"),
    [
        (
            step("nap", op="Sleep", name="2030-01-01T00:00:05Z"),
            {},
            {"reason": "sleep", "until": 5 * SECOND},
        ),
        (
            step(
                "paid",
                op="WaitForEvent",
                opts={"event": "paid", "timeout": "9s", "if": "async.data.id == 1"},
            ),
            {},
            {
                "reason": "event",
                "until": 9 * SECOND,
                "event": "paid",
                "condition": "async.data.id == 1",
            },
        ),
        (
            step("call", op="InvokeFunction", opts={"function_id": "t-x", "timeout": "7s"}),
            {"debounce": None},
            {"reason": "invoke", "until": 7 * SECOND},
        ),
        ((500, {"name": "E", "message": "m"}), {}, {"reason": "retry", "until": 60 * SECOND}),
        (
            None,
            {"debounce": {"period": "5s", "key": "event.data.k"}},
            {"reason": "debounce", "until": 5 * SECOND, "since": 0, "key": "v"},
        ),
        (
            None,
            {"batchEvents": {"maxSize": 3, "timeout": "6s"}},
            {"reason": "batch", "until": 6 * SECOND, "limit": 3, "in_use": 1},
        ),
    ],
    ids=lambda value: value["reason"] if isinstance(value, dict) and "reason" in value else None,
)
async def test_a_job_tells_what_it_waits_for(answer: Json, config: Json, expected: Json) -> None:
    configs = {"a": config, "x": {"debounce": {"period": "1h"}}}
    async with desk({"a": lambda _: answer, "x": returning()}, configs) as at:
        began = at.clock.now()
        await at.send("a", {"k": "v"})
        await at.rest()
        job = await only(at, function="t-a")
        waits = {**job["waits"]}
        for name in ("until", "since"):
            if waits[name] is not None:
                waits[name] -= began
        assert expected.items() <= waits.items()
        assert waits["message"]


async def test_a_start_that_is_planned_tells_when() -> None:
    async with desk({"a": returning()}) as at:
        at_noon = at.clock.now() + 12 * 3600 * SECOND
        await at.send("a", ts=at_noon)
        await at.rest()
        waits = (await only(at))["waits"]
        assert (waits["reason"], waits["until"]) == ("due-later", at_noon)


async def test_a_full_concurrency_group_is_told_with_its_use() -> None:
    gate = Gate()
    limit = {"a": {"concurrency": [{"limit": 1, "key": "event.data.k"}]}}
    async with desk({"a": gate}, limit) as at:
        await at.send("a", {"k": "v"})
        await gate.entered.wait()
        await at.send("a", {"k": "v"})
        under_way, waiting = await at.get("/v1/queue")
        assert under_way["waits"]["reason"] == "under-way"
        held = waiting["waits"]
        assert (held["reason"], held["limit"], held["in_use"]) == ("concurrency", 1, 1)
        assert held["group"].endswith(":event.data.k:v")
        gate.opened.set()
        await at.rest()
        assert await at.get("/v1/queue") == []


async def test_a_throttle_tells_when_it_opens() -> None:
    throttle = {"a": {"throttle": {"limit": 1, "period": "10s", "burst": 0}}}
    async with desk({"a": returning()}, throttle) as at:
        began = at.clock.now()
        await at.run_of("a")
        await at.send("a")
        await at.rest(seconds=1)
        waits = (await only(at))["waits"]
        assert (waits["reason"], waits["until"]) == ("throttle", began + 10 * SECOND)


async def test_a_call_that_finds_no_room_in_the_engine_is_ready() -> None:
    gate = Gate()
    async with desk({"a": gate}, max_parallel_calls=1) as at:
        await at.send("a")
        await gate.entered.wait()
        await at.send("a")
        waits = (await only(at, reason="ready"))["waits"]
        assert (waits["limit"], waits["in_use"]) == (1, 1)
        gate.opened.set()
        await at.rest()


async def test_a_tick_tells_its_schedule_and_whether_it_starts_anything() -> None:
    cron = {"a": {"triggers": [{"cron": "0 * * * *"}]}}
    async with desk({"a": returning()}, cron) as at:
        waits = (await only(at, kind="cron"))["waits"]
        assert (waits["reason"], waits["schedule"]) == ("cron", "0 * * * *")
        await at.post("/v1/functions/t-a/pause", {}, 200)
        assert (await only(at))["waits"]["reason"] == "paused"


async def test_the_jobs_of_one_run_are_its_own() -> None:
    timeouts = {"a": {"timeouts": {"finish": "1h"}}}
    asleep = step("nap", op="Sleep", name="2030-01-01T00:00:05Z")
    async with desk({"a": lambda _: asleep}, timeouts) as at:
        mine, _ = await at.run_of("a"), await at.run_of("a")
        jobs = await at.get(f"/v1/runs/{mine}/jobs")
        assert {(job["run_id"], job["waits"]["reason"]) for job in jobs} == {
            (mine, "sleep"),
            (mine, "timeout"),
        }
        assert {job["step"] for job in jobs} == {None, "nap"}
        await at.whole("/v1/runs/none/jobs", 404)


async def test_queue_pages_hold_every_job_once() -> None:
    asleep = step("nap", op="Sleep", name="2030-01-01T00:00:05Z")
    async with desk({"a": lambda _: asleep, "b": lambda _: asleep}) as at:
        runs = [await at.run_of("ab"[n % 2]) for n in range(6)]
        first = await at.whole("/v1/queue", limit=2, function="t-a")
        cursor = first["metadata"]["next_cursor"]
        rest = await at.whole("/v1/queue", limit=2, function="t-a", cursor=cursor)
        seen = [job["run_id"] for job in first["data"] + rest["data"]]
        assert seen == runs[::2]
        assert rest["metadata"]["next_cursor"] is None


async def test_the_figures_count_what_is_there() -> None:
    gate = Gate()
    async with desk({"a": gate, "b": returning()}, max_parallel_calls=1) as at:
        await at.send("a")
        await gate.entered.wait()
        await at.send("a")
        await at.post("/v1/functions/t-b/pause", {}, 200)
        stats = await at.get("/v1/stats")
        assert {
            "runs_queued": 1,
            "runs_running": 1,
            "jobs_queued": 1,
            "calls_in_flight": 1,
            "calls_max": 1,
            "functions": 2,
            "functions_paused": 1,
        }.items() <= stats.items()
        metrics = (await at.api.get("/metrics")).text
        assert "# TYPE mainstem_calls_in_flight gauge\nmainstem_calls_in_flight 1\n" in metrics
        gate.opened.set()
        await at.rest()
