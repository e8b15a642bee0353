"""Log lines of runs: given by apps and harnesses, read by people."""

from dataclasses import dataclass
from typing import Annotated

from mainstem.engine.api.paging import Page
from mainstem.engine.api.shapes import MAX_NUMBER, AskedMoment, Bounds
from mainstem.engine.engine import Engine
from mainstem.engine.errors import BadParameter, UnknownRun
from mainstem.engine.run_logs import Level, LogLine, append_lines, lines_of

MAX_LINES = 1000
MAX_MESSAGE = 16_384


@dataclass(frozen=True, slots=True)
class LineGiven:
    """A line as it is given; without `at` it is of now."""

    message: Annotated[str, f"At most {MAX_MESSAGE} characters."]
    level: Level = "info"
    at: AskedMoment | None = None
    step: Annotated[str | None, "The hash of the step that it is about."] = None


@dataclass(frozen=True, slots=True)
class LinesGiven:
    """Lines about a run, in order."""

    run_id: str
    lines: Annotated[tuple[LineGiven, ...], Bounds(1, MAX_LINES)]


@dataclass(frozen=True, slots=True)
class LinesKept:
    """How many lines were kept, and the number of the last of them."""

    kept: int
    last: int


@dataclass(frozen=True, slots=True)
class LinesAsked:
    """Which lines of a run."""

    run_id: str
    after: Annotated[int, Bounds(0, MAX_NUMBER), "The number of the last line already seen."] = 0
    limit: Annotated[int, Bounds(1, MAX_LINES)] = 100


async def add_lines(engine: Engine, asked: LinesGiven) -> LinesKept:
    """Keep log lines of a run; at most 10,000 of one run."""
    for place, line in enumerate(asked.lines):
        if len(line.message) > MAX_MESSAGE:
            problem = f"it has {len(line.message)} characters, at most {MAX_MESSAGE} are kept"
            raise BadParameter(f"lines[{place}].message", problem)
    with engine.work() as work:
        lines = [
            LogLine(
                0, work.now if line.at is None else line.at, line.level, line.message, line.step
            )
            for line in asked.lines
        ]
        last = append_lines(work.sql, asked.run_id, lines)
    return LinesKept(len(lines), last)


async def list_lines(engine: Engine, asked: LinesAsked) -> Page[LogLine]:
    """Log lines of a run, oldest first; `next_cursor` is the `after` of the next page."""
    known = engine.reader.execute("SELECT 1 FROM runs WHERE id = ?", (asked.run_id,)).fetchone()
    if known is None:
        raise UnknownRun(asked.run_id)
    lines = lines_of(engine.reader, asked.run_id, after=asked.after, limit=asked.limit + 1)
    shown = tuple(lines[: asked.limit])
    return Page(shown, str(shown[-1].number) if len(lines) > asked.limit else None)


def _line(given: LineGiven, now: int) -> LogLine:
    at = now if given.at is None else given.at
    return LogLine(0, at, given.level, given.message, given.step)
