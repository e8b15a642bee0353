"""A stage for conflicts: engines and endpoints that begin and end at once, many in one test."""

from __future__ import annotations

import asyncio
import gc
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import inngest
import pytest
import uvicorn
from pydantic import SecretStr

from mainstem.catalog import Catalog
from mainstem.cli.servers import LOOPBACK, bind, url_of
from mainstem.clients import reset_clients
from mainstem.engine import Engine, EngineOptions, engine_app
from mainstem.registration import Comparison, verify
from mainstem.serving import bind_for, connect, reset_serving
from mainstem.settings import Settings
from mainstem.web.status import Gathering, Status, StatusPage

from . import hosts
from .hosts import HOSTS, PATH
from .house import EVENT_KEY, House, settings_of, signing_key
from .shop import pack_order, print_label, write_invoice

# The payloads of Lambda differ, the rest of the way is one.
ADAPTERS = [name for name in HOSTS if name not in ("aws_lambda-v1", "aws_lambda-alb")]
WITH_ADDRESS = [name for name in ADAPTERS if name != "connect"]
DEPLOYED = ["preview", "staging", "production"]
# Every adapter in a dev and a cloud environment, and the other environments through one.
PLACES = [
    *((adapter, name) for adapter in ADAPTERS for name in ("local", "production")),
    *(("asgi", name) for name in ("test", "preview", "staging")),
]
OTHER_KEY = "signkey-prod-" + "cd" * 16
OTHER_EVENT_KEY = "another-event-key"
BRANCH = "a-branch"

WHOLE: Catalog[Any] = Catalog([write_invoice, print_label])
LESS: Catalog[Any] = Catalog([print_label])
MORE: Catalog[Any] = Catalog([write_invoice, print_label, pack_order])


def variables_of(environment: str, **more: str) -> dict[str, str]:
    """What an environment has set besides its keys."""
    return ({"INNGEST_ENV": BRANCH} if environment == "preview" else {}) | more


def settings_in(environment: str, **more: str) -> Settings:
    """Settings of an environment, with what it needs."""
    return settings_of(environment, **variables_of(environment, **more))


@asynccontextmanager
async def quick(app: Any, *, port: int = 0) -> AsyncIterator[str]:
    """As `hosts.uvicorned`, but without the tenths of a second that a graceful end takes."""
    listener = bind(LOOPBACK, port, option="--port")
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listener])
    try:
        yield url_of(listener)
    finally:
        for each in server.servers:
            each.close()
        for connection in list(server.server_state.connections):
            connection.transport.close()
        listener.close()


@cache
def _certificates(*_: object, **__: object) -> ssl.SSLContext:
    return ssl.create_default_context()


@pytest.fixture(autouse=True)
def quick_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every adapter's server ends at once, and the SDK's Connect waits for nothing."""
    from inngest.connect._internal import conn_init_starter, isolated_worker

    # Every client loads the machine's certificates, 20 ms each, and nothing here is encrypted.
    monkeypatch.setattr("httpx._transports.default.create_ssl_context", _certificates)
    monkeypatch.setattr(hosts, "uvicorned", quick)
    monkeypatch.setattr(conn_init_starter, "CONN_INIT_RETRY_INTERVAL_SEC", 0.01)
    monkeypatch.setattr(isolated_worker, "RECONNECTION_DELAY_SEC", 0.01)
    monkeypatch.setattr(isolated_worker, "POST_CONNECT_SETTLE_SEC", 0.01)


@pytest.fixture(scope="module", autouse=True)
def light_collections() -> Iterator[None]:
    """What is loaded already is not looked through whenever a conflict is looked into."""
    gc.freeze()
    yield
    gc.unfreeze()


@asynccontextmanager
async def engine_for(
    environment: str = "local", *, key: str | None = None, **options: Any
) -> AsyncIterator[House]:
    """An engine of an environment's mode, and its settings."""
    key = key or signing_key(environment)
    keys = frozenset({EVENT_KEY} if key else ())
    engine = Engine.open(
        EngineOptions(signing_key=key, event_keys=keys, retry_interval=0.02, **options)
    )
    async with engine, quick(engine_app(engine)) as origin:
        yield House(engine, origin, settings_in(environment, INNGEST_BASE_URL=origin))


def another_deployment() -> None:
    """What is served from here on belongs to another process, as far as this room can know."""
    reset_clients()
    reset_serving()


def by_hand(settings: Settings, **changed: Any) -> inngest.Inngest:
    """A client as people make it at import, equal to the settings' own but for what is changed."""
    given: dict[str, Any] = {
        "app_id": settings.app_id,
        "is_production": not settings.inngest_dev,
        "event_key": plain(settings.event_key),
        "signing_key": plain(settings.signing_key),
        "api_base_url": settings.api_origin,
        "event_api_base_url": settings.event_origin,
        "env": settings.inngest_env,
    }
    return inngest.Inngest(**{**given, **changed})


def plain(secret: SecretStr | None) -> str | None:
    """The text of a secret."""
    return None if secret is None else secret.get_secret_value()


def changed(settings: Settings, **secrets: str) -> Settings:
    """The same with other keys, as another machine may have them."""
    return settings.model_copy(update={name: SecretStr(text) for name, text in secrets.items()})


async def verified(settings: Settings, *urls: str, catalog: Catalog[Any] = WHOLE) -> Comparison:
    """What `mainstem verify` finds; workers, without URLs."""
    another_deployment()
    return await verify(settings, bind_for(settings, catalog), urls)


def found(comparison: Comparison, code: str) -> str:
    """What the first finding of that code says."""
    codes = {one.code: one for one in reversed(comparison.findings)}
    assert code in codes, f"only {sorted(codes)}"
    return str(codes[code])


async def status_of(settings: Settings, url: str, catalog: Catalog[Any] = WHOLE) -> Status:
    """What the status page beside the endpoint at `url` shows."""
    another_deployment()
    bound = bind_for(settings, catalog)
    gathering = Gathering(StatusPage(endpoint=url), settings, catalog, bound, path=PATH)
    try:
        return await gathering.gather()
    finally:
        await gathering.aclose()


async def problem_of_worker(settings: Settings, catalog: Catalog[Any] = WHOLE) -> str:
    """Why a worker with `settings` stays away."""
    worker = connect.worker(catalog, None, settings=settings)
    worker._longest_pause = 0.02
    async with worker, asyncio.timeout(20):
        while (problem := worker.health().problem) is None:  # noqa: ASYNC110  nobody tells
            await asyncio.sleep(0.01)
    return problem


async def outputs(there: House, app_id: str = "shop") -> dict[str, object]:
    """What the two functions of `WHOLE` give when they are called now, by id."""
    for name in WHOLE.ids:
        there.engine.invoke(f"{app_id}-{name}", {"orderId": 7})
    await there.engine.wait_idle(timeout=20)
    return {run.function_id.removeprefix(f"{app_id}-"): run.output for run in there.engine.runs()}


WORKED = {"write-invoice": "invoice 7", "print-label": "label 7"}
