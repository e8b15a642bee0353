"""Runs over the API: listed with filters and cursors, shown whole, logged about."""

from typing import Any

import pytest

from mainstem.engine.registration import read_registration

from .desk import Desk, desk, failed, registered, returning, step

Json = Any


def paying(body: Json) -> tuple[int, Json]:
    """Two steps; the second fails once."""
    if "hash-load" not in body["steps"]:
        return step("load", {"price": 3})
    if "hash-charge" not in body["steps"]:
        if body["ctx"]["attempt"] == 0:
            return step("charge", None, "StepError", error={"name": "E", "message": "busy"})
        return step("charge", "ok")
    return 200, {"paid": True}


async def walk(at: Desk, limit: int, **query: Json) -> list[list[str]]:
    """The ids of all pages of a listing."""
    pages: list[list[str]] = []
    cursor = None
    while True:
        extra: dict[str, Any] = {} if cursor is None else {"cursor": cursor}
        page = await at.whole("/v1/runs", limit=limit, **query, **extra)
        pages.append([run["id"] for run in page["data"]])
        cursor = page["metadata"]["next_cursor"]
        if cursor is None:
            return pages


async def test_pages_hold_every_run_once_newest_first() -> None:
    async with desk({"a": returning()}) as at:
        ids = [await at.run_of("a") for _ in range(7)]
        pages = await walk(at, 3)
        assert [len(page) for page in pages] == [3, 3, 1]
        assert [run for page in pages for run in page] == ids[::-1]


async def test_a_run_that_begins_between_two_pages_moves_nothing() -> None:
    async with desk({"a": returning()}) as at:
        ids = [await at.run_of("a") for _ in range(4)]
        first = await at.whole("/v1/runs", limit=2)
        await at.run_of("a")
        rest = await at.get("/v1/runs", limit=2, cursor=first["metadata"]["next_cursor"])
        assert [run["id"] for run in rest] == ids[1::-1]


async def test_runs_are_found_by_state_function_app_event_and_time() -> None:
    async with desk({"a": returning(), "b": lambda _: failed()}) as at:
        old = await at.run_of("a")
        await at.rest(hours=1)
        noon = at.clock.now()
        event = await at.send("b")
        await at.rest()
        (bad,) = (run.id for run in at.engine.runs(event=event))
        new = await at.run_of("a")
        shop_id = (await at.get("/v1/apps"))[0]["id"]

        async def found(**query: Json) -> list[str]:
            return [run["id"] for run in await at.get("/v1/runs", **query)]

        assert await found(status="FAILED") == [bad]
        assert await found(status="FAILED,COMPLETED", function="t-a") == [new, old]
        assert await found(status="QUEUED,RUNNING", function="t-a") == []
        assert await found(function="t-a") == [new, old]
        assert await found(app="t") == await found(app=shop_id) == [new, bad, old]
        assert await found(event=event) == [bad]
        assert await found(since=noon) == [new, bad]
        assert await found(until=noon) == [old]
        assert await found(until="2030-01-01T02:00:00+01:00") == [old]


async def test_a_rare_filter_gives_short_pages_that_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mainstem.engine.api.paging.MAX_LOOKED_AT", 4)
    async with desk({"a": lambda body: failed() if body["event"]["data"] else (200, 1)}) as at:
        first = await at.run_of("a", {"fails": 1})
        for _ in range(6):
            await at.run_of("a")
        await at.rest(hours=1)
        pages = await walk(at, 5, status="FAILED", function="t-a")
        assert [run for page in pages for run in page] == [first]
        assert len(pages) > 1


async def test_a_function_or_app_that_never_was_is_told() -> None:
    async with desk({"a": returning()}) as at:
        assert "t-x" in (await at.whole("/v1/runs", 404, function="t-x"))["error"]
        assert "no app 'x'" in (await at.whole("/v1/runs", 404, app="x"))["error"]


async def test_a_long_output_stays_out_of_lists_and_is_in_the_trace() -> None:
    async with desk({"a": returning("x" * 5000)}) as at:
        run = await at.run_of("a")
        assert (await at.get("/v1/runs"))[0]["output"] is None
        assert len((await at.get(f"/v1/runs/{run}/trace"))["run"]["output"]) == 5000


