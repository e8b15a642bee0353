"""The messages of Connect, described field by field, as frames of its WebSocket.

Numbers and types are all that goes over the wire; texts that are absent read as empty ones. The
protobuf library is loaded by the first frame that is read or written, for no one else needs it.
Inngest SDK protocol, "Connect".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from importlib.util import find_spec
from types import MappingProxyType
from typing import Any, Final

from mainstem.engine.errors import BadFrame

Message = Any  # a protobuf message of a class made here
SUBPROTOCOL: Final = "v0.connect.inngest.com"


class Kind(IntEnum):
    """What a frame is."""

    GATEWAY_HELLO = 0
    WORKER_CONNECT = 1
    GATEWAY_CONNECTION_READY = 2
    GATEWAY_EXECUTOR_REQUEST = 3
    WORKER_READY = 4
    WORKER_REQUEST_ACK = 5
    WORKER_REPLY = 6
    WORKER_REPLY_ACK = 7
    WORKER_PAUSE = 8
    WORKER_HEARTBEAT = 9
    GATEWAY_HEARTBEAT = 10
    GATEWAY_CLOSING = 11
    WORKER_REQUEST_EXTEND_LEASE = 12
    WORKER_REQUEST_EXTEND_LEASE_ACK = 13
    SYNC_FAILED = 14


# A worker's words for the HTTP status its function had: an error, more to come, or done.
STATUSES: Final[Mapping[int, int]] = MappingProxyType({0: 206, 1: 200, 2: 500})

_PACKAGE: Final = "embedded.connect"
_TYPES: Final = {"int64": 3, "int32": 5, "bool": 8, "text": 9, "message": 11, "bytes": 12}

# Of each message: field, number, type; `*` marks a list, a capital letter another message.
_REQUEST: Final = "request_id 1 text, account_id 2 text, env_id 3 text, app_id 4 text"
_MESSAGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Frame": "kind 1 int32, payload 2 bytes",
        "Start": "exclude_gateways 1 *text",
        "Started": (
            "connection_id 1 text, gateway_endpoint 2 text, gateway_group 3 text,"
            " session_token 4 text, sync_token 5 text"
        ),
        "Auth": "session_token 1 text, sync_token 2 text",
        "App": "app_name 1 text, app_version 2 text, functions 4 bytes",
        "Connect": (
            "connection_id 1 text, instance_id 2 text, auth_data 3 Auth, capabilities 4 bytes,"
            " apps 5 *App, environment 8 text, framework 9 text, sdk_version 11 text,"
            " sdk_language 12 text, max_worker_concurrency 14 int64"
        ),
        "Ready": "heartbeat_interval 1 text, extend_lease_interval 2 text",
        "Request": (
            "request_id 1 text, account_id 2 text, env_id 3 text, app_id 4 text, app_name 5 text,"
            " function_id 6 text, function_slug 7 text, step_id 8 text, request_payload 9 bytes,"
            " run_id 12 text, lease_id 13 text, job_id 14 text"
        ),
        "Taken": f"{_REQUEST}, function_slug 5 text, step_id 6 text, run_id 9 text",
        "Extend": (
            f"{_REQUEST}, function_slug 5 text, step_id 6 text, run_id 9 text, lease_id 10 text"
        ),
        "Extended": f"{_REQUEST}, function_slug 5 text, new_lease_id 6 text",
        "Reply": (
            f"{_REQUEST}, status 5 int32, body 6 bytes, no_retry 7 bool, retry_after 8 text,"
            " sdk_version 9 text, request_version 10 int64, run_id 13 text"
        ),
        "Confirmed": "request_id 1 text",
        "Problem": "code 1 text, data 2 bytes, message 3 text",
        "Empty": "",
    }
)
_PAYLOADS: Final[Mapping[Kind, str]] = MappingProxyType(
    {
        Kind.WORKER_CONNECT: "Connect",
        Kind.GATEWAY_CONNECTION_READY: "Ready",
        Kind.GATEWAY_EXECUTOR_REQUEST: "Request",
        Kind.WORKER_REQUEST_ACK: "Taken",
        Kind.WORKER_REPLY: "Reply",
        Kind.WORKER_REPLY_ACK: "Confirmed",
        Kind.WORKER_REQUEST_EXTEND_LEASE: "Extend",
        Kind.WORKER_REQUEST_EXTEND_LEASE_ACK: "Extended",
        Kind.SYNC_FAILED: "Problem",
    }
)


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame that was read; `body` has the fields of its kind as attributes."""

    kind: Kind
    body: Message


def is_installed() -> bool:
    """Whether the libraries that Connect needs are here: the extra `connect` brings them."""
    return all(_is_there(name) for name in ("google.protobuf", "websockets"))


def write_frame(kind: Kind, **fields: Any) -> bytes:
    """A frame with the fields of its kind."""
    payload = write_message(_PAYLOADS.get(kind, "Empty"), **fields)
    return write_message("Frame", kind=int(kind), payload=payload)


def read_frame(frame: bytes) -> Frame:
    """What a frame says. Raises `BadFrame`."""
    outer = read_message("Frame", frame)
    try:
        kind = Kind(outer.kind)
    except ValueError as error:
        raise BadFrame(
            f"A frame has kind {outer.kind}, which this engine does not know."
        ) from error
    return Frame(kind, read_message(_PAYLOADS.get(kind, "Empty"), outer.payload))


def write_message(name: str, **fields: Any) -> bytes:
    """A message by itself, as the HTTP calls of Connect carry it."""
    return bytes(_classes()[name](**fields).SerializeToString())


def read_message(name: str, body: bytes) -> Message:
    """A message by itself. Raises `BadFrame`."""
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # no stubs

    message = _classes()[name]()
    try:
        message.ParseFromString(body)
    except DecodeError as error:
        raise BadFrame(f"A message of {len(body)} bytes is no {name} of Connect.") from error
    return message


@lru_cache(maxsize=1)
def _classes() -> Mapping[str, Any]:
    from google.protobuf import (  # type: ignore[import-untyped]  # it has no stubs
        descriptor_pb2,
        descriptor_pool,
        message_factory,
    )

    file = descriptor_pb2.FileDescriptorProto(
        name="embedded_connect.proto", package=_PACKAGE, syntax="proto3"
    )
    for name, fields in _MESSAGES.items():
        described = file.message_type.add(name=name)
        for field in filter(None, fields.split(", ")):
            described.field.add(**_field(*field.split()))
    # A pool of our own: the SDK's classes, in the same process in tests, live in the default one.
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))
        for name in _MESSAGES
    }


def _field(name: str, number: str, spelt: str) -> dict[str, Any]:
    kind = spelt.removeprefix("*")
    is_message = kind[0].isupper()
    described = {
        "name": name,
        "number": int(number),
        "type": _TYPES["message" if is_message else kind],
        "label": 3 if spelt.startswith("*") else 1,
    }
    return {**described, "type_name": f".{_PACKAGE}.{kind}"} if is_message else described


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):  # its parent is missing, or it was taken away
        return False
