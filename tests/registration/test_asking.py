"""A question has an end, whatever the other side does."""

import asyncio
import time
from collections.abc import AsyncIterator

import fastapi
import pytest

from mainstem.registration import asking as module
from mainstem.registration.asking import ask, asking

from .stage import answering

LIMIT_S = 0.3


async def _drips() -> AsyncIterator[bytes]:
    for _ in range(100):
        yield b" "
        await asyncio.sleep(0.05)


async def _sleeps() -> str:
    await asyncio.sleep(5)
    return "late"


@pytest.mark.parametrize("kind", ["silent", "dripping"])
async def test_an_answer_that_does_not_end_is_given_up(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(module, "TIMEOUT_S", LIMIT_S)
    app = fastapi.FastAPI()
    answer = _sleeps if kind == "silent" else lambda: fastapi.responses.StreamingResponse(_drips())
    app.get("/api/inngest")(answer)
    began = time.monotonic()
    async with answering(app) as url, asking() as http:
        told = await ask(http, "GET", url)
    assert told.problem == "it did not answer within 0.3 seconds"
    assert time.monotonic() - began < 3 * LIMIT_S


async def test_the_reason_is_told_without_a_full_stop_of_its_own() -> None:
    async with asking() as http:
        told = await ask(http, "GET", "shop.example/api/inngest", tries=1)
    assert told.problem.endswith("protocol")
