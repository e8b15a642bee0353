"""What a changed configuration means for runs that wait or are under way.

They are held back by the limits of now: a backlog goes faster as soon as its limit was raised, and
no limit is exceeded because a run is older than it. What was decided when a run was created (its
priority, its number of attempts, its singleton's lock, what cancels it) stays. Requests under way
count in the groups they were sent in until they are answered.
"""

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from mainstem.engine.gcra import full_rate, full_throttle
from mainstem.engine.grouping import groups_of, throttle_of
from mainstem.engine.jobs import Group, Job, JobKind, encode_groups, jobs_after, save_limits
from mainstem.engine.lifecycle import RunStatus
from mainstem.engine.registry import Function
from mainstem.engine.runs import Run, find_run
from mainstem.engine.work import Work

Json = Any
_ALL: Final = -1  # SQLite's word for no limit
_TIMEOUTS: Final = (JobKind.START_TIMEOUT, JobKind.FINISH_TIMEOUT)
# Every run that has not ended has a job: a run without one would hang.
UNENDED: Final = """
    SELECT DISTINCT runs.id FROM jobs JOIN runs ON runs.id = jobs.run_id
    WHERE runs.function_id IN (SELECT value FROM json_each(?))
"""
BUCKETS_OF: Final = "UPDATE buckets SET tat = ? WHERE key >= ? AND key < ? AND tat > ?"


def adapt_runs(work: Work, before: Iterable[Function]) -> None:
    """Hold runs back as the functions registered now say, where that differs from `before`."""
    known = {function.id: _limits(function) for function in before}
    changed = [each for each in work.registry.all() if known.get(each.id) != _limits(each)]
    for each in changed:
        _empty_buckets(work, each)
    rows = work.sql.execute(UNENDED, (json.dumps([each.id for each in changed]),)).fetchall()
    functions = {each.id: each for each in changed}
    groups: dict[str, tuple[Group, ...]] = {}
    for row in rows:
        run = find_run(work.sql, row["id"])
        if run is not None:
            function = functions[run.function_id]
            groups[run.id] = groups_of(function, _body(run), work.now)
            _save_groups(work, run, groups[run.id])
            _set_timeout(work, function, run)
    if not groups:
        return
    # Also those under way: an engine that is opened on the file makes them again.
    for job, _ in jobs_after(work.sql, 0, limit=_ALL):
        if job.is_call and job.run_id in groups:
            run = find_run(work.sql, job.run_id)
            if run is not None:
                save_limits(work.sql, _limited(work, job, run, functions[run.function_id]))
    work.is_queue_stale = True


def renewed_groups(old: Iterable[Group], own: Iterable[Group]) -> tuple[Group, ...]:
    """A job's groups when those of its run have become `own`; what it had besides stays."""
    besides = (group for group in old if not group.name.startswith(("fn:", "env:", "account:")))
    return (*own, *besides)


def _empty_buckets(work: Work, function: Function) -> None:
    """No bucket is fuller than full: what it admitted at another pace weighs no more than that."""
    throttle, rate = function.config.throttle, function.config.rate_limit
    fullest = {
        f"throttle:{function.id}": full_throttle(throttle, work.now) if throttle else None,
        f"rate:{function.id}": full_rate(rate, work.now) if rate else None,
    }
    for prefix, tat in fullest.items():
        if tat is not None:
            # The semicolon is the next character after the colon.
            work.sql.execute(BUCKETS_OF, (tat, f"{prefix}:", f"{prefix};", tat))


def _limits(function: Function) -> Json:
    config = function.config
    return (
        config.concurrency,
        config.throttle,
        config.rate_limit,
        config.start_timeout_ms,
        config.finish_timeout_ms,
    )


def _limited(work: Work, job: Job, run: Run, function: Function) -> Job:
    body = _body(run)
    own = groups_of(function, body, work.now)
    # A throttle holds back starts: a run that has started is past it.
    is_start = run.status is RunStatus.QUEUED
    throttle = throttle_of(function, body, work.now) if is_start else None
    return replace(job, groups=renewed_groups(job.groups, own), throttle=throttle)


def _save_groups(work: Work, run: Run, groups: tuple[Group, ...]) -> None:
    work.sql.execute("UPDATE runs SET groups = ? WHERE id = ?", (encode_groups(groups), run.id))


def _set_timeout(work: Work, function: Function, run: Run) -> None:
    work.drop_jobs(run.id, None, *_TIMEOUTS)
    kind, begin, span = JobKind.FINISH_TIMEOUT, run.started, function.config.finish_timeout_ms
    if run.status is RunStatus.QUEUED:
        kind, begin, span = JobKind.START_TIMEOUT, run.created, function.config.start_timeout_ms
    if begin is not None and span is not None:
        # A moment that has passed already is due at once.
        work.queue(Job(id=0, kind=kind, due=begin + span, run_id=run.id))


def _body(run: Run) -> Json:
    return json.loads(run.events[0])
