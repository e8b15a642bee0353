"""Our application's app: its functions at `/api/inngest`, and how it is at `/healthz`.

Eight endpoints of the original differed in client and functions; here both are chosen by the
settings, and the SDK's own GET, POST and PUT are served as they are (see `mainstem.serving`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import inngest
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from mainstem.catalog import Catalog
from mainstem.functions import Services
from mainstem.serving import SERVE_PATH
from mainstem.serving.log import say
from mainstem.serving.starlette import serve
from mainstem.settings import Settings
from mainstem.web.health import database_health, health

if TYPE_CHECKING:
    from mainstem.web.status import StatusPage


def create_app(
    settings: Settings,
    *,
    catalog: Catalog[Services],
    services: Services,
    client: inngest.Inngest | None = None,
    groups: Collection[str] = (),
    tags: Collection[str] = (),
    status: StatusPage | None = None,
) -> Starlette:
    """The ASGI app that serves `catalog`, or a part of it, in the environment of `settings`.

    With `status` it shows that page at `/`. Raises what `serving.endpoint_for` raises. `services`
    stay the caller's to close.
    """

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        if status is not None:
            await app.state.status.aclose()
        say("info", "stopped serving", app_id=bound.client.app_id)

    async def healthz(_request: Request) -> JSONResponse:
        found = health(
            settings,
            functions=len(bound.functions),
            database=await run_in_threadpool(database_health, services.database),
        )
        return JSONResponse(found.as_json(), status_code=200 if found.ok else 503)

    app = Starlette(routes=[Route("/healthz", healthz)], lifespan=lifespan)
    bound = serve(
        app,
        catalog,
        services,
        settings=settings,
        client=client,
        groups=groups,
        tags=tags,
        path=SERVE_PATH,
    )
    if status is not None:
        # Loaded for who wants it; its routes come last, so that the endpoint's own always win.
        from mainstem.web.status import StatusRoutes

        app.state.status = StatusRoutes(
            status, settings=settings, catalog=catalog, bound=bound, path=SERVE_PATH
        )
        app.router.routes += app.state.status.routes()
    return app
