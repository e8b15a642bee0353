"""Apps over HTTP: they register and are removed. What people ask about them is in `api`.

Inngest SDK protocol, "Registration".
"""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mainstem.engine.engine import Engine
from mainstem.engine.errors import BadConfiguration, FunctionTaken, WrongEnvironment
from mainstem.engine.parsing import read_json, whole
from mainstem.engine.registration import app_name, read_registration
from mainstem.engine.responses import problem_response

Json = Any


async def register(engine: Engine, request: Request) -> Response:
    """`POST /fn/register`."""
    kind = engine.options.server_kind
    expected = request.headers.get("x-inngest-expected-server-kind")
    if expected and expected != kind:
        return JSONResponse({"error": f"Expected server kind {kind}, got {expected}"}, 400)
    try:
        body = whole(read_json(await request.body()))
    except ValueError as error:
        return JSONResponse({"error": f"Invalid request: {error}"}, 400)
    if not isinstance(body, Mapping) or not app_name(body):
        return JSONResponse({"error": "Invalid request: it names no app"}, 400)
    try:
        registration = read_registration(body, env=request.headers.get("x-inngest-env"))
        accepted = await engine.register(registration)
    except BadConfiguration as error:
        message = f"At least one function is invalid: {error}"
        engine.note_error(app_name(body), message)
        engine.registrar.note_refused(str(body.get("url") or ""))
        return problem_response(message, 400)
    except (FunctionTaken, WrongEnvironment) as error:
        engine.registrar.note_refused(registration.url)
        return problem_response(str(error), 400)
    return JSONResponse(accepted.answer())


async def remove(engine: Engine, request: Request) -> Response:
    """`DELETE /fn/remove?url=`."""
    engine.remove_app(request.query_params.get("url", ""))
    return Response(status_code=200)
