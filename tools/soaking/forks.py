"""Processes that begin with everything imported: forked from one that has done it once.

They are processes of their own all the same, and die of a kill as others do. A campaign of eight
kills would otherwise spend most of its time with imports.
"""

import multiprocessing
import os
import runpy
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

# What an engine and an app import, also while they start.
_PRELOADED: Final = (
    *("mainstem.cli.app", "mainstem.cli.servers", "mainstem.cli.plain_logs"),
    *("mainstem.engine", "mainstem.engine.expressions", "soaking.app", "aiohttp"),
    *("uvicorn.protocols.http.auto", "uvicorn.protocols.websockets.auto", "uvicorn.loops.auto"),
    *("uvicorn.lifespan.on", "uvicorn.lifespan.off", "sqlite3"),
)
_context = multiprocessing.get_context("forkserver")


class Fork:
    """A forked process, with what a campaign asks of a `subprocess.Popen`."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        """`command` is an interpreter, `-m`, a module and its arguments."""
        _context.set_forkserver_preload(list(_PRELOADED))
        _, _, module, *arguments = command
        self._process = _context.Process(target=_enter, args=(module, arguments, str(log)))
        self._process.start()

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid or 0

    @property
    def returncode(self) -> int | None:
        """Its exit code once it has ended."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """The same."""
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Signal it."""
        os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to stop."""
        self._process.terminate()

    def kill(self) -> None:
        """Kill it."""
        self._process.kill()

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code. Raises `subprocess.TimeoutExpired`."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("a forked process", timeout or 0)
        return self._process.exitcode


def _enter(module: str, arguments: list[str], log: str) -> None:
    file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for stream in (1, 2):
        os.dup2(file, stream)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
