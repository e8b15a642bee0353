"""A run as text, for people who look at a test that failed."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from mainstem.engine import RunView
from mainstem.testing.book import Book
from mainstem.testing.run_views import error_text, really_raised, steps_of
from mainstem.testing.seen import LogSeen, SeenStep, SentEvent
from mainstem.testing.step_seam import moment

_WIDTH: Final = 100
_Entry = tuple[datetime, int, str]


def trace_of(view: RunView, book: Book) -> str:
    """Everything known of a run: its events, steps with their tries, lines, and its end."""
    began = moment(view.created_at)
    ended = moment(view.ended_at) if view.ended_at is not None else None
    span = f", {_span(ended - began)}" if ended else ""
    lines = [f"run {view.id} of {view.function_id}: {view.status}{span}"]
    lines += [f"  event {event['name']} {_short(event.get('data'))}" for event in view.events]
    lines.append(f"  began {began:%Y-%m-%d %H:%M:%S.%f}"[:-3])
    moments = _happened(view, book)
    lines += [f"  {_since(at, began)}  {text}" for at, _, text in moments]
    if view.is_over:
        what = error_text(view.output) if str(view.status) == "FAILED" else _short(view.output)
        lines.append(f"  {_since(ended or began, began)}  {str(view.status).lower()}: {what}")
    else:
        pending = [step for step in steps_of(view, book).values() if not step.is_done]
        lines += [f"  ...  waits in step {s.id!r} ({s.kind}, {s.status})" for s in pending]
    raised = really_raised(book.raised.get(view.id, ()))
    if raised is not None and str(view.status) == "FAILED":
        lines += ["  raised:", *_indented(_traceback(raised))]
    return "\n".join(lines)


def _happened(view: RunView, book: Book) -> list[_Entry]:
    """What happened, in order."""
    told: list[_Entry] = []
    for step in steps_of(view, book).values():
        told += _step(step)
    told += [(event.at, event.order, _sent(event)) for event in book.sent if event.run == view.id]
    told += [(each.at, each.order, each.text) for each in book.mishaps.get(view.id, ())]
    told += [(line.at, line.order, _line(line)) for line in book.lines.get(view.id, ())]
    return sorted(told, key=lambda each: each[:2])


def _step(step: SeenStep) -> Iterable[_Entry]:
    for number, tried in enumerate(step.tries, start=1):
        if tried.is_lost:
            told = f"step {step.id} ({step.kind}) try {number}: the app was lost"
            yield tried.at, tried.order, told
        elif tried.error is not None:
            raised = f"{type(tried.error).__name__}: {tried.error}"
            told = f"step {step.id} ({step.kind}) try {number} raised {raised}"
            yield tried.at, tried.order, told
    if step.ended_at is None:
        if not step.tries:
            yield step.queued_at, step.order, f"step {step.id} ({step.kind}) began"
        return
    stood = ", by a stand-in" if step.tries and step.tries[-1].stood_in else ""
    given = f" {_short(list(step.inputs))}" if step.inputs and step.kind == "run" else ""
    end = f"failed: {error_text(step.error)}" if step.error else f"-> {_short(step.output)}"
    yield step.ended_at, step.order, f"step {step.id} ({step.kind}{stood}){given} {end}"


def _sent(event: SentEvent) -> str:
    return f"sent {event.name} {_short(event.data)}"


def _line(line: LogSeen) -> str:
    return f"log {line.level} {line.logger}: {line.message}"


def _short(value: Any) -> str:
    try:
        text = json.dumps(value, default=repr, ensure_ascii=False)
    except (TypeError, ValueError):
        text = repr(value)
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}…"


def _since(at: datetime, began: datetime) -> str:
    return f"+{_span(at - began)}"


def _span(span: timedelta) -> str:
    days, rest = divmod(round(span.total_seconds() * 1000), 86_400_000)
    hours, rest = divmod(rest, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    text = f"{hours:02}:{minutes:02}:{rest // 1000:02}.{rest % 1000:03}"
    return f"{days}d {text}" if days else text


def _traceback(error: BaseException) -> list[str]:
    import traceback

    return "".join(traceback.format_exception(error)).rstrip().splitlines()


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" for line in lines]
