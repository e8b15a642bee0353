"""The app beside a Connect worker: no endpoint, only how the worker is, at `/healthz`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

if TYPE_CHECKING:
    from mainstem.serving.connect import Worker


def create_worker_app(worker: Worker) -> Starlette:
    """An ASGI app whose `/healthz` answers 200 while `worker` is connected, and 503 while not."""

    async def healthz(_request: Request) -> JSONResponse:
        found = worker.health()
        return JSONResponse(found.as_json(), status_code=200 if found.is_well else 503)

    return Starlette(routes=[Route("/healthz", healthz)])
