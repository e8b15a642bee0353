"""In a Tornado app: `python tornado_app.py PORT`."""

import asyncio
import sys

import tornado.web
from shop import catalog

from mainstem.serving.tornado import serve


async def main(port: int) -> None:
    """Serve until the process is stopped."""
    app = tornado.web.Application()
    serve(app, catalog)
    app.listen(port, "127.0.0.1")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
