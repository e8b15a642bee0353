"""The one loop of a process whose server has none."""

import asyncio
import contextvars
import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from mainstem.serving import background

REQUEST: contextvars.ContextVar[str] = contextvars.ContextVar("request", default="none")


async def here() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


def test_work_from_any_thread_runs_on_one_loop() -> None:
    seen: list[asyncio.AbstractEventLoop] = []
    threads = [threading.Thread(target=lambda: seen.append(background.run(here()))) for _ in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 3
    assert len(set(map(id, seen))) == 1


def test_work_sees_the_context_of_its_request_and_no_other() -> None:
    async def read() -> str:
        return REQUEST.get()

    token = REQUEST.set("mine")
    assert background.run(read()) == "mine"
    REQUEST.reset(token)
    assert background.run(read()) == "none"


def test_an_error_reaches_whoever_waits() -> None:
    async def fail() -> None:
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        background.run(fail())


async def test_a_loop_that_will_not_live_on_can_wait_for_it_too() -> None:
    assert await background.awaited(here()) is not asyncio.get_running_loop()


def test_what_is_opened_lives_on_the_loop_and_is_closed_on_it() -> None:
    told: list[tuple[str, asyncio.AbstractEventLoop]] = []

    @asynccontextmanager
    async def services() -> AsyncIterator[str]:
        told.append(("opened", asyncio.get_running_loop()))
        yield "services"
        told.append(("closed", asyncio.get_running_loop()))

    assert background.opened(services()) == "services"
    loop = background.run(here())
    background.close()
    background.close()
    assert told == [("opened", loop), ("closed", loop)]
    assert loop.is_closed()


def test_after_its_end_there_is_a_new_one() -> None:
    first = background.run(here())
    background.close()
    assert background.run(here()) is not first


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_has_its_own() -> None:
    background.run(here())
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover  measured in no process
        os.write(writing, b"1" if background.run(here()).is_running() else b"0")
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert (status, os.read(reading, 1)) == (0, b"1")
    os.close(reading)
    os.close(writing)
