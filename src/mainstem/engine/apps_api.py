"""Apps over HTTP: they register, and people ask what is registered and how it runs.

Inngest SDK protocol, "Registration"; `GET /v1/apps` and `GET /v1/functions/runs` are this engine's
own, and told in `docs/engine.md`.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mainstem.engine.engine import Engine
from mainstem.engine.errors import (
    BadConfiguration,
    FunctionTaken,
    StillRegistered,
    UnknownFunction,
    WrongEnvironment,
)
from mainstem.engine.registration import read_registration
from mainstem.engine.responses import data_response, problem_response

Json = Any
_MAX_RUNS: Final = 100


async def register(engine: Engine, request: Request) -> Response:
    """`POST /fn/register`."""
    kind = engine.options.server_kind
    expected = request.headers.get("x-inngest-expected-server-kind")
    if expected and expected != kind:
        return JSONResponse({"error": f"Expected server kind {kind}, got {expected}"}, 400)
    try:
        body = json.loads(await request.body())
    except ValueError as error:
        return JSONResponse({"error": f"Invalid request: {error}"}, 400)
    if not isinstance(body, Mapping) or not body.get("appname"):
        return JSONResponse({"error": "Invalid request: it names no app"}, 400)
    try:
        registration = read_registration(body, env=request.headers.get("x-inngest-env"))
        accepted = await engine.register(registration)
    except BadConfiguration as error:
        message = f"At least one function is invalid: {error}"
        engine.note_error(str(body["appname"]), message)
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


async def list_apps(engine: Engine, _: Request) -> Response:
    """`GET /v1/apps`: every app, with its functions and conflicts."""
    return data_response(engine, [asdict(app) for app in engine.apps()])


async def list_functions(engine: Engine, request: Request) -> Response:
    """`GET /v1/apps/{app}/functions`: those it has and, marked so, those it had once."""
    for app in engine.apps():
        if request.path_params["app"] in (app.name, app.id):
            functions = [asdict(each) for each in (*app.functions, *app.archived)]
            return data_response(engine, functions)
    return problem_response(f"App not found: {request.path_params['app']}", 404)


async def drop_runs(engine: Engine, request: Request) -> Response:
    """`POST /v1/apps/{app}/functions/{function}/drop`: cancel what an archived function left."""
    try:
        dropped = await engine.drop_runs(**request.path_params)
    except UnknownFunction as error:
        return problem_response(str(error), 404)
    except StillRegistered as error:
        return problem_response(str(error), 409)
    return data_response(engine, {"cancelled": dropped})


async def list_last_runs(engine: Engine, request: Request) -> Response:
    """`GET /v1/functions/runs?limit=3`: the last runs of every function."""
    asked = request.query_params.get("limit", "")
    limit = min(int(asked), _MAX_RUNS) if asked.isdigit() else 3
    return data_response(engine, [asdict(each) for each in engine.last_runs(limit)])
