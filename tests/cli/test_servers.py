"""Servers inside the process."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from mainstem.cli.outcome import CommandFailed, PortTaken
from mainstem.cli.servers import LOOPBACK, bind, serving, url_of


async def hello(_: Request) -> PlainTextResponse:
    return PlainTextResponse("hello")


APP = Starlette(routes=[Route("/", hello)])


async def test_an_app_answers_while_the_block_runs_and_not_after() -> None:
    async with httpx.AsyncClient(timeout=5) as http:
        async with serving(APP, bind(LOOPBACK, 0, option="--port")) as url:
            assert (await http.get(url)).text == "hello"
        with pytest.raises(httpx.ConnectError):
            await http.get(url)


def test_a_port_in_use_is_told_with_the_option_that_helps() -> None:
    with bind(LOOPBACK, 0, option="--port") as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken, match=f"127.0.0.1:{port}: address already in use.*--port"):
            bind(LOOPBACK, port, option="--port")


def test_an_address_that_is_not_ours_is_told() -> None:
    with pytest.raises(PortTaken, match="Cannot listen on"):
        bind("192.0.2.1", 0, option="--host")


async def test_an_app_that_refuses_to_start_fails_the_command() -> None:
    async def broken(scope: object, receive: object, send: object) -> None:
        raise RuntimeError("no")

    with pytest.raises(CommandFailed, match="stopped while starting"):
        async with serving(broken, bind(LOOPBACK, 0, option="--port")):
            pytest.fail("it never started")


async def test_who_stopped_reading_does_not_hold_a_server_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sending = asyncio.Semaphore(0)

    async def endless(_: Request) -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(200):  # more than the sockets of both sides take
                sending.release()
                yield b"x" * 2**18

        return StreamingResponse(pieces())

    app = Starlette(routes=[Route("/", endless)])
    with contextlib.ExitStack() as listeners:
        async with serving(app, bind(LOOPBACK, 0, option="--port")) as url:
            for _ in range(3):
                address = (LOOPBACK, int(url.rpartition(":")[2]))
                listener = listeners.enter_context(socket.create_connection(address))
                listener.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                await sending.acquire()
            began = time.monotonic()
        assert time.monotonic() - began < 3
    assert "Traceback" not in caplog.text


def test_any_address_is_shown_as_the_loopback() -> None:
    with socket.create_server(("0.0.0.0", 0)) as listener:
        assert url_of(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"
