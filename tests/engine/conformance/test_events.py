"""Rows 24 to 31, 34, 35 and 45: events, what they start and end, and what is told of it."""

import base64
import datetime as dt
import json
from typing import Any

import inngest
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mainstem.engine import RunStatus

from ..house import serving  # noqa: TID252  the helper of the room above
from .station import Functions, Place, Station, giving, hashed, on

pytestmark = pytest.mark.asyncio(loop_scope="session")


def echo(client: inngest.Inngest) -> Functions:
    @on("f", client)
    async def f(ctx: inngest.Context) -> object:
        return [event.data for event in ctx.events]

    return [f]


async def test_client_send(station: Station) -> None:
    def make(client: inngest.Inngest) -> Functions:
        @on("f", client)
        async def f(ctx: inngest.Context) -> object:
            events = [inngest.Event(name=f"{client.app_id}/g", data={"n": n}) for n in range(2)]
            return await ctx.step.send_event("tell", events)

        @on("g", client)
        async def g(ctx: inngest.Context) -> None: ...

        return [f, g]

    place = await station.open(make)
    ids = await place.client.send([inngest.Event(name="nobody") for _ in range(3)])
    run = await place.run_of(f"{place.id}/f")
    assert len(set(ids)) == 3
    assert [place.engine.runs(event=each)[0].events[0]["data"] for each in run.output] == [
        {"n": 0},
        {"n": 1},
    ]


