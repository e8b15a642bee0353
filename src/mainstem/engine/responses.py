"""The two shapes in which the HTTP API answers people."""

from typing import Any

from starlette.responses import JSONResponse, Response

from mainstem.engine.clock import as_text
from mainstem.engine.engine import Engine

Json = Any


def data_response(engine: Engine, data: Json, status: int = 200, **metadata: Json) -> Response:
    """What was asked for, and what there is to say about it."""
    told = {"fetched_at": as_text(engine.clock.now()), "cached_until": None, **metadata}
    return JSONResponse({"data": data, "metadata": told}, status)


def problem_response(message: str, status: int) -> Response:
    """Why there is nothing."""
    return JSONResponse({"error": message, "data": None, "status": status}, status)
