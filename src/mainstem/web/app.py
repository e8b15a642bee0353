"""The one endpoint: the environment's functions at `/api/inngest`, served by the SDK itself.

Eight endpoints of the original differed in client and functions; here both are handed in, chosen by
the settings. The SDK's own GET, POST and PUT are registered and never wrapped.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import fastapi
import inngest
import inngest.fast_api
import structlog
from starlette.concurrency import run_in_threadpool

from mainstem.catalog import BoundCatalog, Catalog, Switches, check_served_by
from mainstem.functions import Services
from mainstem.settings import Settings
from mainstem.web.health import database_health, health
from mainstem.web.registration import RegistrationLog
from mainstem.web.selection import check_disabled

SERVE_PATH = "/api/inngest"

log = structlog.stdlib.get_logger("mainstem.web")


def create_app(
    settings: Settings, *, catalog: Catalog, services: Services, client: inngest.Inngest
) -> fastapi.FastAPI:
    """The ASGI app that serves `catalog` with `client` in the environment of `settings`.

    Served is what the environment's overrides leave on, less `settings.disabled_functions`. Raises
    `UnknownFunction` when one of those does not exist, and `ForeignClient` when a function is bound
    to another client. `services` stay the caller's to close.
    """
    check_disabled(settings.disabled_functions, (definition.id for definition in catalog))
    bound = catalog.bind(
        client,
        services,
        environment=settings.environment,
        switches=Switches(disabled=settings.disabled_functions),
    )
    check_served_by(client, bound.functions)
    served = _served(settings, bound, client)

    @asynccontextmanager
    async def lifespan(_app: fastapi.FastAPI) -> AsyncIterator[None]:
        log.info("serving functions", **served, functions=sorted(bound.by_id))
        yield
        log.info("stopped serving", app_id=client.app_id)

    app = fastapi.FastAPI(
        title="Mainstem", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None
    )
    app.add_middleware(
        RegistrationLog, path=SERVE_PATH, served={**served, "functions": len(bound.functions)}
    )
    inngest.fast_api.serve(
        app,
        client,
        bound.functions,
        serve_origin=settings.serve_origin,
        serve_path=SERVE_PATH,
    )

    @app.get("/healthz")
    async def healthz() -> fastapi.responses.JSONResponse:
        found = health(
            settings,
            functions=len(bound.functions),
            database=await run_in_threadpool(database_health, services.database),
        )
        return fastapi.responses.JSONResponse(found.as_json(), status_code=200 if found.ok else 503)

    return app


def _served(settings: Settings, bound: BoundCatalog, client: inngest.Inngest) -> dict[str, Any]:
    """Who serves, as the log says it. Never a key."""
    return {
        "environment": str(settings.environment),
        "decided_by": settings.decided_by,
        "app_id": bound.client.app_id,
        "mode": "cloud" if client.is_production else "dev",
        "event_origin": client.event_api_origin,
        "api_origin": client.api_origin,
        "path": SERVE_PATH,
    }
