"""Functions: what is registered, how they do, and when they tick; paused and resumed."""

import asyncio
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from mainstem.engine.api.cancellations import cancel_under_way
from mainstem.engine.api.run_listing import slug_of
from mainstem.engine.api.runs import OfApp
from mainstem.engine.api.shapes import Moment
from mainstem.engine.cancellations import Cancellation
from mainstem.engine.configuration import parse_function
from mainstem.engine.engine import Engine
from mainstem.engine.errors import BadConfiguration, UnknownFunction, UnknownThing
from mainstem.engine.history import count_day
from mainstem.engine.pausing import pause_function, paused_since, resume_function

Json = Any

OF_APP = (
    "SELECT f.*, a.name AS app FROM apps a CROSS JOIN functions f ON f.app_id = a.id"
    " WHERE a.name = :app OR a.id = :app ORDER BY f.slug"
)
OF_ALL = "SELECT f.*, a.name AS app FROM functions f JOIN apps a ON a.id = f.app_id ORDER BY f.slug"


@dataclass(frozen=True, slots=True)
class Tick:
    """When a cron schedule is next due."""

    schedule: str
    at: Moment


@dataclass(frozen=True, slots=True)
class FunctionShown:
    """A function: what its app sent, and how it does."""

    id: str
    slug: Annotated[str, "Its full id, `{app}-{function}`."]
    name: str
    app: Annotated[str, "Its app's name."]
    app_id: str
    version: Annotated[int, "Rises when its own configuration changed."]
    triggers: tuple[Mapping[str, Json], ...]
    config: Annotated[Mapping[str, Json], "As its app sent it."]
    synced_at: Moment
    changed_at: Moment
    is_archived: Annotated[bool, "Whether its app has given it up."]
    paused_since: Moment | None
    next_ticks: tuple[Tick, ...]
    counts: Annotated[
        Mapping[str, int],
        "Runs created in the last 24 hours, by their state now; of at most the 10,000 newest.",
    ]


@dataclass(frozen=True, slots=True)
class FunctionsAsked:
    """Which functions to list."""

    app: OfApp = None
    archived: Annotated[bool, "Also those that their apps have given up."] = False


@dataclass(frozen=True, slots=True)
class FunctionAsked:
    """One function, by its full id or UUID."""

    function: str


@dataclass(frozen=True, slots=True)
class LeftBehindAsked:
    """A function that its app gave up."""

    app: str
    function: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """How many runs were cancelled."""

    cancelled: int


@dataclass(frozen=True, slots=True)
class PauseAsked:
    """A function to pause, and what becomes of its runs under way."""

    function: str
    cancel: Annotated[bool, "Cancel its runs under way; else they go on."] = False


@dataclass(frozen=True, slots=True)
class PauseShown:
    """Whether a function is paused, since when, and how many runs were cancelled for it."""

    function: str
    paused_since: Moment | None
    cancelled: int = 0


async def list_functions(engine: Engine, asked: FunctionsAsked) -> tuple[FunctionShown, ...]:
    """Every function, or those of an app, in order of ids."""
    rows = engine.reader.execute(
        OF_ALL if asked.app is None else OF_APP, {"app": asked.app}
    ).fetchall()
    if not rows and asked.app is not None and not _is_app(engine.reader, asked.app):
        raise UnknownThing("app", asked.app)
    shown = []
    for row in rows:
        if asked.archived or not row["archived"]:
            shown.append(_shown(engine.reader, row, engine.clock.now()))
            await asyncio.sleep(0)  # the engine works on in between
    return tuple(shown)


async def show_function(engine: Engine, asked: FunctionAsked) -> FunctionShown:
    """One function."""
    slug = slug_of(engine.reader, asked.function)
    row = engine.reader.execute(
        "SELECT f.*, a.name AS app FROM functions f JOIN apps a ON a.id = f.app_id"
        " WHERE f.slug = ?",
        (slug,),
    ).fetchone()
    return _shown(engine.reader, row, engine.clock.now())


async def pause(engine: Engine, asked: PauseAsked) -> PauseShown:
    """Pause a function: while it is paused, events and ticks start none of its runs."""
    function = engine.registry.get(asked.function)
    if function is None:
        raise UnknownFunction(asked.function)
    with engine.work() as work:
        since = pause_function(work.sql, function.id, work.now)
        # Up to the last id of this very millisecond: nothing is created after the pause.
        all_so_far = Cancellation(
            "", work.now, function.app_id, function.id, None, work.now + 1, None
        )
    cancelled = await cancel_under_way(engine, all_so_far) if asked.cancel else 0
    return PauseShown(function.config.slug, since, cancelled)


async def resume(engine: Engine, asked: FunctionAsked) -> PauseShown:
    """Let a paused function start runs again; what came meanwhile is not made up for."""
    slug = slug_of(engine.reader, asked.function)
    with engine.work() as work:
        row = work.sql.execute("SELECT id FROM functions WHERE slug = ?", (slug,)).fetchone()
        resume_function(work.sql, row["id"])
    return PauseShown(slug, None)


async def drop_runs(engine: Engine, asked: LeftBehindAsked) -> Dropped:
    """Cancel all runs that a function left behind when its app gave it up."""
    return Dropped(await engine.drop_runs(asked.app, asked.function))


def _is_app(sql: sqlite3.Connection, app: str) -> bool:
    row = sql.execute("SELECT 1 FROM apps WHERE name = ? OR id = ?", (app, app)).fetchone()
    return row is not None


def _shown(sql: sqlite3.Connection, row: sqlite3.Row, now: int) -> FunctionShown:
    config = json.loads(row["config"])
    counts = count_day(sql, row["slug"], now)
    return FunctionShown(
        id=row["id"],
        slug=row["slug"],
        name=row["name"],
        app=row["app"],
        app_id=row["app_id"],
        version=row["version"],
        triggers=tuple(config.get("triggers") or ()),
        config=config,
        synced_at=row["synced"],
        changed_at=row["changed"],
        is_archived=bool(row["archived"]),
        paused_since=paused_since(sql, row["id"]),
        next_ticks=() if row["archived"] else _ticks(config, now),
        counts={status.value: count for status, count in counts.items()},
    )


def _ticks(config: Mapping[str, Json], now: int) -> tuple[Tick, ...]:
    try:
        schedules = parse_function(config).crons
    except BadConfiguration:  # of an older engine, which read configurations otherwise
        return ()
    due = ((schedule, schedule.next_after(now)) for schedule in schedules)
    return tuple(
        Tick(schedule.text, at + schedule.delay_of(at)) for schedule, at in due if at is not None
    )
