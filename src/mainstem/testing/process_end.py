"""The end of the app's process: on order of a test, or by `sys.exit` in the code under test.

Left to itself, a `SystemExit` would end the event loop of the test, and whoever waits for it would
wait for ever. Here it does what it does to a server: the answer to the call does not arrive.
"""

from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any

from mainstem.testing.book import Call


class AnswerLost(Exception):  # noqa: N818  it says what happened
    """The app is lost here: its answer will not arrive."""


def ended(error: SystemExit, call: Call) -> AnswerLost:
    """What a call ends with whose code has ended the process."""
    call.lost_why = f"the app ended itself: SystemExit({error.code!r})"
    return AnswerLost(call.lost_why)


def keep_alive(step: Any, call: Call) -> None:
    """Let the function that belongs to this step object be one that cannot end the process.

    The SDK runs it in a task or thread of its own, so only right round the function is it caught in
    time. What is there, and may be changed, is the SDK's stop watch (SDK 0.5:
    `step._execution._timings.function`).
    """
    timings = getattr(getattr(step, "_execution", None), "_timings", None)
    watch = getattr(timings, "function", None)
    if timings is not None and watch is not None:
        timings.function = _Guard(watch, call)


class _Guard(AbstractContextManager[Any]):
    """Another context manager, which lets no `SystemExit` out."""

    def __init__(self, own: AbstractContextManager[Any], call: Call) -> None:
        self._own = own
        self._call = call

    def __enter__(self) -> Any:
        return self._own.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        is_done = self._own.__exit__(kind, error, trace)
        if isinstance(error, SystemExit):
            raise ended(error, self._call) from error
        return is_done

    def __getattr__(self, name: str) -> Any:
        return getattr(self._own, name)
