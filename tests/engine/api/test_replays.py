"""Running runs again: what is kept, what is done anew, what is refused."""

from typing import Any

from .desk import desk, failed, returning, step

Json = Any


class Shop:
    """`load`, then `charge`, which fails for good until it is repaired."""

    def __init__(self) -> None:
        self.is_broken = True
        self.loads = 0

    def __call__(self, body: Json) -> tuple[int, Json]:
        if "hash-load" not in body["steps"]:
            self.loads += 1
            return step("load", self.loads)
        if self.is_broken:
            return failed("no bank")
        return 200, body["steps"]["hash-load"]["data"]


async def test_a_replay_from_the_failure_keeps_the_steps_that_completed() -> None:
    shop = Shop()
    async with desk({"a": shop}) as at:
        old = await at.run_of("a", {"n": 1})
        shop.is_broken = False
        replay = await at.post(f"/v1/runs/{old}/replay", {"from": "failure"})
        await at.rest()
        trace = await at.get(f"/v1/runs/{replay['run_id']}/trace")
        assert (trace["run"]["status"], trace["run"]["output"], shop.loads) == ("COMPLETED", 1, 1)
        assert trace["run"]["replay_of"] == old
        assert [(each["name"], each["output"]) for each in trace["steps"]] == [("load", 1)]
        assert at.calls[-1]["ctx"]["stack"] == {"stack": ["hash-load"], "current": 1}
        assert (await at.get(f"/v1/runs/{old}/trace"))["replays"] == [replay["run_id"]]


async def test_a_replay_from_the_start_does_everything_again_with_the_same_events() -> None:
    shop = Shop()
    async with desk({"a": shop}) as at:
        old = await at.run_of("a", {"n": 1})
        shop.is_broken = False
        replay = await at.post(f"/v1/runs/{old}/replay")
        await at.rest()
        new = at.engine.run(replay["run_id"])
        assert (new.output, new.events) == (2, at.engine.run(old).events)
        assert at.engine.run(old).status == "FAILED"
        runs = await at.get(f"/v1/events/{new.events[0]['id']}/runs")
        assert [run["run_id"] for run in runs] == [old, new.id]


async def test_a_step_that_failed_and_was_caught_runs_again() -> None:
    def reply(body: Json) -> tuple[int, Json]:
        if "hash-x" not in body["steps"]:
            return step("x", op="StepFailed", error={"name": "E", "message": "m"})
        return failed()

    async with desk({"a": reply}) as at:
        old = await at.run_of("a")
        replay = await at.post(f"/v1/runs/{old}/replay", {"from": "failure"})
        before = len(at.calls)
        await at.rest()
        assert at.calls[before]["steps"] == {}
        assert at.engine.run(replay["run_id"]).steps[0].name == "x"


async def test_what_cannot_be_replayed_says_why() -> None:
    asleep = step("nap", op="Sleep", name="2031-01-01T00:00:00Z")
    async with desk({"a": returning(), "b": lambda _: asleep}) as at:
        good, sleeping = await at.run_of("a"), await at.run_of("b")
        told = await at.post(f"/v1/runs/{good}/replay", {"from": "failure"}, 409)
        assert "it did not fail, it is COMPLETED. Replay it from the start" in told["error"]
        told = await at.post(f"/v1/runs/{sleeping}/replay", {"from": "failure"}, 409)
        assert "it is still RUNNING" in told["error"]
        told = await at.post(f"/v1/runs/{good}/replay", {"from": "middle"}, 400)
        assert "'from': it is one of 'failure', 'start', not \"middle\"" in told["error"]
        await at.post("/v1/runs/none/replay", {}, 404)
        at.engine.remove_app("http://t/x")
        assert "t-a" in (await at.post(f"/v1/runs/{good}/replay", {}, 404))["error"]


async def test_many_failed_runs_are_run_again_in_portions() -> None:
    shop = Shop()
    async with desk({"a": shop, "b": returning()}) as at:
        failures = [await at.run_of("a") for _ in range(3)]
        await at.run_of("b")
        shop.is_broken = False
        first = await at.post("/v1/replays", {"function": "t-a", "limit": 2, "from": "failure"})
        assert [each["replay_of"] for each in first["runs"]] == failures[:0:-1]
        rest = {"function": "t-a", "from": "failure", "cursor": first["next_cursor"]}
        last = await at.post("/v1/replays", rest)
        assert ([each["replay_of"] for each in last["runs"]], last["next_cursor"]) == (
            failures[:1],
            None,
        )
        await at.rest()
        assert len(await at.get("/v1/runs", status="COMPLETED", function="t-a")) == 3


async def test_runs_that_cannot_be_run_again_do_not_stop_the_others() -> None:
    shop = Shop()
    async with desk({"a": shop, "b": returning()}) as at:
        bad, good = await at.run_of("a"), await at.run_of("b")
        asked = {"status": ["FAILED", "COMPLETED"], "from": "failure"}
        answer = await at.post("/v1/replays", asked)
        assert [each["replay_of"] for each in answer["runs"]] == [bad]
        assert [each["run_id"] for each in answer["refused"]] == [good]
        assert "it did not fail" in answer["refused"][0]["reason"]
