"""The door for checkpoints. Inngest SDK protocol, "Checkpointing".

The calls of an SDK have no time limit of their own, so each is answered at once.
"""

import json
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from mainstem.engine import limits
from mainstem.engine.checkpoints import CheckpointRefused, read_checkpoint
from mainstem.engine.engine import Engine
from mainstem.engine.responses import problem_response

Json = Any

PATHS: Final = ("/v1/checkpoint", "/v1/http/runs")
# Steps that fill the state of a run, with all that an SDK writes around them.
_MAX_BODY: Final = limits.MAX_STATE_BYTES + 8 * limits.MIB


async def save_async(engine: Engine, request: Request) -> Response:
    """Store the steps of a run that was started by an event."""
    try:
        body = await _read(request)
        engine.checkpoints.save(read_checkpoint(request.path_params["run_id"], body))
    except CheckpointRefused as refusal:
        return problem_response(str(refusal), refusal.status)
    return Response()


async def refuse_endpoint(_: Engine, __: Request) -> Response:
    """Say that this engine runs no endpoints, the runs that an HTTP request to an app starts."""
    message = (
        "This engine does not run durable endpoints (`inngest.endpoint`). Make the endpoint a"
        " function that an event starts, or serve it with Inngest's own server."
    )
    return problem_response(message, 501)


# What follows each of `PATHS`, who answers it, and the method.
DOORS: Final = (
    ("/{run_id}/async", save_async, "POST"),
    ("", refuse_endpoint, "POST"),
    ("/{run_id}/steps", refuse_endpoint, "POST"),
    ("/{run_id}/output", refuse_endpoint, "GET"),
)


async def _read(request: Request) -> Json:
    parts, size = [], 0
    async for part in request.stream():
        parts.append(part)
        size += len(part)
        if size > _MAX_BODY:
            raise CheckpointRefused(413, f"The checkpoint has more than {_MAX_BODY} bytes.")
    try:
        return json.loads(b"".join(parts))
    except (ValueError, RecursionError) as error:
        raise CheckpointRefused(400, f"The checkpoint is not JSON: {error}") from error
