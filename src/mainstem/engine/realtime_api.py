"""Realtime's doors: tokens, publishing, and listening by WebSocket or by server-sent events.

`/v1/realtime/token` and `/publish` want the signing key where there is one; who listens comes with
a token. A durable endpoint streams by `/publish/tee`: server-sent events already, handed on as they
are to those who listen with the token that its run was begun with.
"""

import asyncio
import codecs
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any, Final

from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from mainstem.engine.engine import Engine
from mainstem.engine.parsing import read_json
from mainstem.engine.realtime import MAX_MESSAGE_BYTES, RAW, Ending, Realtime, Subscription
from mainstem.engine.realtime_tokens import Topic
from mainstem.engine.responses import problem_response

Json = Any
PATH: Final = "/v1/realtime"
_KEEP_ALIVE_SECONDS: Final = 30.0
# As Inngest's server: a thousand chunks of a kibibyte.
_MAX_STREAM_BYTES: Final = 1000 * 1024
# Close codes of RFC 6455: normal, going away, and "try again later".
_CODES: Final[Mapping[Ending, int]] = {
    Ending.LEFT: 1000,
    Ending.CLOSING: 1001,
    Ending.LAGGED: 1013,
}
_UNINVITED: Final = (
    "A token is needed to listen: ask POST /v1/realtime/token for one (the SDK's"
    " `get_subscription_token`); it is good for a minute, and for the engine that gave it."
)
_NO_TOPICS: Final = 'Invalid request: it must hold a list of topics, {"channel": …, "name": …}'
_NOWHERE: Final = "A message needs a channel and a topic: ?channel=…&topic=…"
_TOO_LARGE: Final = f"A message may have {MAX_MESSAGE_BYTES // 1024} KiB."
_TOO_LONG: Final = f"A stream may have {_MAX_STREAM_BYTES // 1024} KiB; the rest was left out."


async def give_token(engine: Engine, request: Request) -> Response:
    """`POST /v1/realtime/token`: `{"jwt": …}` for a list of topics."""
    try:
        asked = _topics(read_json(await request.body()))
    except (ValueError, TypeError, KeyError):
        return problem_response(_NO_TOPICS, 400)
    return JSONResponse({"jwt": engine.realtime.grant(asked)}, 201)


async def publish(engine: Engine, request: Request) -> Response:
    """`POST /v1/realtime/publish?channel=&topic=`: JSON or text; `text/stream` in pieces."""
    params = request.query_params
    channel, names = params.get("channel"), params.getlist("topic")
    if not channel or not all(names) or not names:
        return problem_response(_NOWHERE, 400)
    topics = [Topic(channel, name) for name in names]
    run_id = params.get("run_id")
    if request.headers.get("content-type") == "text/stream":
        return await _publish_stream(engine.realtime, topics, run_id, request)
    body = await request.body()
    if len(body) > MAX_MESSAGE_BYTES:
        return problem_response(_TOO_LARGE, 413)
    data = _data(body)
    for topic in topics:
        engine.realtime.publish(topic, data, run_id=run_id)
    return Response(status_code=200)


async def tee(engine: Engine, request: Request) -> Response:
    """`POST /v1/realtime/publish/tee?channel=`: the stream of a run, handed on as it is."""
    channel = request.query_params.get("channel")
    if not channel:
        return problem_response("A stream needs a channel, the id of its run: ?channel=…", 400)
    decoder, size = codecs.getincrementaldecoder("utf-8")("replace"), 0
    with suppress(ClientDisconnect):  # who streams may go when it has said all
        async for piece in request.stream():
            size += len(piece)
            if size > _MAX_STREAM_BYTES:
                return problem_response(_TOO_LONG, 413)
            if text := decoder.decode(piece):
                engine.realtime.publish_raw(channel, text)
    return Response(status_code=200)


async def connect(engine: Engine, socket: WebSocket) -> None:
    """`GET /v1/realtime/connect?token=`: messages as texts, until either side goes."""
    topics = _granted(engine.realtime, socket)
    if topics is None:
        await _deny(socket)
        return
    await socket.accept()
    with engine.realtime.subscribe(topics) as subscription:
        listening = asyncio.create_task(_listen(engine.realtime, socket, subscription))
        try:
            async for text in subscription:
                await socket.send_text(text)
            await _close(socket, subscription.ending or Ending.LEFT)
        except (WebSocketDisconnect, RuntimeError):  # Starlette's words for a listener that is gone
            pass
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


