"""A Connect worker, which needs no address; it comes back for ever when it is cut off."""

import asyncio
import signal

from shop import catalog

from mainstem.serving import connect


async def main() -> None:
    """Work until the process is told to stop, and end what is under way first."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with connect.worker(catalog) as worker:
        await worker.connected()
        print(worker.health().as_json(), flush=True)
        await stopped.wait()


if __name__ == "__main__":
    asyncio.run(main())