async def test_a_trace_tells_each_step_with_its_attempts_and_times() -> None:
    async with desk({"a": paying}) as at:
        run = await at.run_of("a", {"order": 7})
        await at.rest(minutes=2)
        trace = await at.get(f"/v1/runs/{run}/trace")
        assert trace["run"]["status"] == "COMPLETED"
        assert trace["events"][0]["data"] == {"order": 7}
        load, charge = trace["steps"]
        assert (load["name"], load["output"], len(load["attempts"])) == ("load", {"price": 3}, 1)
        assert [each["attempt"] for each in charge["attempts"]] == [0, 1]
        assert charge["attempts"][1]["started_at"] - charge["attempts"][0]["ended_at"] == 60_000
        assert charge["queued_at"] <= charge["started_at"] <= charge["ended_at"]
        assert len(trace["attempts"]) == len(at.calls)


async def test_a_failed_run_shows_the_error_of_the_run_and_of_each_request() -> None:
    async with desk({"a": lambda _: (500, {"name": "E", "message": "down"})}) as at:
        run = await at.run_of("a")
        await at.rest(minutes=2)
        trace = await at.get(f"/v1/runs/{run}/trace")
        assert trace["run"]["output"]["message"] == "down"
        assert [each["outcome"] for each in trace["attempts"]] == ["raised", "raised"]
        assert trace["attempts"][0]["detail"]["message"] == "down"


async def test_inngest_s_own_run_keeps_its_spelling() -> None:
    async with desk({"a": returning(5)}) as at:
        run = await at.run_of("a")
        shown = await at.get(f"/v1/runs/{run}")
        assert (shown["status"], shown["output"]) == ("Completed", 5)
        assert shown["run_started_at"].endswith("Z")
        assert (await at.whole("/v1/runs/none", 404))["status"] == 404


async def test_deleting_a_run_cancels_it_once_and_always_answers_200() -> None:
    async with desk({"a": lambda _: step("nap", op="Sleep", name="2031-01-01T00:00:00Z")}) as at:
        run = await at.run_of("a")
        answers = [await at.api.delete(f"/v1/runs/{run}") for _ in range(2)]
        assert [(each.status_code, each.content) for each in answers] == [(200, b"")] * 2
        assert (await at.get("/v1/runs", status="CANCELLED"))[0]["id"] == run
        assert (await at.api.delete("/v1/runs/none")).status_code == 404


async def test_log_lines_are_kept_in_order_and_paged() -> None:
    async with desk({"a": returning()}) as at:
        run = await at.run_of("a")
        lines = [{"message": f"line {n}", "level": "debug"} for n in range(3)]
        kept = await at.post(f"/v1/runs/{run}/logs", {"lines": lines})
        assert kept == {"kept": 3, "last": 3}
        more = {"message": "last", "step": "hash-x", "at": "2030-01-01T00:00:09Z"}
        await at.post(f"/v1/runs/{run}/logs", {"lines": [more]})
        page = await at.whole(f"/v1/runs/{run}/logs", limit=3)
        assert [line["message"] for line in page["data"]] == ["line 0", "line 1", "line 2"]
        (last,) = await at.get(f"/v1/runs/{run}/logs", after=page["metadata"]["next_cursor"])
        assert (last["step_id"], last["level"], last["at"]) == ("hash-x", "info", 1893456009000)


async def test_log_lines_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mainstem.engine.run_logs.MAX_LINES_PER_RUN", 2)
    async with desk({"a": returning()}) as at:
        run = await at.run_of("a")
        line = {"message": "x"}
        await at.post(f"/v1/runs/{run}/logs", {"lines": [line]})
        told = await at.post(f"/v1/runs/{run}/logs", {"lines": [line, line]}, 409)
        assert "it has 1, and a run keeps at most 2" in told["error"]
        told = await at.post(f"/v1/runs/{run}/logs", {"lines": [{"message": "x" * 20_000}]}, 400)
        assert "lines[0].message" in told["error"]
        await at.post("/v1/runs/none/logs", {"lines": [line]}, 404)


async def test_a_checkpointed_step_belongs_to_the_request_that_told_of_it() -> None:
    async with desk({}) as at:

        async def reply(body: Json) -> tuple[int, Json]:
            ctx = body["ctx"]
            names = ("run_id", "fn_id", "qi_id", "request_id", "generation_id")
            told = {name: ctx.get(name) for name in names}
            saved = {**told, "steps": step("load", 1)[1]}
            path = f"/v1/checkpoint/{ctx['run_id']}/async"
            assert (await at.api.post(path, json=saved)).status_code == 200
            return 206, [{"op": "RunComplete", "id": "complete", "data": "done"}]

        at.replies["a"] = reply
        await at.engine.register(read_registration(registered(["a"], {})))
        run = await at.run_of("a")
        trace = await at.get(f"/v1/runs/{run}/trace")
        assert (trace["run"]["status"], trace["steps"][0]["output"]) == ("COMPLETED", 1)
        assert trace["steps"][0]["attempts"] == trace["attempts"]
        assert len(trace["attempts"]) == 1
