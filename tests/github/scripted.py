"""A small real server that plays a script, a clock that passes only in sleep, and JSON to serve."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

Reply = Response | Callable[[Request], Awaitable[Response]]


@dataclass
class SteeredClock:
    """Time that passes only while somebody sleeps."""

    at: datetime = START
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)


@dataclass
class Script:
    """Replies in order, the last one again and again; `asked` holds what came in."""

    replies: list[Reply] = field(default_factory=list)
    asked: list[Request] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    url: str = ""

    def play(self, *replies: Reply) -> None:
        self.replies[:] = replies

    async def answer(self, request: Request) -> Response:
        self.asked.append(request)
        self.bodies.append(await request.body())
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        return reply if isinstance(reply, Response) else await reply(request)


class _Server(uvicorn.Server):
    """Ends when told, without the tenth of a second that uvicorn looks for it in."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.told_to_end = asyncio.Event()

    async def main_loop(self) -> None:
        await self.told_to_end.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:  # the test run keeps its own
        yield


@contextlib.asynccontextmanager
async def serving(script: Script) -> AsyncIterator[Script]:
    app = Starlette(routes=[Route("/{path:path}", script.answer, methods=["GET", "POST"])])
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="off", date_header=False,
        timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    script.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        yield script
    finally:
        server.should_exit = True
        server.told_to_end.set()
        await task
        listener.close()


def reply(body: Any = None, status: int = 200, **headers: Any) -> JSONResponse:
    """An answer in JSON; header names are written with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return JSONResponse(body if body is not None else {}, status_code=status, headers=named)


def user(number: int = 7, login: str = "ada", kind: str = "User") -> dict[str, Any]:
    return {"id": number, "login": login, "type": kind, "avatar_url": "", "html_url": f"u/{login}"}


def pull_json(number: int = 5, **changes: Any) -> dict[str, Any]:
    """A pull request as a REST list has it."""
    return {
        "id": 3_000_000_000 + number, "number": number, "title": "Mend it", "body": None,
        "state": "open", "draft": False, "user": user(), "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-02T00:00:00Z", "closed_at": None, "merged_at": None,
        "base": {"ref": "main"}, "head": {"ref": "fix", "sha": "f00"}, "html_url": "h/pull/5",
    } | changes  # fmt: skip
