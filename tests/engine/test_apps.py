"""What the engine knows of apps: functions and their versions, moves, conflicts, last runs."""

import json
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import inngest
import pytest

from mainstem.engine import (
    Engine,
    EngineOptions,
    FunctionTaken,
    RunStatus,
    VirtualClock,
    engine_app,
)
from mainstem.engine.addresses import is_same_address
from mainstem.engine.ids import app_id, function_id
from mainstem.engine.registration import read_registration
from mainstem.engine.storage import _SCHEMA

from .house import House

SDK = [(b"x-inngest-sdk", b"test")]


def function(slug: str, **config: Any) -> dict[str, Any]:
    runtime = {"type": "http", "url": f"http://t/x?fnId={slug}&stepId=step"}
    return {
        "id": slug,
        "name": slug,
        "triggers": [{"event": "a"}],
        "steps": {"step": {"id": "step", "runtime": runtime}},
        **config,
    }


def body(name: str, *functions: dict[str, Any], url: str = "http://t/x") -> dict[str, Any]:
    return {"appname": name, "url": url, "sdk": "py:v0.5.19", "functions": list(functions)}


@asynccontextmanager
async def opened(**options: Any) -> AsyncIterator[Engine]:
    async with Engine.open(EngineOptions(**options)) as engine:
        yield engine


@asynccontextmanager
async def asked(engine: Engine) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(engine_app(engine))
    async with httpx.AsyncClient(transport=transport, base_url="http://engine") as client:
        yield client


async def register(engine: Engine, *args: Any, **given: Any) -> Any:
    return await engine.register(read_registration(body(*args, **given)))


async def answering(scope: Any, receive: Any, send: Any) -> None:
    """An endpoint of some SDK."""
    await send({"type": "http.response.start", "status": 200, "headers": SDK})
    await send({"type": "http.response.body", "body": b"{}"})


async def test_a_version_rises_only_for_the_function_that_changed() -> None:
    async with opened() as engine:
        await register(engine, "t", function("t-a"), function("t-b"))
        await register(engine, "t", function("t-a", name="new"), function("t-b"))
        (app,) = engine.apps()
        assert {each.slug: each.version for each in app.functions} == {"t-a": 2, "t-b": 1}


async def test_a_move_of_the_app_changes_no_function() -> None:
    async with opened() as engine:
        await register(engine, "t", function("t-a"))
        moved = function("t-a")
        moved["steps"]["step"]["runtime"]["url"] = "http://new/x?fnId=t-a&stepId=step"
        accepted = await register(engine, "t", moved, url="http://new/x")
        (app,) = engine.apps()
        assert (app.url, app.previous_url) == ("http://new/x", "http://t/x")
        assert (accepted.is_modified, app.functions[0].version) == (True, 1)
        assert app.functions[0].config["steps"]["step"]["runtime"]["url"].startswith("http://new")


async def test_the_same_registration_again_modifies_nothing_but_the_times() -> None:
    clock = VirtualClock()
    async with Engine.open(EngineOptions(), clock=clock) as engine:
        await register(engine, "t", function("t-a"))
        (before,) = engine.apps()
        clock.advance(timedelta(minutes=1))
        assert not (await register(engine, "t", function("t-a"))).is_modified
        (after,) = engine.apps()
        assert after.synced_at - before.synced_at == 60_000
        assert after.functions[0].synced_at == after.synced_at
        assert after.functions[0].changed_at == before.synced_at


async def test_a_function_that_vanished_is_archived_and_told_of() -> None:
    async with opened() as engine, asked(engine) as api:
        await register(engine, "t", function("t-a"), function("t-b"))
        await register(engine, "t", function("t-a"))
        (app,) = engine.apps()
        assert [each.slug for each in app.functions] == ["t-a"]
        assert [each.slug for each in app.archived] == ["t-b"]
        listed = (await api.get("/v1/apps/t/functions")).json()["data"]
        assert {each["slug"]: each["is_archived"] for each in listed} == {"t-a": False, "t-b": True}


