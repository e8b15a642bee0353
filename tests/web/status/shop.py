"""A small catalogue that has everything a page can show, served beside an engine over sockets."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from socket import socket
from typing import Any

import inngest
import uvicorn
from starlette.applications import Starlette

from mainstem.catalog import (
    Catalog,
    EventData,
    NonRetriableError,
    Override,
    Run,
    Version,
    cron,
    define,
    event,
    rollout,
)
from mainstem.cli.servers import LOOPBACK, bind, url_of
from mainstem.cli.status import streaming
from mainstem.engine import Engine, EngineOptions, engine_app
from mainstem.serving.starlette import serve
from mainstem.settings import Settings, load_settings
from mainstem.web.status import StatusRoutes, status_page

PATH = "/api/inngest"
CLOUD = {"INNGEST_EVENT_KEY": "an-event-key", "INNGEST_SIGNING_KEY": "signkey-test-" + "ab" * 16}


class OrderPlaced(EventData, name="shop/order.placed"):
    """An order."""

    order_id: int


async def newer(run: Run[OrderPlaced], services: None) -> str:
    return "newer"


@define(
    id="send-receipt",
    name="Send <b>receipts</b> & more",
    on=event(OrderPlaced, if_="event.data.orderId > 0"),
    group="mail",
    tags=("light",),
    retries=2,
    concurrency=(inngest.Concurrency(limit=5, key="event.data.orderId"),),
    sends=(),
    previous_ids=("mail-receipt",),
    version="1",
    versions=(Version("2", newer, rollout(0.25, by="event.data.orderId")),),
    environments={"preview": Override(off=True), "production": Override(retries=10)},
)
async def send_receipt(run: Run[OrderPlaced], services: None) -> str:
    """Send the receipt of <one> order."""
    return "sent"


@define(id="sweep", on=cron("TZ=Europe/Oslo 0 6 * * *"), group="night")
async def sweep(run: Run[Any], services: None) -> None:
    return None


@define(id="refuse", on=event(OrderPlaced), retries=0)
async def refuse(run: Run[OrderPlaced], services: None) -> None:
    raise NonRetriableError(f"no stock for <order> {run.data.order_id}")


CATALOG: Catalog[None] = Catalog([send_receipt, sweep, refuse])


@dataclass(frozen=True)
class Shop:
    """A deployment: `page` is its address, `engine` where it is registered."""

    engine: Engine
    engine_url: str
    page: str
    endpoint: str
    status: StatusRoutes


@asynccontextmanager
async def shop(
    environment: str = "local",
    *,
    catalog: Catalog[None] = CATALOG,
    notes: Sequence[str] = (),
    is_synced: bool = True,
    **environ: str,
) -> AsyncIterator[Shop]:
    """The catalogue with its page in an environment, synced with an engine of the same mode."""
    with bind(LOOPBACK, 0, option="") as engine_at, bind(LOOPBACK, 0, option="") as page_at:
        keys = {} if environment in ("local", "test") else CLOUD
        settings = load_settings(
            {
                "MAINSTEM_ENV": environment,
                "MAINSTEM_APP_ID": "shop",
                "INNGEST_BASE_URL": url_of(engine_at),
                **keys,
                **environ,
            }
        )
        app, status = served(settings, catalog, url_of(page_at) + PATH, notes)
        key = settings.signing_key
        engine = Engine.open(EngineOptions(signing_key=key.get_secret_value() if key else None))
        page = url_of(page_at)
        async with (
            engine,
            both(engine_app(engine), engine_at, app, page_at),
            streaming(app),
        ):
            if is_synced:
                await engine.sync_app(page + PATH)
            yield Shop(engine, url_of(engine_at), page, page + PATH, status)
            await status.aclose()


class Server(uvicorn.Server):
    """Ends when told, not at the next of its looks, and leaves signals to pytest."""

    def __init__(self, app: Any) -> None:
        super().__init__(
            uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=5)
        )
        self.end = asyncio.Event()

    async def main_loop(self) -> None:
        await self.end.wait()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def both(one: Any, one_at: socket, other: Any, other_at: socket) -> AsyncIterator[None]:
    """Two apps on their listeners, ended together: each takes a tenth of a second for it."""
    servers = [Server(one), Server(other)]
    listeners = [one_at, other_at]
    tasks = [
        asyncio.create_task(server.serve(sockets=[at]))
        for server, at in zip(servers, listeners, strict=True)
    ]
    try:
        yield
    finally:
        for server in servers:
            server.end.set()
        await asyncio.gather(*tasks)


def served(
    settings: Settings, catalog: Catalog[None], endpoint: str | None, notes: Sequence[str] = ()
) -> tuple[Starlette, StatusRoutes]:
    """The app of a catalogue with its page."""
    app = Starlette()
    bound = serve(app, catalog, None, settings=settings, path=PATH)
    status = StatusRoutes(
        status_page(settings, endpoint=endpoint, notes=notes),
        settings=settings,
        catalog=catalog,
        bound=bound,
        path=PATH,
    )
    app.state.status = status
    app.router.routes += status.routes()
    return app, status
