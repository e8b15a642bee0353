"""The way from a client to the engine in this process, for as long as a harness is open.

The SDK's client has no public seam for its requests: they leave through two HTTP clients inside its
authenticated one (SDK 0.5: `Inngest._http_client._http_client` and `…_http_client_sync`), and its
mode is `Inngest._mode`. Those three are changed here, alone in this room, and put back at the end.
"""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit
from weakref import WeakSet

import httpx
import inngest

from mainstem.errors import UnknownSdk
from mainstem.testing.book import CURRENT, Book
from mainstem.testing.errors import HarnessClosed, HarnessError

_SEED: Final = "x-inngest-event-id-seed"
_EXPECTED: Final = "x-inngest-expected-server-kind"
# How long before now a time may lie that the SDK has just read off the machine's clock.
_JUST_NOW_MS: Final = 60_000
_PATIENCE_S: Final = 30.0
_NOWHERE: Final = "http://127.0.0.1:9"


class EngineDoor:
    """Answers a client's requests by the engine's own app, in this process."""

    def __init__(self, book: Book, now: Callable[[], datetime]) -> None:
        self._book = book
        self._now = now
        self.loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._transport: httpx.ASGITransport | None = None

    def lead_to(self, app: Any) -> None:
        """Lead to the app of another engine."""
        self._transport = httpx.ASGITransport(app)

    def close(self) -> None:
        """Lead nowhere, and let nothing out that calls of this harness have left behind."""
        self._transport = None
        self._book.is_closed = True

    @property
    def is_at_home(self) -> bool:
        """Whether the caller is in the thread of the engine."""
        return threading.get_ident() == self._thread

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """What the engine answers."""
        if self._transport is None:
            raise httpx.ConnectError("The harness of this client is closed.", request=request)
        _refuse_leftovers(request)
        is_event = urlsplit(str(request.url)).path.startswith("/e/")
        events = self._stamped(request) if is_event else None
        asked = _request(request, events)
        response = await self._transport.handle_async_request(asked)
        response.request = request
        await response.aread()
        if events is not None and response.status_code == 200:
            self._note(events, response.json().get("ids", ()))
        return response

    def answer_sync(self, request: httpx.Request) -> httpx.Response:
        """The same for a thread that waits: the engine goes on in its own meanwhile."""
        if not self.is_at_home:
            answer = asyncio.run_coroutine_threadsafe(self.answer(request), self.loop)
            # With a bound, so that no thread outlives the harness whose loop has stopped.
            return answer.result(_PATIENCE_S)
        return _at_once(self.answer(request))

    def _stamped(self, request: httpx.Request) -> list[dict[str, Any]]:
        """The events of a request; those that the SDK stamped with the machine's now have ours."""
        body = json.loads(request.content)
        events: list[dict[str, Any]] = body if isinstance(body, list) else [body]
        latest = time.time() * 1000 + 1
        for event in events:
            if latest - _JUST_NOW_MS <= event.get("ts", 0) <= latest:
                del event["ts"]
        return events

    def _note(self, events: list[dict[str, Any]], ids: list[str]) -> None:
        sent = [
            (str(event.get("id") or given), str(event["name"]), dict(event.get("data") or {}))
            for event, given in zip(events, ids, strict=False)
        ]
        self._book.note_sent(sent, self._now())


def _request(request: httpx.Request, events: list[dict[str, Any]] | None) -> httpx.Request:
    # A seed is made of chance and the machine's time; without one the engine's own ids are taken.
    left_out = (_SEED, _EXPECTED, "content-length", "transfer-encoding")
    headers = [(k, v) for k, v in request.headers.multi_items() if k.lower() not in left_out]
    content = request.content if events is None else json.dumps(events).encode()
    return httpx.Request(request.method, request.url, headers=headers, content=content)


def _at_once(work: Coroutine[Any, Any, httpx.Response]) -> httpx.Response:
    """Do in the engine's own thread what needs no waiting: nothing goes on there meanwhile."""
    try:
        work.send(None)
    except StopIteration as done:
        response: httpx.Response = done.value
        return response
    work.close()
    raise HarnessError(
        "Cannot send from the thread of the event loop without awaiting: the engine is on a file,"
        " which has to be waited for. Use `await client.send(…)`, or an engine in memory."
    )


class _Async:
    def __init__(self, door: EngineDoor) -> None:
        self._door = door

    def is_same_thread(self) -> bool:
        """Elsewhere the SDK takes the sync client."""
        return self._door.is_at_home

    async def send(self, request: httpx.Request, **_: Any) -> httpx.Response:
        """As `httpx.AsyncClient.send`."""
        return await self._door.answer(request)


