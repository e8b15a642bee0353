"""Connect's doors: where a worker begins, the WebSocket it lives on, and late replies over HTTP.

Inngest SDK protocol, "Connect".
"""

import asyncio
import logging
import secrets
from contextlib import suppress
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from mainstem.engine import connect_wire as wire
from mainstem.engine.connect_sessions import Sessions
from mainstem.engine.connect_wire import Kind
from mainstem.engine.connect_workers import Connection, WorkerRequest, Workers
from mainstem.engine.engine import Engine
from mainstem.engine.errors import (
    BadConfiguration,
    BadFrame,
    FunctionTaken,
    WrongEnvironment,
)
from mainstem.engine.parsing import read_json, whole
from mainstem.engine.registration import CONNECT_URL, Registration, read_connected
from mainstem.engine.responses import problem_response
from mainstem.engine.wire import read_answer

PATH: Final = "/v0/connect"
_LOG = logging.getLogger(__name__)
_MISSING: Final = (
    "Connect needs libraries that are not installed here: install protobuf and websockets, which"
    " the extra `connect` brings (pip install 'mainstem[connect]')."
)
_CLOSING: Final = "This server is shutting down; connect again in a moment."
# Close codes of RFC 6455: going away, policy violation, and one for a peer that says nonsense.
_GOING_AWAY, _REFUSED, _NONSENSE = 1001, 1008, 1002


class Gateway:
    """The doors of one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._group = f"embedded-{secrets.token_hex(4)}"
        self._sessions = Sessions()

    @property
    def _workers(self) -> Workers:
        return self._engine.workers

    async def start(self, _: Engine, request: Request) -> Response:
        """`POST /v0/connect/start`: where and with which tokens to open the WebSocket."""
        if not wire.is_installed():
            return problem_response(_MISSING, 501)
        if self._workers.is_closing:
            return problem_response(_CLOSING, 503)
        try:
            wire.read_message("Start", await request.body())
            self._engine.expect_environment("(worker)", request.headers.get("x-inngest-env"))
        except (BadFrame, WrongEnvironment) as error:
            return problem_response(str(error), 400)
        session = self._sessions.give()
        scheme = "wss" if request.url.scheme == "https" else "ws"
        body = wire.write_message(
            "Started",
            connection_id=session.connection_id,
            gateway_endpoint=f"{scheme}://{request.url.netloc}{PATH}",
            gateway_group=self._group,
            session_token=session.session_token,
            sync_token=session.sync_token,
        )
        return Response(body, media_type="application/protobuf")

    async def flush(self, _: Engine, request: Request) -> Response:
        """`POST /v0/connect/flush`: a reply that was not confirmed on the WebSocket."""
        if not wire.is_installed():
            return problem_response(_MISSING, 501)
        try:
            reply = wire.read_message("Reply", await request.body())
        except BadFrame as error:
            return problem_response(str(error), 400)
        self._take_reply(reply)
        body = wire.write_message("Confirmed", request_id=reply.request_id)
        return Response(body, media_type="application/protobuf")

    async def websocket(self, socket: WebSocket) -> None:
        """A worker's life: hello, its functions, then requests and replies until it goes."""
        if wire.SUBPROTOCOL not in socket.scope.get("subprotocols", ()) or not wire.is_installed():
            await socket.close(_REFUSED)
            return
        await socket.accept(wire.SUBPROTOCOL)
        try:
            await socket.send_bytes(wire.write_frame(Kind.GATEWAY_HELLO))
            connection = await self._greet(socket)
            if connection is not None:
                await self._serve(socket, connection)
        except WebSocketDisconnect:
            return
        except (TimeoutError, ConnectionError):
            await _close(socket, _GOING_AWAY)
        except BadFrame as error:
            _LOG.warning("A Connect worker was cut off: %s", error)
            await _close(socket, _NONSENSE)

    async def _greet(self, socket: WebSocket) -> Connection | None:
        """The worker with its functions registered, or None when it was refused."""
        frame = await self._next(socket)
        if frame.kind is not Kind.WORKER_CONNECT:
            raise BadFrame(f"it began with {frame.kind.name}, not with {Kind.WORKER_CONNECT.name}.")
        told, auth = frame.body, frame.body.auth_data
        if not self._sessions.claim(told.connection_id, auth.session_token, auth.sync_token):
            await _refuse(socket, "connect_authn_failed", "the tokens are not those of its start")
            return None
        try:
            apps = {app.app_name: await self._register(told, app) for app in told.apps}
        except (BadConfiguration, FunctionTaken, WrongEnvironment) as error:
            await _refuse(socket, "connect_sync_failed", str(error))
            return None
        times = self._workers.times
        ready = wire.write_frame(
            Kind.GATEWAY_CONNECTION_READY,
            heartbeat_interval=f"{times.heartbeat}s",
            extend_lease_interval=f"{times.extend}s",
        )
        await _send(socket, ready)
        return _connection(socket, told, apps)

    async def _register(self, told: wire.Message, app: wire.Message) -> frozenset[str]:
        """Register one app of a worker; the full ids of its functions."""
        try:
            registration = _registration(told, app)
        except BadConfiguration as error:
            self._engine.note_error(app.app_name, str(error))
            raise
        await self._engine.register(registration)
        return frozenset(config.slug for config in registration.configs)

    async def _serve(self, socket: WebSocket, connection: Connection) -> None:
        self._workers.attach(connection)
        try:
            while True:
                frame = await self._next(socket)
                answer = self._answer(connection, frame)
                if answer is not None:
                    await _send(socket, answer)
        finally:
            self._workers.detach(connection)

    async def _next(self, socket: WebSocket) -> wire.Frame:
        """The next frame; a worker that is silent for several heartbeats is gone."""
        times = self._workers.times
        async with asyncio.timeout(times.heartbeat * times.missed):
            message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", _GOING_AWAY))
        return wire.read_frame(message.get("bytes") or b"")

    def _answer(self, connection: Connection, frame: wire.Frame) -> bytes | None:
        """What a worker's frame changes, and the frame it is answered with."""
        body = frame.body
        match frame.kind:
            case Kind.WORKER_HEARTBEAT:
                return wire.write_frame(Kind.GATEWAY_HEARTBEAT)
            case Kind.WORKER_REQUEST_ACK:
                self._workers.take(body.request_id)
            case Kind.WORKER_REQUEST_EXTEND_LEASE:
                lease_id = self._workers.extend(body.request_id, body.lease_id)
                return wire.write_frame(
                    Kind.WORKER_REQUEST_EXTEND_LEASE_ACK,
                    request_id=body.request_id,
                    account_id=body.account_id,
                    env_id=body.env_id,
                    app_id=body.app_id,
                    function_slug=body.function_slug,
                    new_lease_id=lease_id or "",
                )
            case Kind.WORKER_REPLY:
                self._take_reply(body)
                return wire.write_frame(Kind.WORKER_REPLY_ACK, request_id=body.request_id)
            case Kind.WORKER_PAUSE:
                self._workers.pause(connection)
            case _:
                pass  # WORKER_READY, and what only a gateway says
        return None

    def _take_reply(self, reply: wire.Message) -> None:
        headers = {
            "x-inngest-sdk": reply.sdk_version or "unknown",
            "x-inngest-no-retry": "true" if reply.no_retry else "",
            "x-inngest-req-version": str(reply.request_version or 2),
        }
        if reply.retry_after:
            headers["retry-after"] = reply.retry_after
        status = wire.STATUSES.get(reply.status, 500)
        self._workers.reply(reply.request_id, read_answer(status, headers, reply.body))


