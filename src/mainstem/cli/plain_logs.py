"""Logs without a library for them: for a server that is to be small, and starts often.

The usual ones (`logs`) colour and structure what they print, and bring in ten megabytes to do so.
"""

from __future__ import annotations

import logging
import sys


def set_up_plain_logs(level: str) -> None:
    """Send the logs of this process to stderr as lines of text, from `level` on.

    A second call replaces the first. Raises `ValueError` for an unknown level.
    """
    handler = logging.StreamHandler(sys.stderr)
    form = "%(asctime)s.%(msecs)03d [%(levelname)s] %(message)s [%(name)s]"
    handler.setFormatter(logging.Formatter(form, datefmt="%Y-%m-%dT%H:%M:%S"))
    root = logging.getLogger()
    root.setLevel(level)
    root.handlers[:] = [handler]
    for chatty in ("aiohttp", "asyncio", "httpx", "httpcore", "uvicorn", "websockets"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
