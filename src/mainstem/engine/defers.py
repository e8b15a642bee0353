"""Deferred functions: those that a run asks to have started when it has ended.

`defer()` of an SDK adds one, its handle's `abort()` takes it back. They start when the run has
completed or failed; a run that is cancelled starts none. A deferred function listens to the event
that is sent for it, by a condition on `fn_slug`. Inngest SDK protocol, "Opcodes".
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from mainstem.engine.events import DEFERRED, internal_event
from mainstem.engine.ops import Op
from mainstem.engine.runs import Run
from mainstem.engine.wire import encode
from mainstem.engine.work import Work

Json = Any
DEFERRALS: Final = frozenset({"DeferAdd", "DeferAbort"})


def note_defers(work: Work, run_id: str, ops: Iterable[Op]) -> None:
    """Keep what a run asks for among these ops. The first of an id stays, also when aborted."""
    asked = [op for op in ops if op.op in DEFERRALS]
    if not asked:
        return
    defers = _load(work, run_id)
    for op in asked:
        if op.op == "DeferAdd":
            wanted = {"fn_slug": str(op.opts.get("fn_slug") or ""), "input": op.opts.get("input")}
            defers.setdefault(op.id, wanted)
        else:
            defers.setdefault(str(op.opts.get("target_hashed_id")), {})["is_aborted"] = True
    work.sql.execute("UPDATE runs SET defers = ? WHERE id = ?", (encode(defers), run_id))


def told_defers(run: Run) -> dict[str, Json]:
    """What a call says of them, so that an SDK does not ask again. All can still be aborted."""
    return {key: {"abortable": True} for key in json.loads(run.defers or "{}")}


def start_deferred(work: Work, run: Run) -> None:
    """Send the event of each deferred function of a run that has ended."""
    for wanted in _load(work, run.id).values():
        if wanted.get("is_aborted") or not wanted.get("fn_slug"):
            continue
        given = wanted["input"]
        inner = {
            "fn_slug": wanted["fn_slug"],
            "parent_fn_slug": run.slug,
            "parent_run_id": run.id,
        }
        data = {**(given if isinstance(given, Mapping) else {}), "_inngest": inner}
        work.outbox.append(internal_event(DEFERRED, data, internal_id=work.new_id(), ts=work.now))


def _load(work: Work, run_id: str) -> dict[str, dict[str, Json]]:
    row = work.sql.execute("SELECT defers FROM runs WHERE id = ?", (run_id,)).fetchone()
    return dict(json.loads(row["defers"] or "{}")) if row else {}
