"""The engine over HTTP: what apps and SDKs ask here, what people and tools ask in `api`.

Inngest SDK protocol, "Registration", "Event API" and "HTTP and query APIs".
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from mainstem.engine import (
    access,
    api,
    apps_api,
    checkpoint_api,
    connect_gateway,
    endpoint_api,
    realtime_api,
    signals_api,
)
from mainstem.engine.bodies import Bounded
from mainstem.engine.engine import Engine
from mainstem.engine.errors import BadEvent, StorageBusy, StorageFailed, UnknownFunction, UnknownRun
from mainstem.engine.graphql_api import answer_query
from mainstem.engine.limits import MAX_EVENTS_BODY_BYTES
from mainstem.engine.parsing import read_json, whole
from mainstem.engine.responses import problem_response
from mainstem.engine.runs import load_run, memos_of, with_overrides
from mainstem.engine.signatures import is_authorised

Json = Any
Handler = Callable[[Engine, Request], Awaitable[Response]]

# Doors that take more than the others, by what their paths begin with.
_LARGER: Final[Mapping[str, int]] = {
    "/e/": MAX_EVENTS_BODY_BYTES,
    **dict.fromkeys(checkpoint_api.PATHS, MAX_EVENTS_BODY_BYTES),
}
_NOT_AN_EVENT: Final = "Request body must contain an event object or an array of event objects"


def engine_app(engine: Engine) -> Starlette:
    """The ASGI app of an engine that is running."""

    gateway = connect_gateway.Gateway(engine)

    def route(
        path: str,
        handler: Handler,
        *methods: str,
        is_keyed: bool = True,
        is_for_people: bool = False,
    ) -> Route:
        async def endpoint(request: Request) -> Response:
            if is_for_people:
                problem = access.refused_entry(request.scope, request.headers, engine.options)
                if problem is not None:
                    return access.refusal(problem, engine.options)
                return await handler(engine, request)
            keys = engine.options.signing_keys
            if is_keyed and keys and not is_authorised(request.headers.get("authorization"), keys):
                return _locked(path)
            return await handler(engine, request)

        endpoint.__doc__ = handler.__doc__  # what the OpenAPI document says of it
        return Route(path, endpoint, methods=list(methods))

    async def listen(socket: WebSocket) -> None:
        await realtime_api.connect(engine, socket)

    async def tell(_: Engine, __: Request) -> Response:
        """This document: every path, what it takes and what it gives."""
        return JSONResponse(api.describe(api.ENDPOINTS, app.routes))

    app = Starlette(
        routes=[
            route("/health", _health, "GET", is_keyed=False),
            route("/dev", _dev, "GET"),
            route("/e/{key}", _events, "POST", is_keyed=False),
            route("/fn/register", apps_api.register, "POST"),
            route("/fn/remove", apps_api.remove, "DELETE", is_for_people=True),
            route("/invoke/{slug}", _invoke, "POST", is_for_people=True),
            route("/v0/runs/{run_id}/actions", _actions, "GET"),
            route("/v0/runs/{run_id}/batch", _batch, "GET"),
            route("/v0/gql", _graphql, "POST", is_for_people=True),
            route(f"{connect_gateway.PATH}/start", gateway.start, "POST"),
            route(f"{connect_gateway.PATH}/flush", gateway.flush, "POST"),
            WebSocketRoute(connect_gateway.PATH, gateway.websocket),
            route(f"{realtime_api.PATH}/token", realtime_api.give_token, "POST"),
            route(f"{realtime_api.PATH}/publish", realtime_api.publish, "POST"),
            route(f"{realtime_api.PATH}/publish/tee", realtime_api.tee, "POST"),
            route(f"{realtime_api.PATH}/sse", realtime_api.stream, "GET", is_keyed=False),
            WebSocketRoute(f"{realtime_api.PATH}/connect", listen),
            *(
                route(f"{path}{rest}", handler, method)
                for path in checkpoint_api.PATHS
                for rest, handler, method in checkpoint_api.DOORS
            ),
            *(
                route(f"{path}/{{run_id}}/output", endpoint_api.output, "GET", is_keyed=False)
                for path in checkpoint_api.PATHS
            ),
            route("/v1/signals", signals_api.send, "POST"),
            route("/openapi.json", tell, "GET", is_for_people=True),
            *(api.endpoint_route(engine, endpoint) for endpoint in api.ENDPOINTS),
        ],
        middleware=[
            Middleware(access.Guard, options=engine.options),
            Middleware(Bounded, larger=_LARGER),
            Middleware(_ServerKind, kind=engine.options.server_kind),
            Middleware(_OnDisk, engine=engine),
        ],
    )
    return app


def _locked(path: str) -> Response:
    if path == "/fn/register":
        # The SDK hands a JSON answer on to whoever asked it to register; a text it cannot read.
        message = (
            "Authentication failed: the app's signing key is not this server's. Set"
            " INNGEST_SIGNING_KEY on the app to this server's key."
        )
        return problem_response(message, 401)
    return Response("Authentication failed", status_code=401)


class _ServerKind:
    """Every response names the server's kind; SDKs compare it with their own mode."""

    def __init__(self, app: ASGIApp, kind: str) -> None:
        self._app = app
        self._header = (b"x-inngest-server-kind", kind.encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), self._header]
            await send(message)

        await self._app(scope, receive, send_marked)


