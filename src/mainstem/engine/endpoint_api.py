"""The doors of durable endpoints: a run is begun, its steps are told, its output is waited for.

Inngest SDK protocol, "Checkpointing", the sync variant.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mainstem.engine import limits
from mainstem.engine.checkpoints import CheckpointRefused
from mainstem.engine.endpoint_reports import read_new_run, read_steps
from mainstem.engine.endpoints import may_read
from mainstem.engine.engine import Engine
from mainstem.engine.lifecycle import RunStatus
from mainstem.engine.parsing import read_json
from mainstem.engine.realtime import RAW
from mainstem.engine.realtime_tokens import Topic
from mainstem.engine.responses import problem_response
from mainstem.engine.runs import find_run

Json = Any

# Steps that fill the state of a run, with all that an SDK writes around them.
_MAX_BODY: Final = limits.MAX_STATE_BYTES + 8 * limits.MIB
# What belongs to the connection an answer once came over, or is computed anew.
_NOT_KEPT: Final = frozenset(
    {"connection", "content-encoding", "content-length", "keep-alive", "transfer-encoding"}
)


async def begin(engine: Engine, request: Request) -> Response:
    """Begin the run of a durable endpoint, with the steps that it has done."""
    try:
        begun = engine.endpoints.begin(read_new_run(await read_body(request)))
    except CheckpointRefused as refusal:
        return problem_response(str(refusal), refusal.status)
    told = {
        "fn_id": begun.function_id,
        "app_id": begun.app_id,
        "run_id": begun.run_id,
        "token": begun.token,
        "realtime_token": engine.realtime.grant([Topic(begun.run_id, RAW)]),
    }
    return JSONResponse({"data": told})


async def save_steps(engine: Engine, request: Request) -> Response:
    """Store what the run of a durable endpoint has done, or end it."""
    run_id = request.path_params["run_id"]
    try:
        function_id, steps = read_steps(run_id, await read_body(request))
        engine.endpoints.save(run_id, function_id, steps)
    except CheckpointRefused as refusal:
        return problem_response(str(refusal), refusal.status)
    return Response()


async def output(engine: Engine, request: Request) -> Response:
    """What a durable endpoint answered, as soon as it has: the caller was sent here to wait."""
    run_id = request.path_params["run_id"]
    run = find_run(engine.reader, run_id)
    if run is None or not may_read(run, request.query_params.get("token", "")):
        return problem_response("There is no such run of an endpoint, or not for this token.", 404)
    is_over = await _until_over(engine, request, run_id)
    if is_over is None:
        waited = f"{limits.OUTPUT_WAIT_SECONDS:.0f} seconds"
        return problem_response(f"Run {run_id} has not ended in {waited}; ask again.", 504)
    if not is_over:
        return problem_response("The engine stops; ask again when it is back.", 503)
    return _ended(engine, run_id)


async def read_body(request: Request) -> Json:
    """The JSON of a request's body. Raises `CheckpointRefused`."""
    parts, size = [], 0
    async for part in request.stream():
        parts.append(part)
        size += len(part)
        if size > _MAX_BODY:
            raise CheckpointRefused(413, f"The checkpoint has more than {_MAX_BODY} bytes.")
    try:
        return read_json(b"".join(parts))
    except ValueError as error:
        raise CheckpointRefused(400, f"The checkpoint is not JSON: {error}") from error


async def _until_over(engine: Engine, request: Request, run_id: str) -> bool | None:
    """Whether the run has ended; False when the engine stops, or whoever asked has gone.

    None when neither came about in time.
    """
    over = asyncio.create_task(engine.endpoints.over(run_id))
    gone = asyncio.create_task(_until_gone(request))
    tasks = (over, gone)
    try:
        done, _ = await asyncio.wait(
            tasks, timeout=limits.OUTPUT_WAIT_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        return over.result() if over in done else False if gone in done else None
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _ended(engine: Engine, run_id: str) -> Response:
    run = engine.run(run_id)
    if run.status is RunStatus.COMPLETED:
        return _answer(run.output)
    if run.status is RunStatus.FAILED:
        error = run.output if isinstance(run.output, Mapping) else {}
        told = str(error.get("message") or error.get("name") or "unknown error")
        return problem_response(f"The endpoint failed: {told}", 500)
    return problem_response(f"The run of the endpoint was {run.status.lower()}.", 410)


def _answer(told: Json) -> Response:
    """The endpoint's own answer, which this server passes on."""
    if not isinstance(told, Mapping) or "body" not in told:
        return JSONResponse(told)
    status, given, body = told.get("status"), told.get("headers"), told.get("body")
    headers = {
        str(name).lower(): str(value)
        for name, value in (given.items() if isinstance(given, Mapping) else ())
        if str(name).lower() not in _NOT_KEPT
    }
    # A page that an app made must not be one of this server's: it could change runs.
    headers["content-security-policy"] = "sandbox"
    # The token is the permission, and a page of any origin may hold it.
    headers.setdefault("access-control-allow-origin", "*")
    text = body if isinstance(body, str) else json.dumps(body)
    code = status if isinstance(status, int) and 200 <= status < 600 else 200
    return Response(text, code, headers)
