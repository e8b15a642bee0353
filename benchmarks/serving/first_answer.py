"""One cold start: `first_answer.py KIND MODULE`, in a fresh process.

`server` serves `MODULE.app` on the listening socket of file descriptor 3, where a request waits
already. `lambda` reads an event from standard input, calls `MODULE.handler` with it and prints the
answer. What is named `plain_…` runs as in an environment of its own, without rich and pygments:
Mainstem brings them for its command line, and httpx, which the SDK loads, loads them wherever they
are installed.
"""

import sys
from importlib import import_module


def main(kind: str, module: str) -> None:
    """Do what is to be measured, with nothing imported that it does not need."""
    if module.startswith("plain_"):
        sys.modules["rich"] = sys.modules["pygments"] = None  # type: ignore[assignment]
    if kind == "lambda":
        import json

        event = json.load(sys.stdin)
        print(json.dumps(import_module(module).handler(event, None)))
        return
    import socket

    import uvicorn

    app = import_module(module).app
    config = uvicorn.Config(app, log_level="error", lifespan="off", access_log=False)
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=3)])


if __name__ == "__main__":
    main(*sys.argv[1:])
