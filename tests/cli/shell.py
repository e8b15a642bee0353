"""The command line as users meet it, in a folder of its own.

`call` runs it in this process, which saves the second that loading everything takes; `run` and
`running` in one of its own, where a process is the point.
"""

import contextlib
import io
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from unittest import mock

import structlog
import typer.main

from mainstem.cli import main
from mainstem.clients import reset_clients

_READ_BY_US = ("MAINSTEM_", "INNGEST_", "GITHUB_", "GH_", "DATABASE_URL", "CI", "PYTEST_", "VERCEL")
_TIMEOUT_S = 90
# Half of a short command's time goes to reading the signatures of all commands, each time anew.
_read_once = cache(typer.main.get_command)


def variables(**more: str) -> dict[str, str]:
    """This process's variables without those that say where it runs; `more` on top."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_READ_BY_US)}
    return {**kept, "COLUMNS": "120", **more}


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


def call(folder: Path, *words: str, **more: str) -> Done:
    """Run `mainstem` with `words` in `folder`, in this process, with `more` variables."""
    out, err = io.StringIO(), io.StringIO()
    with (
        _logs_as_before(),
        mock.patch("typer.main.get_command", _read_once),
        contextlib.chdir(folder),
        mock.patch.dict(os.environ, variables(**more), clear=True),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        reset_clients()
        try:
            main(words)
        except SystemExit as ended:
            return Done(int(ended.code or 0), out.getvalue(), err.getvalue())
    raise AssertionError("a command always ends by SystemExit")


@contextmanager
def _logs_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.reset_defaults()


def command(*words: str) -> list[str]:
    return [sys.executable, "-c", "from mainstem.cli import main; main()", *words]


def run(folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run `mainstem` with `words` to its end, with `more` variables."""
    return subprocess.run(
        command(*words),
        cwd=folder,
        env=variables(**more),
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )


@contextmanager
def running(folder: Path, *words: str, **more: str) -> Iterator[subprocess.Popen[str]]:
    """Run `mainstem` with `words` while the block runs; what is still alive then is killed."""
    process = subprocess.Popen(
        command(*words),
        cwd=folder,
        env=variables(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def until(process: subprocess.Popen[str], sign: str) -> str:
    """The first line on stderr that holds `sign`. Fails when there is none."""
    assert process.stderr is not None
    for line in process.stderr:
        if sign in line:
            return line
    raise AssertionError(f"{sign!r} was never said; exit code {process.wait()}")


def stopped(process: subprocess.Popen[str], number: int = signal.SIGINT) -> tuple[int, str, str]:
    """Send a signal, wait for the end: exit code, and the rest of stdout and stderr."""
    process.send_signal(number)
    out, err = process.communicate(timeout=_TIMEOUT_S)
    return process.returncode, out, err
