"""Serves a pretend GitHub over HTTP: inside another program, or until it is interrupted."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator

import uvicorn

from mainstem.errors import SimulateError
from mainstem.simulate.app import SimulatedGitHub, app_of
from mainstem.simulate.options import Options
from mainstem.simulate.world import World

__all__ = ["serve_forever", "simulated_github"]


@contextlib.asynccontextmanager
async def simulated_github(
    world: World, *, host: str = "127.0.0.1", port: int = 0, options: Options | None = None
) -> AsyncIterator[SimulatedGitHub]:
    """A pretend GitHub that answers at `.url` inside the `async with`; port 0 takes a free one.

    It runs in the caller's event loop. Raises `SimulateError` when the port is taken.
    """
    simulated = SimulatedGitHub(world, options or Options())
    listener = _listen(host, port)
    simulated.url = _address(host, listener)
    server = _Embedded(_config(simulated))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        # The socket listens since `_listen`: a request that comes before the server is up waits.
        yield simulated
    finally:
        server.stop.set()
        await serving
        listener.close()


def serve_forever(
    world: World,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    options: Options | None = None,
    on_start: Callable[[SimulatedGitHub], None] = lambda _simulated: None,
) -> None:
    """Serves until interrupted. `on_start` is called once the port is taken, with `.url` known.

    Raises `SimulateError` when the port is taken already.
    """
    simulated = SimulatedGitHub(world, options or Options())
    with contextlib.closing(_listen(host, port)) as listener:
        simulated.url = _address(host, listener)
        on_start(simulated)
        server = uvicorn.Server(_config(simulated))
        with contextlib.suppress(KeyboardInterrupt):  # it has closed its connections by then
            asyncio.run(server.serve(sockets=[listener]))


class _Embedded(uvicorn.Server):
    """Leaves the signals to the program around it, and ends at once when told to."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.stop = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        await self.stop.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Where every client has gone there is nothing to be graceful about, which takes 0.1 s.
        for _ in range(10):
            await asyncio.sleep(0)
        if self.server_state.connections:
            await super().shutdown(sockets)
        for server in self.servers:
            server.close()


def _config(simulated: SimulatedGitHub) -> uvicorn.Config:
    return uvicorn.Config(
        app_of(simulated),
        log_config=None,
        log_level="critical",
        access_log=False,
        lifespan="off",
        date_header=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol has to be named: asyncio switches small-packet delays off only where it is, and
    # with them each short answer waits 40 ms for the client to confirm its head.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise SimulateError(
            f"Cannot serve the pretend GitHub at {host}:{port}: {error.strerror}. "
            "Stop what listens there, or choose another port (0 takes a free one)."
        ) from error
    return listener


def _address(host: str, listener: socket.socket) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{listener.getsockname()[1]}"
