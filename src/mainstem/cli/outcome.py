"""How a command ends: exit codes, and every error we know as one clear line.

An error of ours already says what was being done, what was found and what to do next; here it only
gets its exit code. A traceback on the terminal is therefore always a bug of ours.
"""

# ruff: noqa: N818  the names say what happened; their root's name says that they are errors

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

from mainstem.errors import MainstemError, SettingsError


class ExitCode(IntEnum):
    """What scripts may rely on."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    INTERRUPTED = 130


class CommandFailed(MainstemError):
    """A command could not do its work; the message is all there is to say."""


class UsageProblem(MainstemError):
    """What was typed cannot be meant: a malformed name, no JSON, two rival options."""


class PortTaken(CommandFailed):
    """A server could not have its port."""

    def __init__(self, host: str, port: int, reason: str, *, option: str) -> None:
        self.port = port
        super().__init__(
            f"Cannot listen on {host}:{port}: {reason}. Stop what listens there, "
            f"or choose another port with {option} (0 takes any free one)."
        )


class Interrupted(MainstemError):
    """Work was stopped from outside; `message` says how to go on."""


def code_of(error: BaseException) -> ExitCode:
    """The exit code that goes with `error`."""
    if isinstance(error, SettingsError | UsageProblem):
        return ExitCode.USAGE
    if isinstance(error, Interrupted | KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    return ExitCode.FAILED


def told(error: BaseException) -> str | None:
    """What to print for `error`, or None when it is not one we know.

    Settings errors keep all their lines, one per problem; everything else becomes a single line.
    """
    if isinstance(error, SettingsError):
        return str(error)
    if isinstance(error, MainstemError) or _is_engine_error(error):
        return " ".join(str(error).split())
    return None


def _is_engine_error(error: BaseException) -> bool:
    """Whether `error` is the engine's own kind, found without loading the engine for it."""
    engine = sys.modules.get("mainstem.engine")
    return engine is not None and isinstance(error, engine.EngineError)


@contextmanager
def exiting() -> Iterator[None]:
    """Turn what ends the command inside into an exit code and, for errors, a line on stderr."""
    try:
        yield
    except KeyboardInterrupt:
        raise SystemExit(ExitCode.INTERRUPTED) from None
    except BrokenPipeError:
        # Whoever read our output has left (`mainstem functions | head`). Python would complain
        # once more while closing stdout, so it gets a place to write to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(ExitCode.FAILED) from None
    except Exception as error:
        line = told(error)
        if line is None:
            raise
        print(f"mainstem: {line}", file=sys.stderr)
        raise SystemExit(code_of(error)) from error
