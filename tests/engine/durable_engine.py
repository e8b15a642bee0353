"""The engine of the kill test. Started as a process: its arguments are the port and the file."""

import asyncio
import sys

import uvicorn

from mainstem.engine import Engine, EngineOptions, engine_app


async def main(port: str, path: str) -> None:
    """Serve until killed."""
    async with Engine.open(EngineOptions(path, retry_interval=0.05)) as engine:
        config = uvicorn.Config(
            engine_app(engine), host="127.0.0.1", port=int(port), log_level="error"
        )
        await uvicorn.Server(config).serve()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
