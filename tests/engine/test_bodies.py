"""What comes in as JSON: too deep, too large, or what JSON is not."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest

from mainstem.engine import BadEvent, Engine, EngineOptions, engine_app, limits
from mainstem.engine.parsing import MAX_DEPTH, read_json, whole

DEEP = b"[" * 100_000
DOORS = [
    "/e/k",
    "/fn/register",
    "/invoke/x",
    "/v0/gql",
    "/v1/realtime/token",
    "/v1/signals",
    "/v1/checkpoint",
    "/v1/events",
]


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """A client of an engine in memory."""
    async with Engine.open(EngineOptions()) as engine:
        transport = httpx.ASGITransport(engine_app(engine))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as asking:
            yield asking


def nested(levels: int) -> bytes:
    return b'{"name":"deep/go","data":' + b'{"a":' * levels + b"1" + b"}" * levels + b"}"


@pytest.mark.parametrize(
    "body", [DEEP, b"[" * 2000 + b"]" * 2000, b'{"a":NaN}', b'{"a":-Infinity}']
)
@pytest.mark.parametrize("door", DOORS)
async def test_what_is_no_json_for_everyone_is_refused_at_every_door(
    client: httpx.AsyncClient, door: str, body: bytes
) -> None:
    answer = await client.post(door, content=body)
    # GraphQL tells of errors in an answer that is well.
    assert answer.status_code == 400 or (door == "/v0/gql" and answer.json()["errors"])


async def test_data_of_an_event_may_be_nested_deep_and_not_deeper(
    client: httpx.AsyncClient,
) -> None:
    assert (await client.post("/e/k", content=nested(MAX_DEPTH - 2))).status_code == 200
    refused = await client.post("/e/k", content=nested(3000))
    assert refused.status_code == 400
    assert f"nested deeper than {MAX_DEPTH} levels" in refused.json()["error"]


async def test_an_event_of_this_process_that_is_too_deep_is_refused() -> None:
    data: dict[str, object] = {}
    for _ in range(3000):
        data = {"a": data}
    async with Engine.open(EngineOptions()) as engine:
        with pytest.raises(BadEvent, match="cannot be written as JSON"):
            await engine.send([{"name": "deep/go", "data": data}])


async def test_half_a_surrogate_pair_in_an_event_becomes_a_replacement_character(
    client: httpx.AsyncClient,
) -> None:
    sent = rb'[{"name":"good/one"},{"name":"half\ud800","data":{"\udc00":"\ud83d\ude00 \ud800"}}]'
    ids = (await client.post("/e/k", content=sent)).json()["ids"]
    assert len(ids) == 2
    stored = [(await client.get(f"/v1/events/{each}")).json()["data"] for each in ids]
    assert stored[0]["name"] == "good/one"
    assert stored[1]["name"] == "half�"
    assert stored[1]["data"] == {"�": "😀 �"}


async def test_what_is_announced_as_too_large_is_refused_unread(client: httpx.AsyncClient) -> None:
    unread = True

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal unread
        unread = False
        yield b" "

    size = {"content-length": str(limits.MAX_EVENTS_BODY_BYTES + 1)}
    answer = await client.post("/e/k", content=pieces(), headers=size)
    assert answer.status_code == 413
    assert str(limits.MAX_EVENTS_BODY_BYTES) in answer.json()["error"]
    assert unread


@pytest.mark.parametrize(
    ("door", "most"),
    [("/e/k", limits.MAX_EVENTS_BODY_BYTES), ("/fn/register", limits.MAX_BODY_BYTES)],
)
async def test_what_turns_out_too_large_is_refused_before_all_was_read(
    client: httpx.AsyncClient, door: str, most: int
) -> None:
    given = 0
    piece = b" " * limits.MIB

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal given
        while given < 300 * limits.MIB:
            given += len(piece)
            yield piece

    assert (await client.post(door, content=pieces())).status_code == 413
    assert given <= most + 2 * limits.MIB


@pytest.mark.parametrize(
    "text",
    [
        *("null", '{"a":[1,"[[["]}', "[" * MAX_DEPTH + "]" * MAX_DEPTH),
        json.dumps([{"a": 1}] * (2 * MAX_DEPTH)),
    ],
    ids=("plain", "brackets", "deepest", "wide"),
)
def test_what_is_not_deep_is_read_as_it_is(text: str) -> None:
    assert read_json(text) == read_json(text.encode()) == json.loads(text)


def test_one_level_more_is_refused() -> None:
    with pytest.raises(ValueError, match="nested deeper"):
        read_json("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))


def test_a_value_without_halves_is_left_alone() -> None:
    value = {"a": ["😀", "\\ud800", "ä"]}
    assert whole(value) is value
