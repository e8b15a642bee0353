"""An application: a catalogue, and how to open what its handlers are handed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shop import OrderPlaced

from mainstem.catalog import Catalog, Run, define, event
from mainstem.serving import Application
from mainstem.settings import Settings


class Stock:
    """What the functions work with; a database, say."""

    def __init__(self) -> None:
        self.reserved: list[int] = []

    async def reserve(self, order_id: int) -> str:
        """Set it aside."""
        self.reserved.append(order_id)
        return f"reserved {order_id}"


@define(id="reserve-stock", on=event(OrderPlaced), group="warehouse", sends=())
async def reserve_stock(run: Run[OrderPlaced], stock: Stock) -> str:
    """Handed the stock that was opened below."""
    return await run.step("reserve", stock.reserve, run.data.order_id)


@asynccontextmanager
async def services(settings: Settings) -> AsyncIterator[Stock]:  # noqa: ARG001
    """Opened before anything is served, and closed after the last answer."""
    yield Stock()


application = Application(Catalog([reserve_stock], receives=[OrderPlaced]), services)
