"""Who may use the API: tokens, foreign pages, foreign names, and exposure."""

from typing import Any

import inngest
import pytest

from mainstem.engine import EngineError, EngineOptions, check_exposure, engine_app

from ..house import House  # noqa: TID252  the helper of the room above
from .desk import desk, returning

KEY = "signkey-test-0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "example.org", ""])
def test_an_engine_that_lets_everybody_in_is_not_exposed(host: str) -> None:
    with pytest.raises(EngineError, match=r"token for its API.*--signing-key.*127\.0\.0\.1"):
        check_exposure(host, EngineOptions())
    check_exposure(host, EngineOptions(api_token="t"))
    check_exposure(host, EngineOptions(signing_key=KEY))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost"])
def test_loopback_needs_no_token(host: str) -> None:
    check_exposure(host, EngineOptions())


def test_a_token_never_shows() -> None:
    assert "hush" not in repr(EngineOptions(api_token="hush"))


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (None, 401),
        ("Bearer good", 200),
        ("bearer good", 200),
        ("Bearer goo", 401),
        ("Bearer ", 401),
        ("Basic good", 401),
        ("Bearer gööd", 401),
    ],
)
async def test_with_a_token_people_s_doors_want_it(header: str | None, status: int) -> None:
    async with desk({"a": returning()}, api_token="good") as at:
        headers = {} if header is None else {b"authorization": header.encode()}
        for path in ("/v1/runs", "/v1/events", "/v1/apps", "/v1/stats", "/openapi.json"):
            answer = await at.api.get(path, headers=headers)
            assert answer.status_code == status
            assert status == 200 or "Bearer" in answer.json()["error"]


async def test_a_token_does_not_keep_apps_out() -> None:
    async with desk({"a": returning()}, api_token="good") as at:
        assert (await at.api.post("/e/k", json={"name": "a"})).status_code == 200
        assert (await at.api.get("/dev")).status_code == 200
        assert (await at.api.post("/invoke/t-a", json={})).status_code == 401
        assert (await at.api.post("/v0/gql", json={})).status_code == 401
        assert (await at.api.delete("/fn/remove")).status_code == 401


async def test_in_cloud_mode_the_signing_key_and_the_token_open_people_s_doors() -> None:
    async with desk({}, api_token="good", signing_key=KEY) as at:
        for bearer, status in ((KEY, 200), ("good", 200), ("bad", 401)):
            headers = {"authorization": f"Bearer {bearer}"}
            assert (await at.api.get("/v1/runs", headers=headers)).status_code == status
        taken = await at.api.post("/fn/register", headers={"authorization": "Bearer good"})
        assert taken.status_code == 401


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://evil.example", 403),
        ("http://127.0.0.1.evil.example", 403),
        ("null", 403),
        ("http://localhost:3000", 200),
        ("http://127.0.0.1", 200),
        (None, 200),
    ],
)
async def test_a_foreign_page_changes_nothing(origin: str | None, status: int) -> None:
    async with desk({"a": returning()}) as at:
        headers = {} if origin is None else {"origin": origin}
        sent = await at.api.post("/e/k", json={"name": "a"}, headers=headers)
        paused = await at.api.post("/v1/functions/t-a/pause", headers=headers)
        assert (sent.status_code, paused.status_code) == (status, status)
        stored = at.engine.reader.execute("SELECT count(*) FROM events").fetchone()[0]
        assert stored == (1 if status == 200 else 0)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("evil.example", 403),
        ("127.0.0.1.evil.example:8288", 403),
        ("", 403),
        ("localhost:8288", 200),
        ("shop.localhost", 200),
        ("[::1]:8288", 200),
        ("engine.lan", 200),
    ],
)
async def test_a_foreign_name_reads_nothing(host: str, status: int) -> None:
    async with desk({}, allowed_hosts=frozenset({"engine.lan"})) as at:
        answer = await at.api.get("/v1/runs", headers={"host": host})
        assert answer.status_code == status
        assert status == 200 or "allowed_hosts" in answer.json()["error"]


async def test_an_app_in_a_container_sends_events_by_another_name() -> None:
    async with desk({}) as at:
        headers = {"host": "host.docker.internal:8288"}
        assert (await at.api.post("/e/k", json={"name": "a"}, headers=headers)).status_code == 200


async def test_behind_a_proxy_a_page_of_the_same_name_may_change_things() -> None:
    async with desk({"a": returning()}, api_token="good") as at:
        headers = {"host": "m.example", "authorization": "Bearer good"}
        for origin, status in (("https://m.example", 200), ("https://evil.example", 403)):
            answer = await at.api.post(
                "/v1/functions/t-a/pause", headers={**headers, "origin": origin}
            )
            assert answer.status_code == status


async def test_the_sdk_s_own_traffic_passes(house: House) -> None:
    def make(client: inngest.Inngest) -> list[inngest.Function[str]]:
        @client.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="a"))
        async def f(ctx: inngest.Context) -> str:
            return ctx.run_id

        return [f]

    client = await house.add_app(make)
    (event_id,) = await client.send(inngest.Event(name="a"))
    await house.engine.wait_idle(timeout=10)
    (run,) = house.engine.runs(event=event_id)
    assert run.output == run.id


async def test_a_foreign_page_opens_no_socket_of_a_worker() -> None:
    async with desk({}) as at:
        sent: list[str] = []

        async def send(message: Any) -> None:
            sent.append(message["type"])

        async def receive() -> Any:
            return {"type": "websocket.connect"}

        scope = {
            "type": "websocket",
            "path": "/v0/connect",
            "headers": [(b"origin", b"https://evil.example"), (b"host", b"127.0.0.1")],
            "query_string": b"",
            "subprotocols": [],
        }
        await engine_app(at.engine)(scope, receive, send)
        assert sent == ["websocket.close"]
