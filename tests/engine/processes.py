"""Processes of the tests that kill some: started, waited for by what they do, ended with -9."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

_HERE = Path(__file__).parent
_PATIENCE_SECONDS = 20.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def process(script: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    # Coverage of a process that is killed is never written: do not let it start measuring.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("COVERAGE")}
    started = subprocess.Popen([sys.executable, str(_HERE / script), *arguments], env=environment)
    try:
        yield started
    finally:
        started.send_signal(signal.SIGKILL)
        started.wait()


def wait_until(is_so: Callable[[], bool], what: str, *, pause: float = 0.02) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if is_so():
            return
        time.sleep(pause)
    raise AssertionError(f"in {_PATIENCE_SECONDS:g} s it did not come about that {what}")


def wait_for(url: str) -> None:
    def is_answered() -> bool:
        try:
            httpx.get(url, timeout=1)
        except httpx.HTTPError:
            return False
        return True

    wait_until(is_answered, f"something answers at {url}")


def lines_of(ledger: Path) -> list[str]:
    return ledger.read_text().splitlines() if ledger.exists() else []


def wait_for_lines(ledger: Path, count: int) -> None:
    what = f"there are {count} lines in {ledger}"
    wait_until(lambda: len(lines_of(ledger)) >= count, what, pause=0.005)
