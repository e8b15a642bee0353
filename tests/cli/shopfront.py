"""Somebody's catalogue in a file, and an engine and an endpoint that serve it over sockets."""

import itertools
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import fastapi

from mainstem.cli.servers import LOOPBACK, bind, serving, url_of
from mainstem.engine import Engine, EngineOptions, engine_app
from mainstem.serving import load_application, reset_serving
from mainstem.serving.fastapi import serve
from mainstem.settings import Settings, load_settings

SIGNING_KEY = "signkey-shop-" + "ab" * 16

SOURCE = '''
from mainstem.catalog import Catalog, EventData, Override, cron, define, event

class Ordered(EventData, name="shop/ordered"):
    order_id: int

class Paid(EventData, name="shop/paid"):
    order_id: int

@define(id="send-receipt", on=event(Ordered), group="mail", retries=3, sends=(Paid,),
        environments={"test": Override(off=True), "production": Override(retries=9)})
async def send_receipt(run, services):
    """Send it."""
    await run.send("tell", Paid(order_id=run.data.order_id))

@define(id="send-bill", on=event(Paid), group="mail", tags=("light",), sends=())
async def send_bill(run, services):
    """Send it."""

@define(id="tidy-up", on=cron("0 6 * * *"), group="night", sends=())
async def tidy_up(run, services):
    """Tidy up."""

catalog = Catalog([send_receipt, send_bill, tidy_up], receives=(Ordered,))
'''

_numbers = itertools.count()


def written(folder: Path, *changes: tuple[str, str]) -> str:
    """The shop's catalogue, with `changes` to its source, as a module of a name of its own."""
    source = SOURCE
    for old, new in changes:
        assert old in source, old
        source = source.replace(old, new)
    name = f"shop_{next(_numbers)}"
    (folder / f"{name}.py").write_text(source)
    return f"{name}:catalog"


@dataclass(frozen=True)
class Front:
    """A shop that is served: the endpoint's address, and the variables of its environment."""

    url: str
    variables: dict[str, str]


@asynccontextmanager
async def front(
    folder: Path, catalog: str, *, environment: str = "local", sync: bool = True
) -> AsyncIterator[Front]:
    """Serve `catalog` beside an engine of its mode."""
    is_cloud = environment == "production"
    with bind(LOOPBACK, 0, option="--engine-port") as listener:
        variables = {
            "MAINSTEM_ENV": environment,
            "MAINSTEM_APP_ID": "shop",
            "INNGEST_BASE_URL": url_of(listener),
        }
        if is_cloud:
            variables |= {"INNGEST_SIGNING_KEY": SIGNING_KEY, "INNGEST_EVENT_KEY": "a-key"}
        app = _endpoint(folder, catalog, load_settings(variables))
        engine = Engine.open(EngineOptions(signing_key=SIGNING_KEY if is_cloud else None))
        async with (
            engine,
            serving(engine_app(engine), listener),
            serving(app, bind(LOOPBACK, 0, option="--port")) as url,
        ):
            endpoint = f"{url}/api/inngest"
            if sync:
                await engine.sync_app(endpoint)
            yield Front(endpoint, variables)
    reset_serving()


def _endpoint(folder: Path, catalog: str, settings: Settings) -> fastapi.FastAPI:
    reset_serving()
    sys.path.insert(0, str(folder))
    try:
        application = load_application(catalog)
    finally:
        sys.path.remove(str(folder))
    app = fastapi.FastAPI()
    serve(app, application.catalog, settings=settings)
    return app