async def test_the_seed_counts_when_the_sdk_sends_again(station: Station) -> None:
    place = await station.open(echo)
    seeds: list[str] = []

    async def losing(scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on; the answer to the first is lost on its way back."""
        request = Request(scope, receive)
        told = {name: request.headers[name] for name in ("x-inngest-event-id-seed",)}
        seeds.extend(told.values())
        content = await request.body()
        answer = await station.http.post(request.url.path, content=content, headers=told)
        lost = Response(status_code=502)
        await (Response(answer.text) if len(seeds) > 1 else lost)(scope, receive, send)

    async with serving(losing) as origin:
        client = station.serve(echo, app_id=place.id, event_api_base_url=origin).client
        (event_id,) = await client.send(inngest.Event(name=f"{place.id}/f"))
    await station.engine.settle(timeout=10)
    assert seeds[0] == seeds[1]
    assert len(base64.b64decode(seeds[0].partition(",")[2])) == 10
    assert [run.events[0]["id"] for run in place.runs("f")] == [event_id]


async def test_an_event_id_starts_a_function_once_in_24_hours(station: Station) -> None:
    place = await station.open(echo)
    for _ in range(2):
        await place.send(f"{place.id}/f", id=place.id)
    await station.advance(hours=23)
    await place.send(f"{place.id}/f", id=place.id)
    await station.engine.settle(timeout=10)
    assert len(place.runs("f")) == 1
    await station.advance(hours=2)
    await place.send(f"{place.id}/f", id=place.id)
    await station.engine.settle(timeout=10)
    assert len(place.runs("f")) == 2


async def test_a_future_event_starts_its_run_then(station: Station) -> None:
    place = await station.open(echo)
    later = station.clock.now() + 3_600_000
    run = await place.run_of(f"{place.id}/f", ts=later)
    assert run.started_at == later


async def test_batch_that_needs_api(station: Station) -> None:
    def make(client: inngest.Inngest) -> Functions:
        batch = inngest.Batch(max_size=3, timeout=dt.timedelta(minutes=1))

        @on("f", client, batch_events=batch)
        async def f(ctx: inngest.Context) -> object:
            return [len(str(event.data["text"])) for event in ctx.events]

        return [f]

    place = await station.open(make)
    for size in (1_600_000, 1_600_001):
        await place.send(f"{place.id}/f", {"text": "x" * size})
    run = await place.run_of(f"{place.id}/f", {"text": "x" * 1_600_002})
    (call,) = place.calls(run.id)
    assert run.output == [1_600_000, 1_600_001, 1_600_002]
    assert (call.body["use_api"], call.body["events"]) == (True, [])


async def test_steps_that_needs_api(station: Station) -> None:
    def make(client: inngest.Inngest) -> Functions:
        @on("f", client)
        async def f(ctx: inngest.Context) -> object:
            return [
                len(await ctx.step.run(str(n), giving, "x" * 1_500_000 + str(n))) for n in range(3)
            ]

        return [f]

    place = await station.open(make)
    run = await place.run_of(f"{place.id}/f")
    assert run.output == [1_500_001] * 3
    assert [each.body["use_api"] for each in place.calls(run.id)] == [False, False, False, True]
    # Its two doors are closed once the run has ended.
    for door in ("batch", "actions"):
        assert (await station.http.get(f"/v0/runs/{run.id}/{door}")).status_code == 410


def cancellable(client: inngest.Inngest) -> Functions:
    ended = inngest.Cancel(event=f"{client.app_id}/end")
    matching = inngest.Cancel(
        event=f"{client.app_id}/end-one", if_exp="event.data.id == async.data.id"
    )

    @on("f", client, cancel=[ended, matching])
    async def f(ctx: inngest.Context) -> None:
        await ctx.step.wait_for_event("wait", event="never", timeout=dt.timedelta(hours=1))

    return [f]


async def test_cancel(station: Station) -> None:
    place = await station.open(cancellable)
    run_id = await place.start(f"{place.id}/f", {"id": 1})
    await place.send(f"{place.id}/end")
    run = await place.rest(run_id)
    assert (run.status, len(place.calls(run_id))) == (RunStatus.CANCELLED, 1)
    (told,) = place.events("inngest/function.cancelled", run_id)
    (finished,) = place.events("inngest/function.finished", run_id)
    assert (told["id"], told["data"]["_inngest"]["status"]) == (run_id, "Cancelled")
    assert {"error", "result"} & set(finished["data"]) == set()


async def test_no_cancel_if_exp_not_match(station: Station) -> None:
    place = await station.open(cancellable)
    run_id = await place.start(f"{place.id}/f", {"id": 1})
    await place.send(f"{place.id}/end-one", {"id": 2})
    assert (await place.rest(run_id)).status is RunStatus.COMPLETED


async def test_cancel_if_exp_match(station: Station) -> None:
    place = await station.open(cancellable)
    run_id = await place.start(f"{place.id}/f", {"id": 1})
    await place.send(f"{place.id}/end-one", {"id": 1})
    assert (await place.rest(run_id)).status is RunStatus.CANCELLED


async def test_multiple_triggers(station: Station) -> None:
    def make(client: inngest.Inngest) -> Functions:
        name = client.app_id
        triggers: list[inngest.TriggerCron | inngest.TriggerEvent] = [
            inngest.TriggerEvent(event=f"{name}/a", expression="event.data.n > 1"),
            inngest.TriggerEvent(event=f"{name}/b/*"),
        ]

        @client.create_function(fn_id="f", trigger=triggers)
        async def f(ctx: inngest.Context) -> str:
            return ctx.event.name.removeprefix(name)

        return [f]

    place = await station.open(make)
    for name, n in (("a", 1), ("a", 2), ("b/c", 0), ("b", 0), ("bb/c", 0)):
        await place.send(f"{place.id}/{name}", {"n": n})
        await station.engine.settle(timeout=10)
    assert [run.output for run in place.runs("f")] == ["/a", "/b/c"]


class Veil(inngest.Middleware):
    """Hides all data from the server by turning its JSON into base64."""

    def hide(self, value: object) -> dict[str, str]:
        return {"veiled": base64.b64encode(json.dumps(value).encode()).decode()}

    def show(self, value: Any) -> Any:
        is_veiled = isinstance(value, dict) and set(value) == {"veiled"}
        return json.loads(base64.b64decode(value["veiled"])) if is_veiled else value

    async def before_send_events(self, events: list[inngest.Event]) -> None:
        for event in events:
            event.data = dict(self.hide(event.data))

    async def transform_input(self, ctx: Any, function: Any, steps: Any) -> None:
        ctx.event.data = self.show(ctx.event.data)
        for step in steps._memos.values():
            step.data = self.show(step.data)

    async def transform_output(self, result: Any) -> None:
        if result.has_output():
            result.output = self.hide(result.output)


async def test_encrypted_data_is_opaque_to_the_server(station: Station) -> None:
    def make(client: inngest.Inngest) -> Functions:
        @on("f", client)
        async def f(ctx: inngest.Context) -> object:
            return [await ctx.step.run("one", giving, "tell nobody"), ctx.event.data["word"]]

        return [f]

    place = await station.open(make, middleware=[Veil])
    run = await place.run_of(f"{place.id}/f", {"word": "secret"})
    veil = Veil(place.client, None)
    assert veil.show(run.output) == ["tell nobody", "secret"]
    for each in place.calls(run.id):
        assert "secret" not in json.dumps(each.body) + each.answer_text
        assert "tell nobody" not in json.dumps(each.body) + each.answer_text
    memo = place.calls(run.id)[-1].body["steps"][hashed("one")]
    assert memo == {"data": veil.hide("tell nobody")}


async def test_cron_fires_on_the_minute_of_its_time_zone(open_station: Any) -> None:
    seen: list[inngest.Event] = []

    def make(client: inngest.Inngest) -> Functions:
        @client.create_function(
            fn_id="f", trigger=inngest.TriggerCron(cron="TZ=Europe/Oslo 0 9 * * 1")
        )
        async def f(ctx: inngest.Context) -> None:
            seen.append(ctx.event)

        return [f]

    own = await open_station()
    await own.open(make)
    await own.advance(days=14)
    ticks = [dt.datetime.fromtimestamp(event.ts / 1000, dt.UTC) for event in seen]
    assert [tick.strftime("%a %H:%M:%S.%f") for tick in ticks] == ["Mon 08:00:00.000000"] * 2
    assert seen[0].name == "inngest/scheduled.timer"
    assert seen[0].data["cron"] == "TZ=Europe/Oslo 0 9 * * 1"


async def test_finished_and_failed_events_have_their_shapes(station: Station) -> None:
    def make(client: inngest.Inngest) -> Functions:
        @on("f", client, retries=0)
        async def f(ctx: inngest.Context) -> str:
            if ctx.event.data:
                raise ValueError("broke")
            return "fine"

        return [f]

    place = await station.open(make)
    fine = await place.run_of(f"{place.id}/f")
    broken = await place.run_of(f"{place.id}/f", {"n": 1})
    (finished,) = place.events("inngest/function.finished", fine.id)
    (failed,) = place.events("inngest/function.failed", broken.id)
    assert place.events("inngest/function.failed", fine.id) == []
    assert (finished["data"]["result"], "error" in finished["data"]) == ("fine", False)
    assert (failed["id"], failed["user"]) == (broken.id, {})
    data = failed["data"]
    assert (data["function_id"], data["_inngest"]) == (f"{place.id}-f", {"status": "Failed"})
    assert {key: data["error"][key] for key in ("error", "name", "message")} == {
        "error": "ValueError",
        "name": "ValueError",
        "message": "broke",
    }
    assert (data["result"]["message"], data["event"]["data"]) == ("broke", {"n": 1})
    assert [each["data"] for each in data["events"]] == [{"n": 1}]


RUN = (
    "query($run_id: String!){ run(runID:$run_id){ output status } runTrigger(runID:$run_id)"
    "{ payloads } }"
)
RUNS = "query($event_id: ID!){ event(query:{eventId:$event_id}){ functionRuns{ id } } }"
SPANS = "query($run_id: String!){ run(runID:$run_id){ trace{ childrenSpans{ name outputID } } } }"
OUTPUT = (
    "query($output_id: String!){ runTraceSpanOutputByID(outputID:$output_id)"
    "{ data error{ message name stack } } }"
)


async def test_the_queries_of_the_sdk_s_own_suite(station: Station) -> None:
    def make(client: inngest.Inngest) -> Functions:
        @on("f", client, retries=0)
        async def f(ctx: inngest.Context) -> object:
            await ctx.step.run("one", giving, {"a": 1})
            until = dt.datetime.fromtimestamp(station.clock.now() / 1000 + 60, dt.UTC)
            await ctx.step.sleep_until("nap", until)
            if ctx.event.data:
                raise ValueError("broke")
            return "done"

        return [f]

    place = await station.open(make)
    event_id = await place.send(f"{place.id}/f")
    await station.engine.settle(timeout=10)
    asked = await station.query(RUNS, event_id=event_id)
    (run_id,) = [each["id"] for each in asked["data"]["event"]["functionRuns"]]
    shown = await station.query(RUN, run_id=run_id)
    assert shown["data"]["run"] == {"output": None, "status": "RUNNING"}
    await place.rest(run_id)
    shown = await station.query(RUN, run_id=run_id)
    assert shown["data"]["run"] == {"output": '"done"', "status": "COMPLETED"}
    assert [json.loads(each)["name"] for each in shown["data"]["runTrigger"]["payloads"]] == [
        f"{place.id}/f"
    ]
    assert await _spans(station, run_id) == {
        "one": {"data": '{"a": 1}', "error": None},
        "nap": None,
        "function success": {"data": '"done"', "error": None},
    }
    failed = await place.run_of(f"{place.id}/f", {"n": 1})
    told = (await _spans(station, failed.id))["function error"]
    assert (told["data"], told["error"]["name"], told["error"]["message"]) == (
        None,
        "ValueError",
        "broke",
    )
    assert "Traceback" in told["error"]["stack"]
    missing = await station.query(RUN, run_id="01" + "A" * 24)
    assert (missing["data"]["run"] if missing["data"] else None, len(missing["errors"]) > 0) == (
        None,
        True,
    )


async def _spans(station: Station, run_id: str) -> dict[str, Any]:
    asked = await station.query(SPANS, run_id=run_id)
    found = {}
    for span in asked["data"]["run"]["trace"]["childrenSpans"]:
        output = None
        if span["outputID"] is not None:
            answer = await station.query(OUTPUT, output_id=span["outputID"])
            output = answer["data"]["runTraceSpanOutputByID"]
        found[span["name"]] = output
    return found


async def test_status_and_output_become_visible_together(station: Station) -> None:
    def make(client: inngest.Inngest) -> Functions:
        @on("f", client)
        async def f(ctx: inngest.Context) -> object:
            return await ctx.step.run("one", giving, "done")

        return [f]

    place = await station.open(make)
    event_ids = [await place.send(f"{place.id}/f") for _ in range(10)]
    looks = [await _until_final(station, place, each) for each in event_ids]
    assert looks == ['"done"'] * 10


async def _until_final(station: Station, place: Place, event_id: str) -> Any:
    """The output at the first look at which the status is final; looks without a pause."""
    (run,) = place.engine.runs(event=event_id)
    for _ in range(1000):
        shown = (await station.query(RUN, run_id=run.id))["data"]["run"]
        if shown["status"] == "COMPLETED":
            return shown["output"]
    raise AssertionError("the run does not end")
