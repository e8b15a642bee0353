"""The engine over HTTP: registration, events, and what apps and people ask about runs.

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

from mainstem.engine import apps_api, connect_gateway, realtime_api
from mainstem.engine.clock import as_text
from mainstem.engine.engine import Engine
from mainstem.engine.errors import BadEvent, UnknownFunction, UnknownRun
from mainstem.engine.events import stored_event, stored_events
from mainstem.engine.graphql_api import answer_query
from mainstem.engine.responses import data_response, problem_response
from mainstem.engine.runs import RunView, load_run, memos_of
from mainstem.engine.signatures import is_authorised

Json = Any
Handler = Callable[[Engine, Request], Awaitable[Response]]

_NOT_AN_EVENT: Final = "Request body must contain an event object or an array of event objects"


def engine_app(engine: Engine) -> Starlette:
    """The ASGI app of an engine that is running."""

    gateway = connect_gateway.Gateway(engine)

    def route(path: str, handler: Handler, *methods: str, is_keyed: bool = True) -> Route:
        async def endpoint(request: Request) -> Response:
            keys = engine.options.signing_keys
            if is_keyed and keys and not is_authorised(request.headers.get("authorization"), keys):
                return _locked(path)
            return await handler(engine, request)

        return Route(path, endpoint, methods=list(methods))

    async def listen(socket: WebSocket) -> None:
        await realtime_api.connect(engine, socket)

    return Starlette(
        routes=[
            route("/health", _health, "GET", is_keyed=False),
            route("/dev", _dev, "GET"),
            route("/e/{key}", _events, "POST", is_keyed=False),
            route("/fn/register", apps_api.register, "POST"),
            route("/fn/remove", apps_api.remove, "DELETE"),
            route("/invoke/{slug}", _invoke, "POST"),
            route("/v0/runs/{run_id}/actions", _actions, "GET"),
            route("/v0/runs/{run_id}/batch", _batch, "GET"),
            route("/v0/runs/{run_id}", _cancel_v0, "DELETE"),
            route("/v0/gql", _graphql, "POST"),
            route("/v1/events", _list_events, "GET"),
            route("/v1/events/{event_id}", _show_event, "GET"),
            route("/v1/events/{event_id}/runs", _runs_of_event, "GET"),
            route("/v1/runs/{run_id}", _show_run, "GET"),
            route("/v1/runs/{run_id}", _cancel_v1, "DELETE"),
            route(f"{connect_gateway.PATH}/start", gateway.start, "POST"),
            route(f"{connect_gateway.PATH}/flush", gateway.flush, "POST"),
            WebSocketRoute(connect_gateway.PATH, gateway.websocket),
            route(f"{realtime_api.PATH}/token", realtime_api.give_token, "POST"),
            route(f"{realtime_api.PATH}/publish", realtime_api.publish, "POST"),
            route(f"{realtime_api.PATH}/sse", realtime_api.stream, "GET", is_keyed=False),
            WebSocketRoute(f"{realtime_api.PATH}/connect", listen),
            route("/v1/apps", apps_api.list_apps, "GET"),
            route("/v1/apps/{app}/functions", apps_api.list_functions, "GET"),
            route("/v1/apps/{app}/functions/{function}/drop", apps_api.drop_runs, "POST"),
            route("/v1/functions/runs", apps_api.list_last_runs, "GET"),
        ],
        middleware=[
            Middleware(_ServerKind, kind=engine.options.server_kind),
            Middleware(_OnDisk, engine=engine),
        ],
    )


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
    """No answer to a request that may change something leaves before the change is on disk."""

    def __init__(self, app: ASGIApp, engine: Engine) -> None:
        self._app = app
        self._engine = engine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_late(message: Message) -> None:
            if message["type"] == "http.response.start":
                await self._engine.on_disk()
            await send(message)

        is_change = scope["type"] == "http" and scope["method"] not in ("GET", "HEAD")
        await self._app(scope, receive, send_late if is_change else send)


async def _health(_: Engine, __: Request) -> Response:
    return JSONResponse({"status": 200, "message": "OK"})


async def _dev(engine: Engine, _: Request) -> Response:
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
    keys = engine.options.event_keys
    if keys and request.path_params["key"] not in keys:
        answer = {"status": 401, "message": "", "error": "Event key not found"}
        return JSONResponse(answer, status_code=401)
    body = await request.body()
    try:
        parsed = json.loads(body) if body.strip() else []
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
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError:
        body = None
    if not isinstance(body, Mapping):
        return problem_response("Unable to read post data request", 400)
    try:
        event_id = engine.invoke(request.path_params["slug"], body.get("data"))
    except UnknownFunction as error:
        return problem_response(str(error), 404)
    return JSONResponse({"id": event_id, "status": 200})


async def _actions(engine: Engine, request: Request) -> Response:
    return _state(engine, request, "actions")


async def _batch(engine: Engine, request: Request) -> Response:
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
        memos = memos_of(engine.reader, run_id)
        text = "{" + ",".join(f"{json.dumps(key)}:{memo}" for key, memo in memos.items()) + "}"
    return Response(text, media_type="application/json")


async def _cancel_v0(engine: Engine, request: Request) -> Response:
    return _cancel(engine, request, 204)


async def _cancel_v1(engine: Engine, request: Request) -> Response:
    return _cancel(engine, request, 200)


def _cancel(engine: Engine, request: Request, status: int) -> Response:
    try:
        engine.cancel(request.path_params["run_id"])
    except UnknownRun as error:
        return problem_response(f"Unable to load function run: {error.run_id}", 404)
    return Response(status_code=status)


async def _graphql(engine: Engine, request: Request) -> Response:
    try:
        body = json.loads(await request.body())
        query, variables = str(body["query"]), body.get("variables") or {}
    except (ValueError, KeyError, TypeError, AttributeError):
        return JSONResponse({"errors": [{"message": "the body holds no query"}], "data": None})
    return JSONResponse(await answer_query(engine, query, variables))


async def _list_events(engine: Engine, request: Request) -> Response:
    params = request.query_params
    limit = params.get("limit", "")
    rows = stored_events(
        engine.reader,
        name=params.get("name"),
        limit=min(int(limit), 100) if limit.isdigit() else 20,
    )
    return data_response(engine, rows)


async def _show_event(engine: Engine, request: Request) -> Response:
    event = stored_event(engine.reader, request.path_params["event_id"])
    if event is None:
        return problem_response("Event not found", 404)
    return data_response(engine, event)


async def _runs_of_event(engine: Engine, request: Request) -> Response:
    event_id = request.path_params["event_id"]
    return data_response(engine, [_shown(run) for run in reversed(engine.runs(event=event_id))])


async def _show_run(engine: Engine, request: Request) -> Response:
    try:
        return data_response(engine, _shown(engine.run(request.path_params["run_id"])))
    except UnknownRun as error:
        return problem_response(f"Unable to load function run: {error.run_id}", 404)


def _shown(run: RunView) -> dict[str, Json]:
    return {
        "run_id": run.id,
        "function_id": run.function_id,
        "status": run.status.value.capitalize(),
        "run_started_at": as_text(run.started_at or run.created_at),
        "ended_at": None if run.ended_at is None else as_text(run.ended_at),
        "output": run.output,
        "event_id": run.events[0].get("id"),
    }
