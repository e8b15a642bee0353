"""One event loop per process, for servers that have none: WSGI servers, and Lambda.

Async handlers hold what belongs to an event loop: pools of connections, locks, semaphores. Under a
server without a loop of its own each request would get a new one, and the second would find the
connections of the first, whose loop is closed. So the process has one loop, in a thread beside the
server's, for as long as it lives; coroutines are handed to it with the context of their request.

A loop that a fork took from its parent has no thread; the child gets its own.
"""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any, Final, TypeVar

T = TypeVar("T")

_CLOSING_S: Final = 10.0

# The loop of each process. Guarded by the lock.
_loops: dict[int, _Loop] = {}
_lock = threading.Lock()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Do `work` on the process's loop and wait for it: from a thread that has no loop."""
    return _loop().submit(work).result()


async def awaited(work: Coroutine[Any, Any, T]) -> T:
    """Do `work` on the process's loop and wait for it: from a loop that will not live on."""
    return await asyncio.wrap_future(_loop().submit(work))


def opened(services: AbstractAsyncContextManager[T]) -> T:
    """Open `services` on the process's loop, where handlers use them; closed when it ends.

        serve(app, catalog, opened(open_services(settings)))

    For what must be closed earlier there is `close`.
    """
    loop = _loop()
    return loop.submit(loop.stack.enter_async_context(services)).result()


def close() -> None:
    """Close what was opened, the last first, and end the loop. Harmless without one."""
    with _lock:
        loop = _loops.pop(os.getpid(), None)
    if loop is not None:
        loop.close()


class _Loop:
    """A running loop in a thread of its own. `stack` holds what was opened on it."""

    def __init__(self) -> None:
        self.stack = AsyncExitStack()
        # The loop itself holds its tasks weakly only.
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="mainstem-serving", daemon=True
        )
        self._thread.start()

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Have `work` done in the context of the caller, as its own task."""
        done: Future[T] = Future()
        context = contextvars.copy_context()

        def start() -> None:
            task = self._loop.create_task(_told(work, done), context=context)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        self._loop.call_soon_threadsafe(start)
        return done

    def close(self) -> None:
        """Close what was opened, then the loop. Not from the loop's own thread."""
        self.submit(self._end()).result(timeout=_CLOSING_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=_CLOSING_S)
        self._loop.close()

    async def _end(self) -> None:
        await self.stack.aclose()
        await self._loop.shutdown_asyncgens()


async def _told(work: Coroutine[Any, Any, T], done: Future[T]) -> None:
    """Do `work` and tell `done` how it went."""
    try:
        result = await work
    except BaseException as error:  # noqa: BLE001  whoever waits gets it, whatever it is
        done.set_exception(error)
    else:
        done.set_result(result)


def _loop() -> _Loop:
    """The process's loop, started when it is first needed."""
    with _lock:
        loop = _loops.get(os.getpid())
        if loop is None:
            loop = _loops[os.getpid()] = _Loop()
            atexit.register(close)
        return loop
