"""Serving as a Connect worker: the app goes to the server, and needs no address of its own.

The SDK's connection tries again by itself for a while and then gives up, at once where its key is
refused. A worker that gave up at night serves nobody in the morning, so this one begins anew for
ever, more and more slowly, and says since when it is away.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from typing_extensions import Unpack

from mainstem.catalog import BoundCatalog, Catalog
from mainstem.clients import sdk_environment
from mainstem.serving.extras import need
from mainstem.serving.log import say
from mainstem.serving.options import Options
from mainstem.serving.preparing import Prepared, prepare
from mainstem.serving.sdk_handler import check_key
from mainstem.serving.worker_health import (
    State,
    WorkerHealth,
    end_thread,
    explained,
    on_refusal,
    pause_before,
    why_silent,
)

for _library in ("websockets", "google.protobuf", "psutil"):
    need(_library, adapter="Connect", extra="connect")

if TYPE_CHECKING:
    from inngest.connect import ConnectionState
    from inngest.connect._internal.connection import WorkerConnection

S = TypeVar("S")

_LONGEST_PAUSE_S = 60.0
_LOOK_EVERY_S = 0.1
_ENDS_WITHIN_S = 3.0
_PROBE_AFTER_S, _PROBE_EVERY_AT_MOST_S = 0.5, 10.0
_ENDED = "the connection ended"


class WorkerOptions(Options, total=False):
    """`instance_id` names this worker at the server, the machine's name if it is not given."""

    instance_id: str | None


