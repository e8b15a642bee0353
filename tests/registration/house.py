"""A small catalogue to look at, and variations of it."""

from typing import Any

import inngest

from mainstem.catalog import Catalog, Definition, EventData, Override, Run, cron, define, event


class Ordered(EventData, name="shop/ordered"):
    """Something was ordered."""

    order_id: int
    note: str | None = None


class Paid(EventData, name="shop/paid"):
    """It was paid for."""

    order_id: int


class Billed(EventData, name="shop/billed"):
    """A bill was sent."""

    order_id: int


async def work(run: Run[Any], services: Any) -> None:
    """Do nothing, for long enough."""


async def tidy(run: Run[Any], services: Any) -> None:
    """Do nothing, by night."""


async def undo(run: Run[Any], services: Any) -> None:
    """Do nothing about a failure."""


def receipt(**changed: Any) -> Definition[Any, Any, Any]:
    """A function that is started by an order."""
    given: dict[str, Any] = {
        "id": "send-receipt",
        "on": event(Ordered),
        "group": "mail",
        "tags": ("light",),
        "retries": 3,
        "on_failure": undo,
        "sends": (Paid,),
        "environments": {"test": Override(off=True), "production": Override(retries=9)},
    }
    handler = changed.pop("handler", work)
    return define(**{**given, **changed})(handler)


def billing(**changed: Any) -> Definition[Any, Any, Any]:
    """A function that is started by what the first one sends."""
    given: dict[str, Any] = {
        "id": "send-bill",
        "on": event(Paid),
        "group": "mail",
        "concurrency": [inngest.Concurrency(limit=5, key="event.data.orderId")],
        "sends": (),
    }
    handler = changed.pop("handler", work)
    return define(**{**given, **changed})(handler)


def tidying(**changed: Any) -> Definition[Any, Any, Any]:
    """A function on a schedule."""
    given: dict[str, Any] = {
        "id": "tidy-up",
        "on": cron("0 6 * * *"),
        "group": "night",
        "sends": (),
    }
    handler = changed.pop("handler", tidy)
    return define(**{**given, **changed})(handler)


def shop(*definitions: Any, receives: Any = (Ordered,)) -> Catalog[Any]:
    """The three functions, or those that are given."""
    return Catalog(definitions or (receipt(), billing(), tidying()), receives=receives)
