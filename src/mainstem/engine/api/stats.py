"""The engine in figures: for people as JSON, for Prometheus as text."""

from dataclasses import dataclass
from typing import Annotated, Final

from starlette.responses import Response

from mainstem.engine.api.endpoints import Nothing
from mainstem.engine.cancellations import UNDER_WAY
from mainstem.engine.engine import Engine

# Counts stop here: a figure for a glance must not take longer the more there is.
MAX_COUNTED: Final = 10_000
COUNT: Final = (
    "SELECT count(*) FROM (SELECT 1 FROM runs INDEXED BY runs_by_status WHERE status = ? LIMIT ?)"
)
_PROMETHEUS: Final = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Stats:
    """What there is to do, what is being done, and how large the file is."""

    runs_queued: Annotated[int, f"Runs that have not started; counted up to {MAX_COUNTED}."]
    runs_running: Annotated[int, f"Runs that have started; counted up to {MAX_COUNTED}."]
    jobs_queued: Annotated[int, "Calls and timers, due now or later."]
    calls_in_flight: Annotated[int, "Requests to apps under way."]
    calls_max: Annotated[int, "How many may be under way at once."]
    calls_answered: Annotated[int, "Requests answered since the engine was started."]
    functions: int
    functions_paused: int
    listeners: Annotated[int, "Streams that are being read."]
    file_bytes: int


async def show_stats(engine: Engine, _asked: Nothing) -> Stats:
    """The engine in figures."""
    sql = engine.reader
    queued, running = (
        sql.execute(COUNT, (status, MAX_COUNTED)).fetchone()[0] for status in UNDER_WAY
    )
    pages = sql.execute("PRAGMA page_count").fetchone()[0]
    return Stats(
        runs_queued=queued,
        runs_running=running,
        jobs_queued=engine.queued,
        calls_in_flight=engine.in_flight,
        calls_max=engine.options.max_parallel_calls,
        calls_answered=engine.calls_answered,
        functions=len(engine.registry.all()),
        functions_paused=sql.execute("SELECT count(*) FROM paused_functions").fetchone()[0],
        listeners=engine.feed.listeners,
        file_bytes=pages * sql.execute("PRAGMA page_size").fetchone()[0],
    )


async def show_metrics(engine: Engine, asked: Nothing) -> Response:
    """The same figures for Prometheus."""
    stats = await show_stats(engine, asked)
    lines = []
    for name in Stats.__slots__:
        kind = "counter" if name == "calls_answered" else "gauge"
        lines += [f"# TYPE mainstem_{name} {kind}", f"mainstem_{name} {getattr(stats, name)}"]
    return Response("\n".join(lines) + "\n", media_type=_PROMETHEUS)
