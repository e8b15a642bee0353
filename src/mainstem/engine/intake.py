"""What an event sets going: it is stored, resumes and cancels runs, and starts functions.

All in the transaction that stores it, so an event is either on disk with all it caused or was never
accepted; and events are handled in order of arrival.
"""

import json
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final

from mainstem.engine.ending import cancel_run
from mainstem.engine.errors import UnknownFunction
from mainstem.engine.events import CANCELLATIONS, ENDINGS, FINISHED, INVOKED, Event, insert_event
from mainstem.engine.expressions import is_match
from mainstem.engine.lifecycle import RunStatus, StepMove
from mainstem.engine.pauses import Pause, find_first_event, pauses_answered, pauses_for
from mainstem.engine.registry import matches
from mainstem.engine.runs import find_run
from mainstem.engine.starting import RateLimited, begin
from mainstem.engine.step_ends import invocation_memo, resume_step
from mainstem.engine.wire import encode
from mainstem.engine.work import Work

Json = Any

# How many runs in a row may each start by the end of the one before, all at one moment. A clean-up
# and what starts by its end are two; nothing makes more while `ending` keeps its rules.
MAX_GENERATIONS: Final = 4
_LOG = logging.getLogger(__name__)


def receive(work: Work, event: Event, *, but: str | None = None) -> None:
    """Store an event and do all that follows from it.

    `but` is the id of a function that the caller starts with it.
    """
    _store(work, event)
    _wake_listeners(work, event)
    _start_functions(work, event, but)


def drain_outbox(work: Work) -> None:
    """Receive the events the engine sent itself; those may send more.

    Ends whatever functions and cancellations say: runs that were there before are finitely many,
    and an event that tells of a run which began in here has a generation, which is bounded.
    """
    generations: dict[str, int] = {}
    while work.outbox:
        event = work.outbox.popleft()
        generation = generations.get(_teller(event), 0)
        if generation >= MAX_GENERATIONS:
            _LOG.warning(
                "event %s of run %s starts and wakes nothing: it ends a chain of %d runs that began"
                " and ended at the same moment; look for a function that starts itself by its end",
                *(event.name, _teller(event), generation),
            )
            _store(work, event)
            continue
        told = len(work.changes)
        receive(work, event)
        for change in work.changes[told:]:
            if change.kind == "run" and change.status == RunStatus.QUEUED:
                generations[change.run_id] = generation + 1


def _store(work: Work, event: Event) -> None:
    insert_event(work.sql, event, work.now)
    if event.name == FINISHED:
        _answer_invocations(work, event)


def _teller(event: Event) -> str:
    """The id of the run whose end an event tells of; others have none."""
    return str(event.body["data"]["run_id"]) if event.name in ENDINGS | CANCELLATIONS else ""


def _wake_listeners(work: Work, event: Event) -> None:
    hears = _hearing(work, event)
    for pause in pauses_for(work.sql, event, work.now):
        if not hears(pause):
            continue
        if pause.step_id is not None:
            memo = encode(_bare(event.body))
            resume_step(work, pause.run_id, pause.step_id, memo, StepMove.COMPLETE)
        elif (run := find_run(work.sql, pause.run_id)) is not None:
            cancel_run(work, run)


def _hearing(work: Work, event: Event) -> Callable[[Pause], bool]:
    """Whether a pause's condition holds for an event; nothing is read or decided twice in a row."""

    @lru_cache(maxsize=1)
    def whole(run_id: str) -> Json:
        return find_first_event(work.sql, run_id)

    @lru_cache(maxsize=1024)
    def decided(condition: str, first: str) -> bool:
        return is_match(condition, json.loads(first), event.body, now=work.now)

    def hears(pause: Pause) -> bool:
        if not pause.condition:
            return True
        if pause.first is not None:
            return decided(pause.condition, pause.first)
        return is_match(pause.condition, whole(pause.run_id), event.body, now=work.now)

    return hears


def _start_functions(work: Work, event: Event, but: str | None) -> None:
    started = _start_invoked(work, event) if event.name == INVOKED else but
    for function in work.registry.listening(event.name):
        if function.id == started:
            continue
        if any(
            matches(trigger, event.name) and is_match(trigger.expression, event.body, now=work.now)
            for trigger in function.config.triggers
        ):
            with suppress(RateLimited):
                begin(work, function, event)


def _start_invoked(work: Work, event: Event) -> str | None:
    inner = (event.body.get("data") or {}).get("_inngest") or {}
    function = work.registry.get(str(inner.get("fn_id")))
    problem = str(UnknownFunction(str(inner.get("fn_id"))))
    if function is not None:
        try:
            begin(work, function, event)
        except RateLimited:
            problem = "invoked function is rate limited"
        else:
            return function.id
    if correlation := inner.get("correlation_id"):
        _answer(work, correlation, {"error": {"message": problem, "name": "Error"}})
    return function.id if function else None


def _answer_invocations(work: Work, event: Event) -> None:
    data = event.body["data"]
    if correlation := data.get("correlation_id"):
        _answer(work, correlation, data)


def _answer(work: Work, correlation: str, finished: Mapping[str, Json]) -> None:
    memo, move = invocation_memo(finished)
    for pause in pauses_answered(work.sql, correlation):
        if pause.step_id is not None:
            resume_step(work, pause.run_id, pause.step_id, memo, move)


def _bare(body: Mapping[str, Json]) -> dict[str, Json]:
    return {key: body[key] for key in ("data", "id", "name", "ts", "user", "v") if key in body}
