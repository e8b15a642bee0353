"""A run as a test sees it: what the engine holds of it, and what was written down beside."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import inngest

from mainstem.engine import RunView, StepView
from mainstem.testing.book import Book
from mainstem.testing.seen import SeenStep, StepKind
from mainstem.testing.server import hashed
from mainstem.testing.step_seam import moment

LAST: Final = 1 << 62  # behind all that was written down at a moment
_KINDS: Final[Mapping[str, StepKind]] = {
    "StepRun": "run",
    "Sleep": "sleep",
    "WaitForEvent": "wait",
    "InvokeFunction": "invoke",
    "AIGateway": "infer",
}


def steps_of(view: RunView, book: Book) -> dict[str, SeenStep]:
    """The steps of a run in the order in which they were met, by the names the code knows.

    The engine's, and those that only the app knows of, as no answer has told of them.
    """
    names = step_names([(step.name, step.id) for step in view.steps])
    found = {
        step.id: _seen(view.id, name, step, book)
        for name, step in zip(names, view.steps, strict=True)
    }
    for run, key in list(book.tries):
        if run == view.id and key not in found and (run, key) in book.met:
            found[key] = _unreported(view, key, book)
    if all((view.id, key) in book.met for key in found):
        found = dict(sorted(found.items(), key=lambda each: book.met[view.id, each[0]][1]))
    return {step.id: step for step in found.values()}


def _unreported(view: RunView, key: str, book: Book) -> SeenStep:
    """A step that was tried, but of which no answer has told: only the app knows of it."""
    tries = tuple(book.tries[view.id, key])
    last = tries[-1]
    error = None
    if view.is_over and last.error is not None and not last.is_lost:
        error = {"name": type(last.error).__name__, "message": str(last.error)}
    return SeenStep(
        id=book.met[view.id, key][0],
        kind=book.kinds[view.id, key],
        status="lost" if last.is_lost else "raised",
        output=None,
        error=error,
        queued_at=tries[0].at,
        ended_at=last.at if error is not None else None,
        tries=tries,
        order=last.order,
    )


def _order(run: str, step: StepView, book: Book) -> int:
    """What came before it: before its end, or its beginning as long as it is under way."""
    key = (run, step.id)
    if tries := book.tries.get(key):
        return tries[-1].order
    if step.ended_at is not None:
        return book.ended.get(key, LAST)
    return book.met[key][1] if key in book.met else LAST


def step_names(steps: Sequence[tuple[str, str]]) -> list[str]:
    """Names of steps told by display name and hash: `:n` behind the n-th repetition of one."""
    names = []
    for shown, key in steps:
        name, again = shown, 0
        while hashed(name) != key and again < len(steps):
            again += 1
            name = f"{shown}:{again}"
        names.append(name if hashed(name) == key else shown)
    return names


def _seen(run: str, name: str, step: StepView, book: Book) -> SeenStep:
    error = step.error if isinstance(step.error, Mapping) else None
    return SeenStep(
        id=name,
        kind=book.kinds.get((run, step.id), _KINDS.get(step.op, "other")),
        status=str(step.status),
        output=step.output,
        error=error,
        queued_at=moment(step.queued_at),
        ended_at=None if step.ended_at is None else moment(step.ended_at),
        tries=tuple(book.tries.get((run, step.id), ())),
        order=_order(run, step, book),
    )


def really_raised(raised: Sequence[BaseException]) -> BaseException | None:
    """The last of these; for a step's error that the function let pass, what the step raised."""
    last = raised[-1] if raised else None
    if isinstance(last, inngest.StepError):
        for earlier in reversed(raised[:-1]):
            if (type(earlier).__name__, str(earlier)) == (last.name, last.message):
                return earlier
    return last


def error_text(error: Mapping[str, Any] | None) -> str:
    """An error object as one line."""
    told: Any = error or {}
    if isinstance(told.get("error"), Mapping) and "message" not in told:
        told = told["error"]
    name, message = str(told.get("name") or "Error"), str(told.get("message") or "")
    return f"{name}: {message}" if message else name
