"""What an event sets going: it is stored, resumes and cancels runs, and starts functions.

All in the transaction that stores it, so an event is either on disk with all it caused or was never
accepted; and events are handled in order of arrival.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from mainstem.engine.ending import cancel_run
from mainstem.engine.errors import UnknownFunction
from mainstem.engine.events import FINISHED, INVOKED, Event, insert_event
from mainstem.engine.expressions import is_match
from mainstem.engine.lifecycle import StepMove
from mainstem.engine.pauses import PauseKind, pauses_answered, pauses_for
from mainstem.engine.registry import matches
from mainstem.engine.runs import find_run
from mainstem.engine.starting import RateLimited, begin
from mainstem.engine.step_ends import invocation_memo, resume_step
from mainstem.engine.wire import encode
from mainstem.engine.work import Work

Json = Any


def receive(work: Work, event: Event, *, but: str | None = None) -> None:
    """Store an event and do all that follows from it.

    `but` is the id of a function that the caller starts with it.
    """
    insert_event(work.sql, event, work.now)
    if event.name == FINISHED:
        _answer_invocations(work, event)
    _wake_listeners(work, event)
    _start_functions(work, event, but)


def drain_outbox(work: Work) -> None:
    """Receive the events the engine sent itself; those may send more."""
    while work.outbox:
        receive(work, work.outbox.popleft())


def _wake_listeners(work: Work, event: Event) -> None:
    for pause in pauses_for(work.sql, event.name, event.internal_id, work.now):
        run = find_run(work.sql, pause.run_id)
        if run is None:
            continue
        first = _first_event(run.events) if pause.condition else None
        if not is_match(pause.condition, first, event.body, now=work.now):
            continue
        if pause.kind is PauseKind.CANCEL:
            cancel_run(work, run)
        elif pause.step_id is not None:
            resume_step(work, run.id, pause.step_id, encode(_bare(event.body)), StepMove.COMPLETE)


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


def _first_event(events: tuple[str, ...]) -> Json:
    return json.loads(events[0])
