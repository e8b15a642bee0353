"""Serving through a FastAPI app: its middleware and the rest of its routes stay as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from typing_extensions import Unpack

from mainstem.catalog import BoundCatalog, Catalog
from mainstem.serving.options import Options
from mainstem.serving.starlette import add_to

if TYPE_CHECKING:
    import fastapi

S = TypeVar("S")


def serve(
    app: fastapi.FastAPI,
    catalog: Catalog[S],
    services: S | None = None,
    **options: Unpack[Options],
) -> BoundCatalog[S]:
    """Serve `catalog` in `app`; gives what is bound. Raises what `endpoint_for` raises."""
    return add_to(app, catalog, services, options, adapter="fastapi")
