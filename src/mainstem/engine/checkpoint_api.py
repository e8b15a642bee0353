"""The door for checkpoints. Inngest SDK protocol, "Checkpointing".

The calls of an SDK have no time limit of their own, so each is answered at once.
"""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from mainstem.engine import endpoint_api
from mainstem.engine.checkpoints import CheckpointRefused, read_checkpoint
from mainstem.engine.endpoint_api import read_body
from mainstem.engine.engine import Engine
from mainstem.engine.responses import problem_response

PATHS: Final = ("/v1/checkpoint", "/v1/http/runs")


async def save_async(engine: Engine, request: Request) -> Response:
    """Store the steps of a run that was started by an event."""
    try:
        body = await read_body(request)
        engine.checkpoints.save(read_checkpoint(request.path_params["run_id"], body))
    except CheckpointRefused as refusal:
        return problem_response(str(refusal), refusal.status)
    return Response()


# What follows each of `PATHS`, who answers it, and the method.
DOORS: Final = (
    ("/{run_id}/async", save_async, "POST"),
    ("", endpoint_api.begin, "POST"),
    ("/{run_id}/steps", endpoint_api.save_steps, "POST"),
)
