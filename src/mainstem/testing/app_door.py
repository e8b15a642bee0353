"""The way from the engine to an app in this process: an ASGI app round the tested one.

It opens a call in the book, lets the app answer in full, and drops the answer where the test has
ordered that the app be lost, as a process that dies would.
"""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from typing import Any

from mainstem.testing.book import Book, Call
from mainstem.testing.process_end import AnswerLost
from mainstem.testing.run_views import error_text

Scope = MutableMapping[str, Any]
# The engine of a harness is a dev server; an app whose handler was made for cloud mode need not
# know, as its client is set to dev mode meanwhile.
_NOT_TOLD = b"x-inngest-server-kind"
LOOKUP = "mainstem-lookup"


class AppDoor:
    """An ASGI app with its calls written down. `is_ours` if the harness itself has made it."""

    def __init__(
        self, app: Any, book: Book, now: Callable[[], datetime], *, is_ours: bool = False
    ) -> None:
        self.app = app
        self._book = book
        self._now = now
        self._is_ours = is_ours
        self._lifespan: _Lifespan | None = None

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        headers = dict(scope["headers"])
        scope["headers"] = [pair for pair in scope["headers"] if pair[0] != _NOT_TOLD]
        request_id = headers.get(b"x-request-id", b"").decode()
        run = headers.get(b"x-run-id", b"").decode()
        call = Call(run, self._book, is_lookup=run == LOOKUP)
        self._book.calls[request_id] = call
        answer: list[Any] = []

        async def keep(message: Any) -> None:
            answer.append(message)

        try:
            await self._answer(scope, receive, keep)
        except Exception as error:
            self._note(call, f"{type(error).__name__}: {error}")
            raise
        finally:
            self._book.calls.pop(request_id, None)
        if call.lost_why is not None:
            if call.lost_at is None:
                self._note(call, call.lost_why)
            raise AnswerLost(call.lost_why)
        if call.lost_at is not None:
            raise AnswerLost(f"the app was lost at step {call.lost_at!r}, on order of the test")
        if not call.is_told and (status := answer[0].get("status", 0)) >= 400:
            self._note(call, f"HTTP {status} {_said(answer)}".rstrip())
        for message in answer:
            await send(message)

    def _note(self, call: Call, what: str) -> None:
        if call.run and not call.is_lookup:
            self._book.note_mishap(call.run, self._now(), f"no answer of the function: {what}")

    async def _answer(self, scope: Scope, receive: Any, keep: Any) -> None:
        try:
            await self.app(scope, receive, keep)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise AnswerLost("the app cancelled its own call") from error

    async def begin(self) -> None:
        """Let the app start, if it wants to (ASGI's lifespan). Raises what kept it from that."""
        self._lifespan = _Lifespan(self.app)
        await self._lifespan.begin()

    async def end(self) -> None:
        """Let the app stop; a second call does nothing."""
        lifespan, self._lifespan = self._lifespan, None
        if self._is_ours:
            for pool in thread_pools(self.app):
                # One that is still at work ends with its function: nobody can stop a thread.
                pool.shutdown(wait=False, cancel_futures=True)
        if lifespan is not None:
            await lifespan.end()


def _said(answer: list[Any]) -> str:
    """What the body of an answer says of an error, where it does as the SDK's own."""
    with suppress(ValueError):
        body = json.loads(b"".join(message.get("body", b"") for message in answer[1:]))
        if isinstance(body, Mapping):
            return error_text(body)
    return ""


def thread_pools(app: Any) -> Iterator[ThreadPoolExecutor]:
    """The threads in which the SDK runs the sync functions of an app.

    They belong to a handler that only the app's routes hold, and that nobody closes (SDK 0.5).
    """
    for route in app.routes:
        for cell in getattr(getattr(route, "endpoint", None), "__closure__", None) or ():
            pool = getattr(cell.cell_contents, "_thread_pool", None)
            if isinstance(pool, ThreadPoolExecutor):
                yield pool


class _Lifespan:
    """Start and stop of one ASGI app, in a task of its own as a server has it."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._told: asyncio.Queue[str] = asyncio.Queue()
        self._answers: asyncio.Queue[Mapping[str, Any] | None] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        self._task = asyncio.create_task(self._live(), name="mainstem-testing-lifespan")
        await self._say("startup")

    async def end(self) -> None:
        if self._task is not None and not self._task.done():
            await self._say("shutdown")
            await self._task

    async def _say(self, word: str) -> None:
        self._told.put_nowait(f"lifespan.{word}")
        answer = await self._answers.get()
        if answer is not None and answer["type"].endswith(".failed"):
            raise RuntimeError(f"The app's {word} failed: {answer.get('message', '')}")

    async def _live(self) -> None:
        async def receive() -> Mapping[str, Any]:
            return {"type": await self._told.get()}

        async def send(message: Mapping[str, Any]) -> None:
            self._answers.put_nowait(message)

        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
        try:
            # An app without lifespan says so by whatever error (ASGI).
            with suppress(Exception):
                await self._app(scope, receive, send)
        finally:
            self._answers.put_nowait(None)


class Doors(dict[str, AppDoor]):
    """Apps by origin. With one app every origin leads to it: apps may tell another than they have.

    `INNGEST_SERVE_ORIGIN` and its like put their own address into what an app registers.
    """

    def get(self, origin: str, default: Any = None) -> Any:
        """The app at an origin."""
        found = super().get(origin)
        if found is None and len(self) == 1:
            (found,) = self.values()
        return default if found is None else found