class Worker:
    """A worker of one app. It can be started once; `async with` starts and closes it."""

    def __init__(
        self,
        prepared: Prepared,
        *,
        instance_id: str | None = None,
        longest_pause: float = _LONGEST_PAUSE_S,
    ) -> None:
        self.bound: BoundCatalog[Any] = prepared.bound
        self.served = prepared.served
        self._settings = prepared.settings
        self._prepared = prepared
        self._instance_id = instance_id
        self._longest_pause = longest_pause
        self._closing, self._is_connected = asyncio.Event(), asyncio.Event()
        self._connection: WorkerConnection | None = None
        self._task: asyncio.Task[None] | None = None
        self._refusal: str | None = None
        # Whether the problem is only that there is no connection, which the SDK explains later.
        self._is_vague = True
        self._health = WorkerHealth(
            "stopped", datetime.now(UTC), self.bound.client.app_id, len(self.bound.functions)
        )

    async def start(self) -> None:
        """Connect and work until `close`; whatever happens to the connection, begin again."""
        self._be("away", is_vague=True)
        while not self._closing.is_set():
            self._health = replace(self._health, attempts=self._health.attempts + 1)
            problem = await self._connected_once()
            if self._closing.is_set():
                break
            self._be("away", problem, is_vague=problem == _ENDED)
            pause = pause_before(
                self._health.attempts - 1,
                cap=self._longest_pause,
                chance=random.random(),  # noqa: S311  it spreads, it does not hide
            )
            say("warning", "worker away", **self._told(), again_in_s=round(pause, 1))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), pause)
        self._be("stopped")

    async def close(self) -> None:
        """Take no more work, end what is under way, and stop. A second call does no harm."""
        self._closing.set()
        connection = self._connection
        if connection is not None:
            await connection.close()
        if self._task is None:
            return
        closed_looks = 0
        while not (await asyncio.wait({self._task}, timeout=_LOOK_EVERY_S))[0]:
            # The SDK says CLOSED when nothing is under way any more. At times its thread does not
            # end then, and whoever waits for it would wait for ever.
            is_closed = connection is not None and connection.get_state().name == "CLOSED"
            closed_looks = closed_looks + 1 if is_closed else 0
            if connection is not None and closed_looks * _LOOK_EVERY_S >= _ENDS_WITHIN_S:
                closed_looks = 0
                end_thread(connection)
        await self._task

    def health(self) -> WorkerHealth:
        """How it is now."""
        return self._health

    async def connected(self) -> None:
        """Wait until the server has taken it."""
        await self._is_connected.wait()

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self.start())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _connected_once(self) -> str | None:
        """One connection of the SDK's, to its end; what ended it."""
        self._connection = connection = self._connect()
        beside = [asyncio.create_task(self._watch(connection)), asyncio.create_task(self._probe())]
        try:
            await connection.start()
        except Exception as error:  # noqa: BLE001  the SDK raises bare ones; the next attempt follows
            return explained(str(error) or type(error).__name__, self._settings)
        finally:
            self._connection = None
            for task in beside:
                task.cancel()
            await asyncio.wait(beside)
        return _ENDED

    def _connect(self) -> WorkerConnection:
        from inngest.connect import connect

        with sdk_environment(self._settings):
            connection = connect(
                [(self.bound.client, self.bound.functions)],
                instance_id=self._instance_id,
                # Signals are the process's business: it closes the worker when it wants to stop.
                shutdown_signals=[],
                max_worker_concurrency=self._settings.connect_max_concurrency,
            )
        on_refusal(connection, self._hear)
        return connection

    def _hear(self, refusal: str) -> None:
        """Keep why the server did not take the functions; called in the SDK's own thread."""
        self._refusal = refusal

    async def _watch(self, connection: WorkerConnection) -> None:
        """Follow the state of `connection`, which changes in the SDK's own thread."""
        while True:
            self._see(connection.get_state())
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _probe(self) -> None:
        """Find out why there is no connection, while the SDK tries by itself and does not say.

        Until it gives up half a minute passes. The server is asked less and less often.
        """
        pause = _PROBE_AFTER_S
        while True:
            await asyncio.sleep(pause)
            if not self._is_unexplained():
                pause = _PROBE_AFTER_S
                continue
            pause = min(2 * pause, _PROBE_EVERY_AT_MOST_S)
            told = await why_silent(self._settings)
            if self._is_unexplained() and told != self._health.problem:
                self._be("away", told, is_vague=True)
                say("warning", "worker away", **self._told())

    def _is_unexplained(self) -> bool:
        return self._is_vague and self._health.state == "away"

    def _see(self, state: ConnectionState) -> None:
        is_active = state.name == "ACTIVE"
        if is_active and not self._health.is_well:
            self._be("connected")
            say("info", "worker connected", **self._told())
        elif not is_active and self._health.is_well:
            # The SDK is connecting anew already.
            self._health = replace(self._health, attempts=1)
            self._be("away", f"the connection is {state.value.lower()}", is_vague=True)
            say("warning", "worker away", **self._told())
        elif self._refusal not in (None, self._health.problem) and not is_active:
            # The SDK goes on trying by itself, and does not say so.
            self._be("away", self._refusal)
            say("warning", "worker refused", **self._told())

    def _be(self, state: State, problem: str | None = None, *, is_vague: bool = False) -> None:
        changed = state != self._health.state
        self._is_vague = is_vague
        if state == "connected":
            self._refusal = None
            self._is_connected.set()
        else:
            self._is_connected.clear()
        self._health = replace(
            self._health,
            state=state,
            since=datetime.now(UTC) if changed else self._health.since,
            problem=problem,
            attempts=0 if state == "connected" else self._health.attempts,
        )

    def _told(self) -> dict[str, Any]:
        facts = self.served.in_short()
        return {**facts, "since": self._health.since.isoformat(), "problem": self._health.problem}


def worker(
    catalog: Catalog[S], services: S | None = None, **options: Unpack[WorkerOptions]
) -> Worker:
    """The worker that serves `catalog`, not started yet. Raises what `endpoint_for` raises.

    `old`, where it is called instead, has to give something with the same methods.
    """
    instance_id = options.pop("instance_id", None)
    prepared = prepare(catalog, services, options, adapter="connect", path="wss://connect")
    if prepared.old is not None:
        old = cast("Callable[[], Worker]", prepared.old)
        return old()
    check_key(prepared.client)
    return Worker(prepared, instance_id=instance_id)
