"""The door for signals, `POST /v1/signals`."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from mainstem.engine import limits
from mainstem.engine.engine import Engine
from mainstem.engine.parsing import read_json, whole
from mainstem.engine.responses import data_response, problem_response


async def send(engine: Engine, request: Request) -> Response:
    """Wake the run that waits for a signal; 404 says that there is none."""
    content = await request.body()
    if len(content) > limits.MAX_STEP_OUTPUT_BYTES:
        message = f"The signal has {len(content)} bytes, {limits.MAX_STEP_OUTPUT_BYTES} are allowed"
        return problem_response(message, 413)
    try:
        body = read_json(content)
    except ValueError:
        body = None
    name = whole(body.get("signal")) if isinstance(body, Mapping) else None
    if not isinstance(name, str) or not name:
        return problem_response('A signal is an object such as {"signal": "name", "data": 1}', 400)
    run_id = engine.signals.send(name, body.get("data"))
    if run_id is None:
        return problem_response(f"No run waits for the signal {name!r}", 404)
    return data_response(engine, {"run_id": run_id})