class _OnDisk:
    """No answer to a request that may change something leaves before the change is on disk.

    When the file cannot be written the answer is a 503, which says that the engine stops, or that
    another program holds it for now: SDKs send such a request again.
    """

    def __init__(self, app: ASGIApp, engine: Engine) -> None:
        self._app = app
        self._engine = engine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_late(message: Message) -> None:
            if message["type"] == "http.response.start":
                await self._engine.on_disk()
            await send(message)

        is_change = scope["type"] == "http" and scope["method"] not in ("GET", "HEAD")
        if not is_change:
            await self._app(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send_late)
        except (StorageBusy, StorageFailed) as error:
            await problem_response(str(error), 503)(scope, receive, send)


async def _health(_: Engine, __: Request) -> Response:
    """That the engine is there."""
    return JSONResponse({"status": 200, "message": "OK"})


async def _dev(engine: Engine, _: Request) -> Response:
    """What SDKs that look for a dev server are told: its version, functions and apps."""
    apps = engine.apps()
    return JSONResponse(
        {
            "version": "mainstem",
            "startOpts": {"autodiscover": False},
            "functions": [
                {"id": each.id, "slug": each.slug, "name": each.name, **each.config}
                for app in apps
                for each in app.functions
            ],
            "handlers": [
                {"appName": app.name, "url": app.url, "sdk": app.sdk, "framework": app.framework}
                for app in apps
            ],
        }
    )


async def _events(engine: Engine, request: Request) -> Response:
    """Take events: one object or an array of them."""
    keys = engine.options.event_keys
    if keys and request.path_params["key"] not in keys:
        answer = {"status": 401, "message": "", "error": "Event key not found"}
        return JSONResponse(answer, status_code=401)
    body = await request.body()
    try:
        parsed = read_json(body) if body.strip() else []
    except ValueError as error:
        return _refused(f"{_NOT_AN_EVENT}: {error}", [])
    events = [parsed] if isinstance(parsed, Mapping) else parsed
    if not isinstance(events, list):
        return _refused(_NOT_AN_EVENT, [])
    try:
        ids = await engine.send(events, seed=request.headers.get("x-inngest-event-id-seed", ""))
    except BadEvent as error:
        return _refused(error.reason, list(error.accepted))
    return JSONResponse({"ids": ids or [""], "status": 200})


def _refused(reason: str, accepted: list[str]) -> Response:
    answer = {"ids": accepted or [""], "status": 400, "error": reason}
    return JSONResponse(answer, status_code=400)


async def _invoke(engine: Engine, request: Request) -> Response:
    """Start one function by its id; the body is an event."""
    try:
        body = read_json(await request.body() or b"{}")
    except ValueError:
        body = None
    data = body.get("data") if isinstance(body, Mapping) else body
    if not isinstance(body, Mapping) or not isinstance(data, Mapping | None):
        return problem_response("Unable to read post data request", 400)
    try:
        event_id = engine.invoke(request.path_params["slug"], whole(data))
    except UnknownFunction as error:
        return problem_response(str(error), 404)
    return JSONResponse({"id": event_id, "status": 200})


async def _actions(engine: Engine, request: Request) -> Response:
    """The memos of a run, for an SDK whose request was too small for them."""
    return _state(engine, request, "actions")


async def _batch(engine: Engine, request: Request) -> Response:
    """The events of a run, for an SDK whose request was too small for them."""
    return _state(engine, request, "batch")


def _state(engine: Engine, request: Request, what: str) -> Response:
    """What an SDK fetches when a request was too small for the state."""
    run_id = request.path_params["run_id"]
    try:
        run = load_run(engine.reader, run_id)
    except UnknownRun:
        return problem_response(f"Unable to load run: {run_id}", 400)
    if engine.run(run_id).is_over:
        return problem_response(f"Run has ended: {run_id}", 410)
    if what == "batch":
        text = f"[{','.join(run.events)}]"
    else:
        memos = with_overrides(run, memos_of(engine.reader, run_id))
        text = "{" + ",".join(f"{json.dumps(key)}:{memo}" for key, memo in memos.items()) + "}"
    return Response(text, media_type="application/json")


async def _graphql(engine: Engine, request: Request) -> Response:
    """The GraphQL that the SDKs' own tests ask."""
    try:
        body = read_json(await request.body())
        query, variables = str(body["query"]), body.get("variables") or {}
    except (ValueError, KeyError, TypeError, AttributeError):
        return JSONResponse({"errors": [{"message": "the body holds no query"}], "data": None})
    return JSONResponse(await answer_query(engine, query, variables))
