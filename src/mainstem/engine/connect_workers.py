"""Connect's workers and the requests they hold: who gets one, how long, and what is lost with them.

A worker holds a request as long as its lease lasts. The lease is short until the worker says that
it took the request, long afterwards, and renewed by the worker; when it ends without a reply, the
attempt has failed. A connection that breaks takes nothing with it at once: the worker may be back
in a moment with the reply. All on the engine's event loop; nothing here knows protobuf.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from mainstem.engine.options import ConnectTimes
from mainstem.engine.wire import Answer, no_answer

# A request that no worker takes (all are just pausing, say) is offered this often.
_MAX_OFFERS = 3
# A worker that pauses may have taken what was on its way; its word for it then comes at once.
_AFTER_PAUSE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class WorkerRequest:
    """A call as a worker gets it; `slug` is the function's full id."""

    id: str
    run_id: str
    job_id: str
    step_id: str
    function_id: str
    slug: str
    app_id: str
    body: bytes


@dataclass(slots=True, eq=False)
class Connection:
    """A worker that is connected; `apps` has the full ids of its functions by app."""

    id: str
    instance_id: str
    apps: Mapping[str, frozenset[str]]
    capacity: int | None
    offer: Callable[["Connection", WorkerRequest, str], Awaitable[None]]
    say_closing: Callable[[], Awaitable[None]]
    is_paused: bool = False
    held: set[str] = field(default_factory=set)

    def app_of(self, slug: str) -> str | None:
        """The name of its app that has this function."""
        return next((name for name, slugs in self.apps.items() if slug in slugs), None)

    @property
    def has_room(self) -> bool:
        """Whether it may get another request."""
        return self.capacity is None or len(self.held) < self.capacity


class _Held:
    """A request out at a worker. `outcome` is its answer, or None when the lease ended."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.lease_id = secrets.token_hex(8)
        self.is_taken = False
        self.is_orphan = False
        self.outcome: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        self._timer: asyncio.TimerHandle | None = None

    def renew(self, seconds: float) -> None:
        """Let the lease end in `seconds`, whatever it was."""
        self.close()
        self._timer = asyncio.get_running_loop().call_later(seconds, self.settle, None)

    def settle(self, answer: Answer | None) -> None:
        """Tell who waits; the first word counts."""
        if not self.outcome.done():
            self.outcome.set_result(answer)

    def close(self) -> None:
        """Stop the clock."""
        if self._timer is not None:
            self._timer.cancel()


class Workers:
    """Every connected worker, and every request out at one."""

    def __init__(self, times: ConnectTimes) -> None:
        self.times = times
        self.is_closing = False
        self._connections: dict[str, Connection] = {}
        self._held: dict[str, _Held] = {}
        self._changed = asyncio.Event()

    def count(self, app: str) -> int:
        """How many workers serve an app now."""
        return sum(app in connection.apps for connection in self._connections.values())

    async def call(self, request: WorkerRequest) -> Answer:
        """What a worker answers. None connected, or one lost, gives an answer too: `Broken`."""
        for _ in range(_MAX_OFFERS):
            connection = await self._free_worker(request.slug)
            if connection is None:
                return await self._failed(
                    f"no worker that serves function {request.slug!r} is connected; waited"
                    f" {self.times.wait:g} s for one"
                )
            held = _Held(connection)
            answer = await self._offer(held, request)
            if answer is not None:
                return answer
            if held.is_taken:
                return await self._failed(
                    f"worker {connection.instance_id!r} took the request and was lost: its lease"
                    " ended before a reply"
                )
        return await self._failed(f"none of {_MAX_OFFERS} workers took the request")

    def attach(self, connection: Connection) -> None:
        """A worker is ready for requests."""
        self._connections[connection.id] = connection
        for held in self._held.values():
            if held.is_orphan and held.connection.instance_id == connection.instance_id:
                # Perhaps the worker that was lost, perhaps its successor on the same machine: the
                # former renews its lease within an interval, the latter knows nothing of it.
                held.renew(self.times.extend + self.times.lost)
        self._wake()

    def detach(self, connection: Connection) -> None:
        """A worker's connection is gone; what it had taken may still be answered for a while."""
        self._connections.pop(connection.id, None)
        for request_id in connection.held:
            held = self._held[request_id]
            held.is_orphan = True
            held.renew(self.times.lost if held.is_taken else 0)
        self._wake()

    def pause(self, connection: Connection) -> None:
        """A worker wants no more requests; it answers those it has."""
        connection.is_paused = True
        for request_id in connection.held:
            held = self._held[request_id]
            if not held.is_taken:
                held.renew(_AFTER_PAUSE_SECONDS)

    def take(self, request_id: str) -> None:
        """A worker says that it works on a request."""
        if held := self._held.get(request_id):
            held.is_taken = True
            held.renew(self.times.lease)

    def extend(self, request_id: str, lease_id: str) -> str | None:
        """Renew a lease; its new id, or None when it is over."""
        held = self._held.get(request_id)
        if held is None or held.lease_id != lease_id:
            return None
        held.lease_id = secrets.token_hex(8)
        held.is_taken = True
        held.renew(self.times.lease)
        return held.lease_id

    def reply(self, request_id: str, answer: Answer) -> None:
        """A worker's answer; one that nobody waits for any more changes nothing."""
        if held := self._held.get(request_id):
            held.settle(answer)

    async def close(self) -> None:
        """Tell every worker to go elsewhere, and take no new ones."""
        self.is_closing = True
        connections = list(self._connections.values())
        await asyncio.gather(
            *(connection.say_closing() for connection in connections), return_exceptions=True
        )

    async def _failed(self, reason: str) -> Answer:
        if self.is_closing:
            # Not the worker's doing: the call is cancelled with the engine, and made again.
            await asyncio.Event().wait()
        return no_answer(reason)

    async def _offer(self, held: _Held, request: WorkerRequest) -> Answer | None:
        connection = held.connection
        self._held[request.id] = held
        connection.held.add(request.id)
        held.renew(self.times.take)
        try:
            await connection.offer(connection, request, held.lease_id)
            return await held.outcome
        except ConnectionError:
            return None
        finally:
            held.close()
            del self._held[request.id]
            connection.held.discard(request.id)
            self._wake()

    async def _free_worker(self, slug: str) -> Connection | None:
        """The least busy worker that has the function; None when there was none for too long.

        Workers that are all busy are waited for without end: they are there.
        """
        clock = asyncio.get_running_loop()
        give_up = clock.time() + self.times.wait
        while True:
            able = [
                each
                for each in self._connections.values()
                if not each.is_paused and each.app_of(slug) is not None
            ]
            free = [each for each in able if each.has_room]
            if free:
                return min(free, key=lambda each: len(each.held))
            if able:
                give_up = clock.time() + self.times.wait
            elif clock.time() >= give_up:
                return None
            await self._wait_for_change(None if able else give_up)

    async def _wait_for_change(self, until: float | None) -> None:
        changed = self._changed
        try:
            async with asyncio.timeout_at(until):
                await changed.wait()
        except TimeoutError:
            return

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
