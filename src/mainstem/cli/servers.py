"""HTTP servers inside this process: bound first, then served, then stopped in order.

Binding comes before everything else, so that a port in use is told before anything was opened, and
so that a server on port 0 knows its address before what depends on it is built.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from mainstem.cli.outcome import CommandFailed, PortTaken

if TYPE_CHECKING:
    import uvicorn

LOOPBACK = "127.0.0.1"
# Who took nothing of what is sent for so long, while its server stops, has stalled.
_STALLED_SECONDS = 0.5


def bind(host: str, port: int, *, option: str) -> socket.socket:
    """A listening socket on `host`:`port`; 0 takes any free port. The caller closes it.

    Raises `PortTaken`, which names `option` as the way out, when the address is not to be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only for sockets that name TCP as their protocol; with it
    # on, each small answer waits for the other side's delayed acknowledgement, some 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except (OSError, OverflowError) as error:
        listener.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise PortTaken(host, port, reason.lower(), option=option) from error
    return listener


def url_of(listener: socket.socket) -> str:
    """The HTTP address of `listener`, without a path."""
    host, port = listener.getsockname()[:2]
    shown = LOOPBACK if host in {"0.0.0.0", "::"} else host  # noqa: S104 - compared, not bound
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


@asynccontextmanager
async def serving(app: Any, listener: socket.socket) -> AsyncIterator[str]:
    """Serve the ASGI `app` on `listener` while the block runs; gives the server's URL.

    Ends gracefully: requests under way have a few seconds to finish. Raises `CommandFailed` when
    the app refuses to start.
    """
    server = _quiet_server(app)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await _started(server, task)
        yield url_of(listener)
    finally:
        server.end()
        # A start that failed was told above; here it only has to be over.
        await asyncio.gather(asyncio.shield(task), return_exceptions=True)
        listener.close()


async def _started(server: uvicorn.Server, task: asyncio.Task[None]) -> None:
    while not server.started:
        if task.done():
            raise CommandFailed(
                "Cannot start the server: its app stopped while starting. "
                "Run the command again with --verbose to see the log."
            ) from task.exception()
        await asyncio.sleep(0.005)


def _quiet_server(app: Any) -> Any:
    import uvicorn

    class Server(uvicorn.Server):
        """Leaves the process's signals to the command, which stops all its servers in order."""

        def __init__(self, config: uvicorn.Config) -> None:
            super().__init__(config)
            self._told = asyncio.Event()

        def end(self) -> None:
            """Begin to stop."""
            self.should_exit = True
            self._told.set()

        async def main_loop(self) -> None:
            # uvicorn's own wakes ten times a second, for the time in its answers' heads and to
            # look whether it is to end: a tick for the first of them is due once a second.
            while not await self.on_tick(0):
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._told.wait(), 1)

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            try:
                await super().startup(sockets)
            except SystemExit as error:
                # uvicorn's way to say that the lifespan failed; in a task it would end the loop.
                raise RuntimeError("the app's lifespan failed") from error

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            leaving = asyncio.create_task(_leave_stalled(self.server_state.connections))
            try:
                await super().shutdown(sockets)
            finally:
                leaving.cancel()
                await asyncio.gather(leaving, return_exceptions=True)

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    return Server(
        uvicorn.Config(
            app, log_config=None, access_log=False, timeout_graceful_shutdown=5, lifespan="on"
        )
    )


async def _leave_stalled(connections: Collection[Any]) -> None:
    """Cut off, while a server stops, who has stopped to read what is sent: it would never end."""
    before: dict[Any, int] = {}
    while True:
        left = {each.transport: each.transport.get_write_buffer_size() for each in connections}
        for transport, size in left.items():
            if 0 < before.get(transport, 0) <= size:
                transport.abort()
        before = left
        await asyncio.sleep(_STALLED_SECONDS)


async def until_stopped(over: Coroutine[Any, Any, None] | None = None) -> None:
    """Say how to stop, and wait for it: Ctrl-C or SIGTERM, for a server the ordinary way to end.

    `over` ends the wait as well; what it raises is what the server died of.
    """
    stopped = asyncio.Event()
    waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(stopped.wait())]
    if over is not None:
        waits.append(asyncio.ensure_future(over))
    with on_signals(stopped.set):
        print("Press Ctrl-C to stop.", file=sys.stderr, flush=True)
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
    for each in done:
        each.result()


@contextlib.contextmanager
def on_signals(call: Callable[[], object]) -> Iterator[None]:
    """Have `call` called in the running loop at SIGINT or SIGTERM, while the block runs."""
    loop = asyncio.get_running_loop()
    with contextlib.ExitStack() as stack:
        for number in (signal.SIGINT, signal.SIGTERM):
            # Not in the main thread, or a platform whose loop handles no signals: Ctrl-C then ends
            # the loop itself with KeyboardInterrupt.
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(number, call)
                stack.callback(loop.remove_signal_handler, number)
        yield
