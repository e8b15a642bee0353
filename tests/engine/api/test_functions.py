"""Functions over the API: shown, paused and resumed."""

from typing import Any

import pytest

from .desk import desk, returning, step

Json = Any
ASLEEP = step("nap", op="Sleep", name="2031-01-01T00:00:00Z")


async def test_a_function_tells_its_configuration_ticks_and_counts() -> None:
    crons = {"a": {"triggers": [{"event": "a"}, {"cron": "TZ=Europe/Paris 0 6 * * *"}]}}
    async with desk({"a": returning()}, crons) as at:
        await at.run_of("a")
        shown = await at.get("/v1/functions/t-a")
        assert (shown["app"], shown["version"], shown["paused_since"]) == ("t", 1, None)
        assert shown["config"]["triggers"] == crons["a"]["triggers"]
        six_in_paris = at.clock.now() + 5 * 3_600_000
        schedule = "TZ=Europe/Paris 0 6 * * *"
        assert shown["next_ticks"] == [{"schedule": schedule, "at": six_in_paris}]
        assert shown["counts"] == {"COMPLETED": 1}
        await at.rest(days=2)
        assert "COMPLETED" in (await at.get("/v1/functions/t-a"))["counts"]  # the ticks' own


async def test_a_busy_day_is_counted_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mainstem.engine.history.MAX_COUNTED", 2)
    async with desk({"a": returning()}) as at:
        for _ in range(3):
            await at.run_of("a")
        assert (await at.get("/v1/functions/t-a"))["counts"] == {"COMPLETED": 2}
        assert (await at.get("/v1/functions/runs"))[0]["counts"] == {"COMPLETED": 2}


async def test_functions_are_listed_by_app_and_archived_ones_when_asked_for() -> None:
    async with desk({"a": returning(), "b": returning()}) as at:
        assert [each["slug"] for each in await at.get("/v1/functions", app="t")] == ["t-a", "t-b"]
        at.engine.remove_app("http://t/x")
        assert await at.get("/v1/functions") == []
        archived = await at.get("/v1/functions", archived="true")
        assert [each["is_archived"] for each in archived] == [True, True]
        assert "no app 'x'" in (await at.whole("/v1/functions", 404, app="x"))["error"]
        await at.whole("/v1/functions/t-x", 404)


async def test_a_paused_function_starts_nothing_and_its_runs_go_on() -> None:
    async with desk({"a": lambda body: (200, 1) if body["steps"] else NAP}) as at:
        under_way = await at.run_of("a")
        paused = await at.post("/v1/functions/t-a/pause", {}, 200)
        assert paused == {"function": "t-a", "paused_since": at.clock.now(), "cancelled": 0}
        event = await at.send("a")
        await at.rest(minutes=2)
        assert at.engine.runs(event=event) == []
        assert at.engine.run(under_way).status == "COMPLETED"
        assert (await at.get("/v1/functions/t-a"))["paused_since"] == paused["paused_since"]
        resumed = await at.post("/v1/functions/t-a/resume", {}, 200)
        assert resumed["paused_since"] is None
        assert await at.run_of("a")


async def test_a_pause_holds_for_debounces_batches_and_ticks() -> None:
    configs = {
        "a": {"debounce": {"period": "5s"}},
        "b": {"batchEvents": {"maxSize": 2, "timeout": "5s"}},
        "c": {"triggers": [{"cron": "* * * * *"}]},
    }
    async with desk(dict.fromkeys("abc", returning()), configs) as at:
        for name in "abc":
            await at.send(name)
            await at.post(f"/v1/functions/t-{name}/pause", {}, 200)
        await at.rest(minutes=2)
        assert await at.get("/v1/runs") == []
        await at.post("/v1/functions/t-c/resume", {}, 200)
        await at.rest(minutes=1)
        assert [run["function"] for run in await at.get("/v1/runs")] == ["t-c"]


async def test_a_paused_singleton_does_not_cancel_the_run_that_holds_the_key() -> None:
    configs = {"a": {"singleton": {"mode": "cancel"}}}
    async with desk({"a": lambda _: ASLEEP}, configs) as at:
        holder = await at.run_of("a")
        await at.post("/v1/functions/t-a/pause", {}, 200)
        await at.send("a")
        await at.rest()
        assert at.engine.run(holder).status == "RUNNING"


async def test_a_pause_cancels_the_runs_under_way_when_asked() -> None:
    async with desk({"a": lambda _: ASLEEP, "b": lambda _: ASLEEP}) as at:
        mine, other = await at.run_of("a"), await at.run_of("b")
        paused = await at.post("/v1/functions/t-a/pause", {"cancel": True}, 200)
        assert paused["cancelled"] == 1
        assert at.engine.run(mine).status == "CANCELLED"
        assert at.engine.run(other).status == "RUNNING"


async def test_a_pause_outlives_the_engine(tmp_path: Any) -> None:
    path = str(tmp_path / "e.db")
    async with desk({"a": returning()}, path=path) as at:
        await at.post("/v1/functions/t-a/pause", {}, 200)
    async with desk({"a": returning()}, path=path) as at:
        event = await at.send("a")
        await at.rest()
        assert at.engine.runs(event=event) == []


NAP = step("nap", op="Sleep", name="2030-01-01T00:01:00Z")