async def test_a_function_of_another_app_is_not_taken(house: House) -> None:
    await register(house.engine, "a-b", function("a-b-c"))
    with pytest.raises(FunctionTaken, match=r"'a': its function 'b-c'.*'a-b-c'.*of app 'a-b'"):
        await register(house.engine, "a", function("a-b-c"))
    async with asked(house.engine) as api:
        answer = await api.post("/fn/register", json=body("a", function("a-b-c")))
    assert answer.status_code == 400
    assert "app 'a-b' already. Rename" in answer.json()["error"]
    assert [app.name for app in house.engine.apps() if app.functions] == ["a-b"]


async def test_a_function_that_its_app_gave_up_may_be_another_s() -> None:
    async with opened() as engine:
        await register(engine, "a-b", function("a-b-c"))
        await register(engine, "a-b")
        await register(engine, "a", function("a-b-c"))
        assert [app.name for app in engine.apps() if app.functions] == ["a"]


async def test_two_addresses_that_both_answer_are_a_conflict(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with opened(transports={"http://old": answering}) as engine, asked(engine) as api:
        await register(engine, "t", function("t-a"), url="http://old/x")
        with caplog.at_level(logging.WARNING):
            answer = await api.post("/fn/register", json=body("t", function("t-a")))
        assert answer.json()["conflicts"] == [["http://t/x", "http://old/x"]]
        assert "http://t/x and http://old/x" in caplog.text
        (app,) = (await api.get("/v1/apps")).json()["data"]
        (conflict,) = app["conflicts"]
        assert (conflict["url"], conflict["other_url"]) == ("http://t/x", "http://old/x")


async def test_a_conflict_is_told_once_though_both_go_on_registering(
    caplog: pytest.LogCaptureFixture,
) -> None:
    places = {"http://old": answering, "http://t": answering}
    async with opened(transports=places) as engine:
        with caplog.at_level(logging.WARNING):
            for _ in range(3):
                for url in ("http://old/x", "http://t/x"):
                    accepted = await register(engine, "t", function("t-a"), url=url)
        assert accepted.conflicts
        assert caplog.text.count("is served at two addresses") == 1


async def test_a_new_address_after_the_old_one_died_is_a_move() -> None:
    async with opened() as engine:
        await register(engine, "t", function("t-a"), url="http://127.0.0.1:9/x")
        accepted = await register(engine, "t", function("t-a"), url="http://127.0.0.1:10/x")
        assert accepted.conflicts == engine.apps()[0].conflicts == ()


async def test_something_else_at_the_old_address_is_no_conflict() -> None:
    async def other(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"hello"})

    async with opened(transports={"http://old": other}) as engine:
        await register(engine, "t", function("t-a"), url="http://old/x")
        assert (await register(engine, "t", function("t-a"))).conflicts == ()


async def test_another_app_at_the_old_address_is_no_conflict() -> None:
    async with opened(transports={"http://old": answering}) as engine:
        await register(engine, "t", function("t-a"), url="http://old/x")
        await register(engine, "u", function("u-a"), url="http://old/x")
        assert (await register(engine, "t", function("t-a"))).conflicts == ()


async def test_a_conflict_ends_when_the_other_address_stops_answering() -> None:
    alive = [True]

    async def sometimes(scope: Any, receive: Any, send: Any) -> None:
        if not alive[0]:
            raise OSError
        await answering(scope, receive, send)

    async with opened(transports={"http://old": sometimes}) as engine:
        await register(engine, "t", function("t-a"), url="http://old/x")
        assert len((await register(engine, "t", function("t-a"))).conflicts) == 1
        alive[0] = False
        assert (await register(engine, "t", function("t-a"))).conflicts == ()
        assert engine.apps()[0].conflicts == ()


async def test_two_real_servers_of_one_app_id_are_a_conflict(
    open_house: Callable[..., Any],
) -> None:
    def make(client: inngest.Inngest) -> list[inngest.Function[Any]]:
        @client.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="a"))
        async def f(ctx: inngest.Context) -> None: ...

        return [f]

    key = "signkey-test-" + "ab" * 16
    house: House = await open_house(signing_key=key)
    first = await house.serve_app(make, signing_key=key)
    second = await house.serve_app(make, signing_key=key)
    await house.engine.sync_app(first)
    answer = await house.engine.sync_app(second)
    assert answer["conflicts"] == [[second, first]]


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("http://localhost:80/api", "http://127.0.0.1/api/", True),
        ("https://A.example/api?x=1", "https://a.example:443/api", True),
        ("http://a/api", "https://a/api", False),
        ("http://a/api", "http://a/other", False),
        ("http://a:1/api", "http://a:2/api", False),
        ("http://a:no/", "http://a:no/", True),
    ],
)
def test_addresses_are_compared_by_where_they_lead(one: str, other: str, is_same: bool) -> None:
    assert is_same_address(one, other) is is_same


