"""Serving through a Starlette app."""

from __future__ import annotations

from typing import TypeVar

from starlette.applications import Starlette
from starlette.routing import Route
from typing_extensions import Unpack

from mainstem.catalog import BoundCatalog, Catalog
from mainstem.serving.asgi import app_of
from mainstem.serving.endpoint import METHODS
from mainstem.serving.options import Options

S = TypeVar("S")


def serve(
    app: Starlette,
    catalog: Catalog[S],
    services: S | None = None,
    **options: Unpack[Options],
) -> BoundCatalog[S]:
    """Serve `catalog` in `app`; gives what is bound. Raises what `endpoint_for` raises."""
    return add_to(app, catalog, services, options, adapter="starlette")


def add_to(
    app: Starlette,
    catalog: Catalog[S],
    services: S | None,
    options: Options,
    *,
    adapter: str,
) -> BoundCatalog[S]:
    """The same under the name of another adapter."""
    inngest_app = app_of(catalog, services, options, adapter=adapter)
    endpoint = inngest_app.endpoint
    if endpoint.old is not None:
        endpoint.old()
    else:
        app.router.routes.append(Route(endpoint.path, inngest_app, methods=list(METHODS)))
    return endpoint.bound
