"""The app of `mainstem serve`: functions at `/api/inngest`, and how it is at `/healthz`.

Eight endpoints of the original differed in client and functions; here both are chosen by the
settings, and the SDK's own GET, POST and PUT are served as they are (see `mainstem.serving`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import inngest
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from mainstem.catalog import BoundCatalog, Catalog
from mainstem.functions import Services
from mainstem.registration import check_at_start
from mainstem.serving.log import say
from mainstem.serving.starlette import serve
from mainstem.settings import Settings
from mainstem.web.canary import canaried
from mainstem.web.health import database_health, health
from mainstem.web.webhooks import webhook_routes

if TYPE_CHECKING:
    from mainstem.web.status import StatusPage


def create_app(
    settings: Settings,
    *,
    catalog: Catalog[Any],
    services: Any,
    client: inngest.Inngest | None = None,
    status: StatusPage | None = None,
    canary: bool = False,
) -> Starlette:
    """The ASGI app that serves `catalog`, or the settings' part of it, as `settings` have it.

    With `status` it shows that page at `/`; with `canary` it answers the canaries of `mainstem
    verify`. Where `services` are our own, their database is part of its health; with a secret in
    the settings GitHub's webhooks are taken in at `/webhooks/github`. What senders and
    receivers disagree on is logged. Raises what `serving.endpoint_for` raises, and in strict mode
    `ContractBroken`. `services` stay the caller's to close; what is bound is at `app.state.bound`.
    """

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        if status is not None:
            await app.state.status.aclose()
        say("info", "stopped serving", app_id=bound.client.app_id)

    async def healthz(_request: Request) -> JSONResponse:
        database = None
        if isinstance(services, Services):
            database = await run_in_threadpool(database_health, services.database)
        found = health(served, functions=len(bound.functions), database=database)
        return JSONResponse(found.as_json(), status_code=200 if found.ok else 503)

    app = Starlette(routes=[Route("/healthz", healthz)], lifespan=lifespan)
    bound = app.state.bound = serve(
        app,
        canaried(settings, catalog) if canary else catalog,
        services,
        settings=settings,
        client=client,
        check=check_at_start(catalog),
    )
    # A part of the catalogue is an app of its own.
    served = settings.model_copy(update={"app_id": bound.client.app_id})
    app.router.routes += webhook_routes(settings, services, bound.client)
    if status is not None:
        # Loaded for who wants it; its routes come last, so that the endpoint's own always win.
        from mainstem.web.status import StatusRoutes

        app.state.status = StatusRoutes(
            status,
            settings=served,
            catalog=_part(catalog, bound),
            bound=bound,
            path=settings.serve_path,
        )
        app.router.routes += app.state.status.routes()
    return app


def _part(catalog: Catalog[Any], bound: BoundCatalog[Any]) -> Catalog[Any]:
    """What of `catalog` was bound, or left out in this environment; itself where that is all."""
    ids = {*bound.by_id, *bound.off}.intersection(catalog.ids)  # a canary is no part of it
    if ids == set(catalog.ids):
        return catalog
    return Catalog((one for one in catalog if one.id in ids), receives=catalog.receives)