def _registration(told: wire.Message, app: wire.Message) -> Registration:
    """One app of a worker. Raises `BadConfiguration`."""
    try:
        functions = whole(read_json(app.functions or b"[]"))
    except ValueError as error:
        raise BadConfiguration("(all)", f"the list of functions is not JSON: {error}") from error
    version = told.sdk_version.removeprefix("v")  # TypeScript's SDK writes one of its own
    body: dict[str, Any] = {
        "appname": app.app_name,
        "appVersion": app.app_version,
        "framework": told.framework,
        "sdk": f"{told.sdk_language}:v{version}",
        "url": CONNECT_URL,
        "functions": functions,
    }
    return read_connected(body, env=told.environment)


def _connection(
    socket: WebSocket, told: wire.Message, apps: dict[str, frozenset[str]]
) -> Connection:
    async def offer(connection: Connection, request: WorkerRequest, lease_id: str) -> None:
        await _send(socket, _request_frame(connection, request, lease_id))

    async def say_closing() -> None:
        await _send(socket, wire.write_frame(Kind.GATEWAY_CLOSING))
        await _close(socket, _GOING_AWAY)

    return Connection(
        id=told.connection_id,
        instance_id=told.instance_id,
        apps=apps,
        capacity=told.max_worker_concurrency or None,
        offer=offer,
        say_closing=say_closing,
    )


def _request_frame(connection: Connection, request: WorkerRequest, lease_id: str) -> bytes:
    return wire.write_frame(
        Kind.GATEWAY_EXECUTOR_REQUEST,
        request_id=request.id,
        app_id=request.app_id,
        app_name=connection.app_of(request.slug) or "",
        function_id=request.function_id,
        function_slug=request.slug,
        step_id=request.step_id,
        request_payload=request.body,
        run_id=request.run_id,
        lease_id=lease_id,
        job_id=request.job_id,
    )


async def _refuse(socket: WebSocket, code: str, message: str) -> None:
    _LOG.warning("A Connect worker was refused: %s", message)
    await _send(socket, wire.write_frame(Kind.SYNC_FAILED, code=code, message=message))
    await _close(socket, _REFUSED)


async def _send(socket: WebSocket, frame: bytes) -> None:
    """Send a frame. Raises `ConnectionError` when the worker is gone."""
    try:
        await socket.send_bytes(frame)
    except (RuntimeError, WebSocketDisconnect) as error:  # Starlette's word for a closed socket
        raise ConnectionError("the worker is gone") from error


async def _close(socket: WebSocket, code: int) -> None:
    states = (socket.client_state, socket.application_state)
    if WebSocketState.DISCONNECTED not in states:
        with suppress(RuntimeError, WebSocketDisconnect):  # the worker was quicker
            await socket.close(code)