async def stream(engine: Engine, request: Request) -> Response:
    """`GET /v1/realtime/sse?token=`: the same messages as server-sent events."""
    topics = _granted(engine.realtime, request)
    if topics is None:
        return problem_response(_UNINVITED, 401)
    # The token is the permission, and a page of any origin may hold it.
    headers = {"cache-control": "no-cache", "access-control-allow-origin": "*"}
    events = _events(engine.realtime, topics)
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


async def _events(realtime: Realtime, topics: frozenset[Topic]) -> AsyncIterator[str]:
    with realtime.subscribe(topics) as subscription:
        yield ":\n\n"  # the headers leave at once, so that the listener knows it is heard
        is_raw, is_between = all(topic.name == RAW for topic in topics), True
        while True:
            try:
                async with asyncio.timeout(_KEEP_ALIVE_SECONDS):
                    text = await anext(subscription)
            except TimeoutError:
                if is_between:
                    yield ":\n\n"
            except StopAsyncIteration:
                return
            else:
                yield text if is_raw else f"data: {text}\n\n"
                is_between = not is_raw or text.endswith("\n\n")


async def _listen(realtime: Realtime, socket: WebSocket, subscription: Subscription) -> None:
    """Take what a listener asks for later: more topics, with a token, or fewer."""
    try:
        while True:
            with suppress(ValueError, TypeError, KeyError):  # nonsense is passed over
                message = read_json(await socket.receive_text())
                if message["kind"] == "sub":
                    realtime.add(subscription, realtime.granted(message["data"]) or ())
                elif message["kind"] == "unsub":
                    realtime.remove(subscription, _topics(message["data"]))
    except (WebSocketDisconnect, RuntimeError):
        subscription.end(Ending.LEFT)


async def _publish_stream(
    realtime: Realtime, topics: list[Topic], run_id: str | None, request: Request
) -> Response:
    """A body that comes bit by bit, each handed on as it comes."""
    stream_id, decoder, size = (
        secrets.token_hex(8),
        codecs.getincrementaldecoder("utf-8")("replace"),
        0,
    )

    def tell(kind: str, data: str, **more: Json) -> None:
        for topic in topics:
            realtime.publish(topic, data, kind=kind, run_id=run_id, **more)

    tell("datastream-start", stream_id)
    try:
        async for piece in request.stream():
            size += len(piece)
            if size > _MAX_STREAM_BYTES:
                return problem_response(_TOO_LONG, 413)
            if text := decoder.decode(piece):
                tell("chunk", text, stream_id=stream_id)
    finally:
        tell("datastream-end", stream_id)
    return Response(status_code=200)


def _topics(told: Json) -> list[Topic]:
    """A list of topics as SDKs send them. Raises `TypeError`, `KeyError` or `ValueError`."""
    if not isinstance(told, list):
        raise TypeError("it is no list")
    topics = [Topic(each["channel"], each["name"]) for each in told]
    if not all(isinstance(part, str) for topic in topics for part in topic):
        raise TypeError("a channel and a name are texts")
    return topics


def _granted(realtime: Realtime, connection: HTTPConnection) -> frozenset[Topic] | None:
    header = connection.headers.get("authorization", "")
    return realtime.granted(connection.query_params.get("token") or header.partition(" ")[2])


def _data(body: bytes) -> Json:
    """JSON as it is, anything else as text."""
    try:
        return read_json(body)
    except ValueError:
        return body.decode("utf-8", "replace")


async def _deny(socket: WebSocket) -> None:
    if "websocket.http.response" in socket.scope.get("extensions", {}):
        await socket.send_denial_response(problem_response(_UNINVITED, 401))
    else:
        await socket.close()


async def _close(socket: WebSocket, ending: Ending) -> None:
    if WebSocketState.DISCONNECTED not in (socket.client_state, socket.application_state):
        await socket.close(_CODES[ending], str(ending))
