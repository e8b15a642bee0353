"""The two shapes in which the HTTP API answers people."""

import json
from typing import Any

from starlette.responses import JSONResponse, Response

from mainstem.engine.clock import as_text
from mainstem.engine.engine import Engine

Json = Any


class _Answer(JSONResponse):
    """JSON that also takes half a pair of surrogates, which JavaScript's strings may hold."""

    def render(self, content: Json) -> bytes:
        try:
            return super().render(content)
        except UnicodeEncodeError:
            return json.dumps(content, separators=(",", ":"), allow_nan=False).encode()


def data_response(engine: Engine, data: Json, status: int = 200, **metadata: Json) -> Response:
    """What was asked for, and what there is to say about it."""
    told = {"fetched_at": as_text(engine.clock.now()), "cached_until": None, **metadata}
    return _Answer({"data": data, "metadata": told}, status)


def problem_response(message: str, status: int) -> Response:
    """Why there is nothing."""
    return _Answer({"error": message, "data": None, "status": status}, status)
