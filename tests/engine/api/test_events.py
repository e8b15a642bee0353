"""Events over the API: listed with filters and cursors, shown with what they started, sent."""

from typing import Any

from .desk import desk, returning


async def test_events_from_outside_are_listed_newest_first_without_the_engine_s_own() -> None:
    async with desk({"a": returning()}) as at:
        first, second = await at.send("a"), await at.send("b")
        await at.rest()
        shown = await at.get("/v1/events")
        assert [each["internal_id"] for each in shown] == [second, first]
        everything = await at.get("/v1/events", internal="true")
        assert {each["name"] for each in everything} == {"a", "b", "inngest/function.finished"}


async def test_event_pages_hold_every_event_once() -> None:
    async with desk({}) as at:
        sent = [await at.send("a") for _ in range(5)]
        seen: list[str] = []
        cursor: dict[str, Any] = {}
        for _ in range(3):
            page = await at.whole("/v1/events", limit=2, **cursor)
            seen += [each["internal_id"] for each in page["data"]]
            cursor = {"cursor": page["metadata"]["next_cursor"]}
        assert seen == sent[::-1]
        assert cursor == {"cursor": None}


async def test_events_are_found_by_name_and_time_of_receipt() -> None:
    async with desk({}) as at:
        early = await at.send("a")
        await at.rest(seconds=1)
        moment = at.clock.now()
        same = await at.send("a")
        await at.rest(seconds=1)
        late, other = await at.send("a"), await at.send("b")

        async def found(**query: Any) -> list[str]:
            return [each["internal_id"] for each in await at.get("/v1/events", **query)]

        assert await found(name="a") == [late, same, early]
        assert await found(name="b") == [other]
        assert await found(name="a", received_after=moment) == [late]
        assert await found(name="a", received_before=moment) == [early]
        assert await found(received_before="2030-01-01T00:00:01Z") == [early]


async def test_an_event_shows_the_runs_it_started() -> None:
    async with desk({"a": returning()}) as at:
        run = await at.run_of("a", {"n": 1})
        event = at.engine.run(run).events[0]["id"]
        shown = await at.get(f"/v1/events/{event}")
        assert shown["data"] == {"n": 1}
        assert shown["runs"] == [{"id": run, "function": "t-a", "status": "COMPLETED"}]
        (listed,) = await at.get("/v1/events", runs="true")
        assert listed["runs"] == shown["runs"]
        (inngest,) = await at.get(f"/v1/events/{event}/runs")
        assert (inngest["run_id"], inngest["status"]) == (run, "Completed")
        assert "no event 'none'" in (await at.whole("/v1/events/none", 404))["error"]


async def test_people_send_events_and_start_functions() -> None:
    async with desk({"a": returning()}) as at:
        sent = await at.post("/v1/events", {"events": [{"name": "a", "data": {"n": 1}}]})
        await at.rest()
        (run,) = at.engine.runs(event=sent["ids"][0])
        assert run.events[0]["data"] == {"n": 1}
        invoked = await at.post("/v1/functions/t-a/invoke", {"data": {"n": 2}})
        await at.rest()
        (run,) = at.engine.runs(event=invoked["event_id"])
        assert run.events[0]["data"]["n"] == 2
        told = await at.post("/v1/events", {"events": [{"name": "inngest/x"}]}, 400)
        assert "'events[0]': event name is reserved" in told["error"]
        told = await at.post("/v1/events", {"events": [{"name": "b"}, {"name": ""}]}, 400)
        (kept,) = await at.get("/v1/events", name="b")
        assert "'events[1]': event name is empty; 1 before it were accepted" in told["error"]
        assert kept["internal_id"] in told["error"]
        await at.post("/v1/functions/none/invoke", {}, 404)
