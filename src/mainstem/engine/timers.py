"""What the engine does by itself when a moment comes: end sleeps, time out, tick, flush."""

import json
from contextlib import suppress

from mainstem.engine.clock import as_datetime
from mainstem.engine.configuration import FunctionConfig
from mainstem.engine.crons import CronSchedule
from mainstem.engine.ending import cancel_run
from mainstem.engine.events import TIMER, internal_event
from mainstem.engine.intake import receive
from mainstem.engine.jobs import Job, JobKind
from mainstem.engine.lifecycle import RunStatus, StepMove
from mainstem.engine.registry import Function
from mainstem.engine.runs import find_run
from mainstem.engine.starting import RateLimited, batched, begin, debounced
from mainstem.engine.step_ends import INVOKE_TIMED_OUT, resume_step
from mainstem.engine.wire import encode
from mainstem.engine.work import Work


def fire(work: Work, job: Job) -> None:
    """Do what a timer is for."""
    if not work.drop_job(job.id):
        return
    match job.kind:
        case JobKind.SLEEP | JobKind.WAIT_TIMEOUT:
            resume_step(work, job.run_id or "", job.step_id or "", "null", StepMove.COMPLETE)
        case JobKind.INVOKE_TIMEOUT:
            memo = encode({"error": INVOKE_TIMED_OUT})
            resume_step(work, job.run_id or "", job.step_id or "", memo, StepMove.FAIL)
        case JobKind.START_TIMEOUT | JobKind.FINISH_TIMEOUT:
            _time_out(work, job)
        case JobKind.DEBOUNCE:
            debounced(work, *json.loads(job.detail))
        case JobKind.BATCH:
            batched(work, *json.loads(job.detail))
        case JobKind.CRON:
            _tick(work, job)


def plan_crons(work: Work, *, after_a_break: bool = False) -> None:
    """Let the planned ticks be those of the functions registered now.

    A tick that is already planned stays, also one that is due this very moment. One that was missed
    while the engine was down (`after_a_break`) is not made up for, the next is planned instead.
    """
    wanted = {
        (function.id, schedule.text): (function, schedule)
        for function in work.registry.all()
        for schedule in function.config.crons
    }
    for row in work.sql.execute("SELECT * FROM jobs WHERE kind = ?", (JobKind.CRON,)).fetchall():
        function_id, text, jitter = json.loads(row["detail"])
        planned = wanted.get((function_id, text))
        is_missed = after_a_break and row["due"] <= work.now
        if planned and planned[1].jitter_ms == jitter and not is_missed:
            del wanted[function_id, text]
        else:
            work.drop_job(row["id"])
    for function, schedule in wanted.values():
        _plan(work, function, schedule, after=work.now)


def _plan(work: Work, function: Function, schedule: CronSchedule, *, after: int) -> None:
    due = schedule.next_after(after)
    if due is not None:
        detail = json.dumps([function.id, schedule.text, schedule.jitter_ms])
        work.queue(Job(0, JobKind.CRON, due, detail=detail))


def _tick(work: Work, job: Job) -> None:
    function_id, text, jitter = json.loads(job.detail)
    function = work.registry.get(function_id)
    if function is None or not _has_schedule(function.config, text):
        return
    schedule = CronSchedule(text, jitter)
    _plan(work, function, schedule, after=max(job.due, work.now))
    moment = as_datetime(job.due).strftime("%Y-%m-%dT%H:%M:%SZ")
    fire_at = job.due + schedule.delay_of(job.due, function.id)
    fires = as_datetime(fire_at).strftime("%Y-%m-%dT%H:%M:%SZ")
    event = internal_event(
        TIMER,
        {"cron": text, "scheduledAt": moment, "fireAt": fires},
        internal_id=work.new_id(),
        ts=fire_at,
        id=moment,
    )
    # Like any event it may wake waits and start others too.
    receive(work, event, but=function.id)
    with suppress(RateLimited):
        begin(work, function, event, key=f"{text} {moment}")


def _has_schedule(config: FunctionConfig, text: str) -> bool:
    return any(schedule.text == text for schedule in config.crons)


def _time_out(work: Work, job: Job) -> None:
    run = find_run(work.sql, job.run_id or "")
    if run is None:
        return
    if job.kind is JobKind.START_TIMEOUT and run.status is not RunStatus.QUEUED:
        return
    cancel_run(work, run)