async def test_the_last_runs_of_each_function_are_told_with_counts(house: House) -> None:
    def make(client: inngest.Inngest) -> list[inngest.Function[Any]]:
        @client.create_function(fn_id="good", trigger=inngest.TriggerEvent(event="a"))
        async def good(ctx: inngest.Context) -> object:
            return ctx.event.data["n"]

        @client.create_function(fn_id="bad", trigger=inngest.TriggerEvent(event="a"), retries=0)
        async def bad(ctx: inngest.Context) -> None:
            raise ValueError("no")

        @client.create_function(fn_id="idle", trigger=inngest.TriggerEvent(event="never"))
        async def idle(ctx: inngest.Context) -> None: ...

        return [good, bad, idle]

    await house.add_app(make)
    await house.engine.send([{"name": "a", "data": {"n": n}} for n in range(5)])
    await house.engine.wait_idle(timeout=20)
    told = {each.function_id: each for each in house.engine.last_runs(2)}
    assert [run.output for run in told["shop-good"].runs] == [4, 3]
    assert told["shop-good"].counts == {RunStatus.COMPLETED: 5}
    assert told["shop-bad"].runs[0].output["name"] == "ValueError"
    assert (told["shop-idle"].runs, told["shop-idle"].counts) == ((), {})
    async with asked(house.engine) as api:
        listed = (await api.get("/v1/functions/runs?limit=1")).json()["data"]
    assert [(each["function_id"], len(each["runs"])) for each in listed] == [
        ("shop-bad", 1),
        ("shop-good", 1),
        ("shop-idle", 0),
    ]
    assert listed[1]["counts"] == {"COMPLETED": 5}


async def test_a_long_output_stays_out_of_the_list(house: House) -> None:
    def make(client: inngest.Inngest) -> list[inngest.Function[Any]]:
        @client.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="a"))
        async def f(ctx: inngest.Context) -> str:
            return "x" * 10_000

        return [f]

    await house.add_app(make)
    run = await house.run_of("a")
    (told,) = house.engine.last_runs()
    assert (told.runs[0].id, told.runs[0].output, len(run.output)) == (run.id, None, 10_000)


async def test_a_file_of_the_first_layout_is_taken_over(tmp_path: Path) -> None:
    path = str(tmp_path / "engine.db")
    first_layout(path)
    async with Engine.open(EngineOptions(path)) as engine:
        (app,) = engine.apps()
        assert (app.sync_method, app.synced_at) == ("out_of_band", 7)
        assert (app.functions[0].synced_at, app.functions[0].version) == (7, 3)
        assert (await register(engine, "t", function("t-a"))).is_modified
        assert engine.apps()[0].functions[0].version == 3


def first_layout(path: str) -> None:
    """A file as the first version of the engine wrote it, with one app of one function."""
    connection = sqlite3.connect(path)
    connection.executescript(f"{_SCHEMA}PRAGMA user_version=1;")
    app = (app_id("t"), "t", "http://t/x", "py:v0.5.18", "flask", "checksum", 7)
    connection.execute("INSERT INTO apps VALUES (?,?,?,?,?,?,?)", app)
    row = (function_id("t-a"), "t-a", app[0], "t-a", 3, json.dumps(function("t-a")), 0)
    connection.execute("INSERT INTO functions VALUES (?,?,?,?,?,?,?)", row)
    connection.commit()
    connection.close()


async def test_an_app_that_moved_may_register_before_the_engine_runs(tmp_path: Path) -> None:
    """As `mainstem dev` does it: the app has another port after each start."""
    for port in (8001, 8002):
        engine = Engine.open(EngineOptions(path=str(tmp_path / "engine.db")))
        url = f"http://127.0.0.1:{port}/api/inngest"
        accepted = await engine.register(read_registration(body("shop", function("a"), url=url)))
        assert accepted.conflicts == ()
        async with engine:
            assert [app.url for app in engine.apps()] == [url]
