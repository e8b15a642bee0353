"""Apps: what is registered, and how all of it runs at a glance."""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Final

from mainstem.engine.api.endpoints import Nothing
from mainstem.engine.api.shapes import Bounds
from mainstem.engine.apps import AppView, FunctionView
from mainstem.engine.engine import Engine
from mainstem.engine.errors import UnknownThing
from mainstem.engine.history import FunctionRuns, runs_of, slugs

MAX_RUNS: Final = 100


@dataclass(frozen=True, slots=True)
class AppAsked:
    """One app, by its name or id."""

    app: str


@dataclass(frozen=True, slots=True)
class LastRunsAsked:
    """How many runs of each function."""

    limit: Annotated[int, Bounds(1, MAX_RUNS), "How many of each function at most."] = 3


async def list_apps(engine: Engine, _asked: Nothing) -> tuple[AppView, ...]:
    """Every app, with its functions and conflicts."""
    return tuple(engine.apps())


async def functions_of_app(engine: Engine, asked: AppAsked) -> tuple[FunctionView, ...]:
    """An app's functions: those it has and, marked so, those it had once."""
    for app in engine.apps():
        if asked.app in (app.name, app.id):
            return (*app.functions, *app.archived)
    raise UnknownThing("app", asked.app)


async def list_last_runs(engine: Engine, asked: LastRunsAsked) -> tuple[FunctionRuns, ...]:
    """The last runs of every function, and how many there were in the last 24 hours."""
    found = []
    for slug in slugs(engine.reader):
        found.append(runs_of(engine.reader, slug, limit=asked.limit, now=engine.clock.now()))
        await asyncio.sleep(0)  # the engine works on in between
    return tuple(found)
