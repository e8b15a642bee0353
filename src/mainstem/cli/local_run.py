"""Engine, endpoint and services in one process: what `capture`, `demo` and `dev` stand on.

The order matters. Both ports are bound and both apps answer before the engine's loop begins: runs
left over from an earlier process would otherwise be called at that process's address, and spend
attempts on nobody. So the sync comes first, and only then does anything run.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from socket import socket
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import httpx
import inngest

from mainstem.catalog import Catalog
from mainstem.cli.outcome import CommandFailed
from mainstem.cli.servers import serving, url_of
from mainstem.cli.state import STATE_FOLDER, made
from mainstem.cli.status import streaming
from mainstem.engine import Engine, EngineOptions, engine_app
from mainstem.settings import Settings
from mainstem.web import create_app

if TYPE_CHECKING:
    from mainstem.web.status import StatusPage

S = TypeVar("S")

_SYNC_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class LocalRun(Generic[S]):
    """What is running, while it does."""

    engine: Engine
    client: inngest.Inngest
    services: S
    engine_url: str
    endpoint_url: str


@asynccontextmanager
async def local_run(
    settings: Settings,
    catalog: Catalog[S],
    services: S,
    *,
    engine_path: str,
    engine_listener: socket,
    endpoint_listener: socket,
    retry_interval: float | None = None,
    status: StatusPage | None = None,
    canary: bool = False,
) -> AsyncIterator[LocalRun[S]]:
    """Run engine and endpoint on the two listeners while the block runs, synced with each other.

    The endpoint serves `catalog`, or the settings' part of it, with `services`. `retry_interval`
    (seconds) shortens the engine's pauses between attempts; with `status` the endpoint shows that
    page, with `canary` it answers canaries. Raises `EngineBusy` when another engine has the file,
    `CommandFailed` when the two do not come to terms.
    """
    engine_url = url_of(engine_listener)
    local = for_local_engine(settings, engine_url)
    app = create_app(local, catalog=catalog, services=services, status=status, canary=canary)
    # A part is served with a client of its own, which it makes by itself.
    client: inngest.Inngest = app.state.bound.client
    engine = Engine.open(
        EngineOptions(
            path=engine_path,
            port=engine_listener.getsockname()[1],
            retry_interval=retry_interval,
        )
    )
    try:
        async with (
            serving(engine_app(engine), engine_listener),
            serving(app, endpoint_listener) as endpoint,
            streaming(app),
        ):
            endpoint_url = endpoint + local.serve_path
            await sync(endpoint_url)
            async with engine:
                try:
                    yield LocalRun(engine, client, services, engine_url, endpoint_url)
                finally:
                    # Before its server stops: Connect workers are told to come back.
                    await engine.drain()
    finally:
        await engine.aclose()


def for_local_engine(settings: Settings, engine_url: str) -> Settings:
    """`settings` with the client pointed at an engine of ours: dev mode, its address, no keys."""
    return settings.model_copy(
        update={
            "inngest_dev": True,
            "inngest_base_url": engine_url,
            "inngest_api_base_url": None,
            "inngest_event_api_base_url": None,
            "serve_origin": None,
        }
    )


async def sync(endpoint_url: str) -> dict[str, Any]:
    """Have the endpoint register its functions with the engine; what the engine answered.

    The engine could ask for it itself, but only once its loop runs. The SDK answers 200 even when
    the engine refused, with the engine's error inside.
    """
    async with httpx.AsyncClient(timeout=_SYNC_TIMEOUT_S) as http:
        try:
            response = await http.put(endpoint_url, headers={"x-inngest-server-kind": "dev"})
            answer = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise CommandFailed(f"Cannot sync the endpoint at {endpoint_url}: {error}.") from error
    if response.status_code >= 400 or not isinstance(answer, dict) or "error" in answer:
        raise CommandFailed(
            f"Cannot sync the endpoint at {endpoint_url}: it answered {response.status_code} "
            f"{answer!r}. Run the command again with --verbose to see the log."
        )
    return answer


def engine_path_for(database_url: str) -> str:
    """Where the engine keeps its state for captures into `database_url`.

    Beside a SQLite file, so that the two travel together; in `.mainstem` under the address's hash
    for a server's database; in memory for a database that is in memory.
    """
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(database_url)
    except ArgumentError:
        # Not an address at all: opening the database says so, better than we could.
        return ":memory:"
    if url.get_backend_name() != "sqlite":
        digest = sha256(url.render_as_string(hide_password=True).encode()).hexdigest()[:12]
        return str(made(STATE_FOLDER) / f"engine-{digest}.db")
    if url.database in {None, "", ":memory:"}:
        return ":memory:"
    return f"{url.database}.engine"
