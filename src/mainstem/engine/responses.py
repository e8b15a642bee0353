"""The two shapes in which the HTTP API answers people."""

from typing import Any

from starlette.responses import JSONResponse, Response

from mainstem.engine.clock import as_text
from mainstem.engine.engine import Engine

Json = Any


def data_response(engine: Engine, data: Json) -> Response:
    """What was asked for."""
    fetched = as_text(engine.clock.now())
    return JSONResponse({"data": data, "metadata": {"fetched_at": fetched, "cached_until": None}})


def problem_response(message: str, status: int) -> Response:
    """Why there is nothing."""
    return JSONResponse({"error": message, "data": None, "status": status}, status)