class _Sync:
    def __init__(self, door: EngineDoor) -> None:
        self._door = door

    def send(self, request: httpx.Request, **_: Any) -> httpx.Response:
        """As `httpx.Client.send`."""
        return self._door.answer_sync(request)


def _refuse_leftovers(request: httpx.Request) -> None:
    """Raise `HarnessClosed` for a request of a task or thread that a tested function began.

    The client is as it was again by now, and would ask the real server.
    """
    call = CURRENT.get()
    if call is not None and call.book.is_closed:
        raise HarnessClosed(
            f"A function under test (run {call.run}) has left something running that asks"
            f" {request.url.host} now, after its harness was closed. Nothing was sent. Let the"
            " function, or the test, wait for it."
        )


async def _refuse_leftovers_async(request: httpx.Request) -> None:
    _refuse_leftovers(request)


def _guard(client: Any, refuse: Any) -> None:
    """Let a client's requests pass `refuse` for good; it stops only what a test has begun."""
    hooks = getattr(client, "event_hooks", None)
    if hooks is not None and refuse not in hooks["request"]:
        hooks["request"].append(refuse)


_TAKEN: Final[WeakSet[inngest.Inngest]] = WeakSet()
# Clients of ours. To make one takes the SDK longer than to run a test with it (it reads the
# machine's certificates, twice), so those that are free are taken again.
_OURS: Final[list[inngest.Inngest]] = []


def own_client() -> inngest.Inngest:
    """A client for a harness whose caller has none, with nothing from the environment."""
    for client in _OURS:
        if client not in _TAKEN:
            return client
    made = inngest.Inngest(
        app_id="test",
        is_production=False,
        event_key="test",
        api_base_url=_NOWHERE,
        event_api_base_url=_NOWHERE,
    )
    _OURS.append(made)
    return made


class ClientDoor:
    """One client, led to an engine: `open`, and `close` leaves it as it was."""

    def __init__(self, client: inngest.Inngest, door: EngineDoor, middleware: Any) -> None:
        self.client = client
        self._door = door
        self._middleware = middleware
        self._kept: dict[str, Any] | None = None

    def open(self) -> None:
        """Lead the client here. Raises `HarnessError` when another harness has it."""
        client: Any = self.client
        if not isinstance(client, inngest.Inngest):
            raise HarnessError(
                f"Cannot open a harness on {client!r}: it is no client. Give the `inngest.Inngest`"
                " that the app has made."
            )
        if client in _TAKEN:
            raise HarnessError(
                f"Cannot open a harness on the client of app '{client.app_id}': another one that"
                " is still open has it. Close that first; one client has one server."
            )
        http: Any = getattr(client, "_http_client", None)
        for owner, name in ((http, "_http_client"), (http, "_http_client_sync"), (client, "_mode")):
            if not hasattr(owner, name):
                raise UnknownSdk("test functions", missing=f"{name} in its client")
        self._kept = {
            "async": http._http_client,  # noqa: SLF001  see the module's first lines
            "sync": http._http_client_sync,  # noqa: SLF001
            "mode": client._mode,  # noqa: SLF001
            "is_production": client.is_production,
        }
        _guard(http._http_client, _refuse_leftovers_async)  # noqa: SLF001
        _guard(http._http_client_sync, _refuse_leftovers)  # noqa: SLF001
        _TAKEN.add(client)
        self._set(_Async(self._door), _Sync(self._door), _dev(client), is_production=False)
        client.middleware = [*client.middleware, self._middleware]

    def close(self) -> None:
        """Give the client back; a second call does nothing."""
        if self._kept is None:
            return
        kept, self._kept = self._kept, None
        self._set(kept["async"], kept["sync"], kept["mode"], is_production=kept["is_production"])
        self.client.middleware = [m for m in self.client.middleware if m is not self._middleware]
        _TAKEN.discard(self.client)

    def _set(self, by_async: Any, by_sync: Any, mode: Any, *, is_production: bool) -> None:
        client: Any = self.client
        client._http_client._http_client = by_async  # noqa: SLF001
        client._http_client._http_client_sync = by_sync  # noqa: SLF001
        client._mode = mode  # noqa: SLF001
        client.is_production = is_production


def _dev(client: Any) -> Any:
    kind = type(client._mode)  # noqa: SLF001
    return kind("dev")
