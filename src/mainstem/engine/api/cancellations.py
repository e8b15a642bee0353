"""Bulk cancellation over HTTP: Inngest's own endpoints."""

import asyncio
from dataclasses import dataclass
from typing import Annotated

from mainstem.engine.api.paging import Cursor, Limit, Page
from mainstem.engine.api.shapes import AskedMoment
from mainstem.engine.cancellations import (
    UNDER_WAY,
    Cancellation,
    cancel_portion,
    delete_cancellation,
    find_cancellations,
    insert_cancellation,
)
from mainstem.engine.clock import as_text
from mainstem.engine.engine import Engine
from mainstem.engine.errors import BadParameter, UnknownFunction, UnknownThing
from mainstem.engine.expressions import check_expression


@dataclass(frozen=True, slots=True)
class CancellationGiven:
    """Which runs to cancel: those of an app, or of one function, that began in a span."""

    app_id: Annotated[str, "The app's name, as its client has it, or its id."]
    started_before: AskedMoment
    function_id: Annotated[
        str | None, "The function's id in its app, its full id or UUID; without it, all of them."
    ] = None
    started_after: AskedMoment | None = None
    if_: Annotated[str | None, "An expression over `event`, a run's first event."] = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class CancellationShown:
    """A bulk cancellation; moments are RFC 3339."""

    id: str
    created_at: str
    name: str | None
    app_id: str
    function_id: str | None
    started_after: str | None
    started_before: str
    if_: str | None
    cancelled: Annotated[int | None, "How many runs it cancelled at once; null when listed."] = None


@dataclass(frozen=True, slots=True)
class CancellationsAsked:
    """Which bulk cancellations to list."""

    cursor: Cursor | None = None
    limit: Limit = 20


@dataclass(frozen=True, slots=True)
class CancellationAsked:
    """One bulk cancellation."""

    cancellation_id: str


async def create_cancellation(engine: Engine, asked: CancellationGiven) -> CancellationShown:
    """Cancel the runs of a span; while it lasts, also each that is created in it."""
    if asked.if_:
        check_expression(asked.if_)
    if asked.started_after is not None and asked.started_after >= asked.started_before:
        raise BadParameter("started_after", "it is before 'started_before'")
    app_id, function_id = _target(engine, asked)
    with engine.work() as work:
        order = Cancellation(
            id=work.new_id(),
            created=work.now,
            app_id=app_id,
            function_id=function_id,
            started_after=asked.started_after,
            started_before=asked.started_before,
            condition=asked.if_ or None,
            name=asked.name,
        )
        insert_cancellation(work.sql, order)
    return _shown(order, await cancel_under_way(engine, order))


async def list_cancellations(engine: Engine, asked: CancellationsAsked) -> Page[CancellationShown]:
    """Bulk cancellations, newest first."""
    found = find_cancellations(engine.reader, before=asked.cursor or "~", limit=asked.limit + 1)
    shown = tuple(_shown(order) for order in found[: asked.limit])
    return Page(shown, shown[-1].id if len(found) > asked.limit else None)


async def drop_cancellation(engine: Engine, asked: CancellationAsked) -> None:
    """Forget a bulk cancellation; what it cancelled stays cancelled."""
    with engine.work() as work:
        if not delete_cancellation(work.sql, asked.cancellation_id):
            raise UnknownThing("cancellation", asked.cancellation_id)


async def cancel_under_way(engine: Engine, order: Cancellation) -> int:
    """Cancel what an order covers now, in portions; how many runs that were."""
    count = 0
    for status in UNDER_WAY:
        after = ""
        while True:
            with engine.work() as work:
                portion = cancel_portion(work, order, status, after)
            if portion.last is None:
                break
            after, count = portion.last, count + portion.cancelled
            await asyncio.sleep(0)  # the engine works on in between
    return count


def _target(engine: Engine, asked: CancellationGiven) -> tuple[str, str | None]:
    """The ids of the app and the function. Raises `UnknownThing` or `UnknownFunction`."""
    app = engine.reader.execute(
        "SELECT id, name FROM apps WHERE name = ? OR id = ?", (asked.app_id, asked.app_id)
    ).fetchone()
    if app is None:
        raise UnknownThing("app", asked.app_id)
    if asked.function_id is None:
        return app["id"], None
    given = asked.function_id
    function = engine.reader.execute(
        "SELECT id FROM functions WHERE app_id = ? AND (slug = ? OR slug = ? OR id = ?)",
        (app["id"], f"{app['name']}-{given}", given, given),
    ).fetchone()
    if function is None:
        raise UnknownFunction(given)
    return app["id"], function["id"]


def _shown(order: Cancellation, cancelled: int | None = None) -> CancellationShown:
    after = order.started_after
    return CancellationShown(
        id=order.id,
        created_at=as_text(order.created),
        name=order.name,
        app_id=order.app_id,
        function_id=order.function_id,
        started_after=None if after is None else as_text(after),
        started_before=as_text(order.started_before),
        if_=order.condition,
        cancelled=cancelled,
    )
