"""The queue and flow control: everything that is still to be done, and what holds it up."""

from dataclasses import dataclass
from typing import Annotated, Final

from mainstem.engine.api.paging import Limit, Page
from mainstem.engine.api.queue_views import JobShown, Reason, Surroundings, show_job
from mainstem.engine.api.run_listing import slug_of
from mainstem.engine.api.runs import OfFunction, RunAsked
from mainstem.engine.api.shapes import MAX_NUMBER, Bounds
from mainstem.engine.engine import Engine
from mainstem.engine.errors import UnknownRun
from mainstem.engine.jobs import JobKind, jobs_after

# How many jobs one request looks at to find those that fit.
MAX_LOOKED_AT: Final = 2000
_MAX_OF_RUN: Final = 2000


@dataclass(frozen=True, slots=True)
class QueueAsked:
    """Which jobs to list."""

    kind: Annotated[tuple[JobKind, ...], "Only jobs of these kinds."] = ()
    reason: Annotated[tuple[Reason, ...], "Only jobs that wait for one of these reasons."] = ()
    function: OfFunction = None
    cursor: Annotated[int, Bounds(0, MAX_NUMBER), "The `next_cursor` of the page before."] = 0
    limit: Limit = 20


async def list_jobs(engine: Engine, asked: QueueAsked) -> Page[JobShown]:
    """What is to be done, oldest first: what waits for what, until when."""
    slug = None if asked.function is None else slug_of(engine.reader, asked.function)
    around = surroundings(engine)
    shown: list[JobShown] = []
    cursor, looked_at = asked.cursor, 0
    while looked_at < MAX_LOOKED_AT:
        jobs = jobs_after(engine.reader, cursor, limit=asked.limit + 1)
        for job, leased in jobs:
            cursor, looked_at = job.id, looked_at + 1
            if asked.kind and job.kind not in asked.kind:
                continue
            view = show_job(job, leased, around)
            if asked.reason and view.waits.reason not in asked.reason:
                continue
            if slug is not None and view.function != slug:
                continue
            if len(shown) == asked.limit:
                return Page(tuple(shown), str(shown[-1].id))
            shown.append(view)
        if len(jobs) <= asked.limit:
            return Page(tuple(shown))
    return Page(tuple(shown), str(cursor))


async def jobs_of_run(engine: Engine, asked: RunAsked) -> tuple[JobShown, ...]:
    """What is to be done for one run."""
    known = engine.reader.execute("SELECT 1 FROM runs WHERE id = ?", (asked.run_id,)).fetchone()
    if known is None:
        raise UnknownRun(asked.run_id)
    around = surroundings(engine)
    jobs = jobs_after(engine.reader, 0, run_id=asked.run_id, limit=_MAX_OF_RUN)
    return tuple(show_job(job, leased, around) for job, leased in jobs)


def surroundings(engine: Engine) -> Surroundings:
    """What the reasons depend on, at this moment."""
    return Surroundings(
        sql=engine.reader,
        now=engine.clock.now(),
        registry=engine.registry,
        in_use=engine.in_use,
        calls=engine.in_flight,
        max_calls=engine.options.max_parallel_calls,
    )
