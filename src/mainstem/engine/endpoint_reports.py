"""What an app tells of a durable endpoint's run, read and checked before anything is stored.

Inngest SDK protocol, "Checkpointing", the sync variant.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mainstem.engine import limits
from mainstem.engine.checkpoints import CheckpointRefused
from mainstem.engine.endpoint_requests import BadEndpoint, EndpointRequest, read_endpoint
from mainstem.engine.events import HTTP_REQUEST
from mainstem.engine.ops import BadOps, Op, read_ops
from mainstem.engine.retries import max_attempts
from mainstem.engine.wire import encode, size_of

Json = Any

_RUN_ID: Final = re.compile("[0-7][0-9A-HJKMNP-TV-Z]{25}")


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run as an app begins it, with the steps that it has done already."""

    run_id: str
    data: Mapping[str, Json]
    request: EndpointRequest
    steps: tuple[Op, ...]
    max_attempts: int
    version: int


def read_new_run(body: Json) -> NewRun:
    """The run in the body of a request. Raises `CheckpointRefused`."""
    if not isinstance(body, Mapping) or not isinstance(body.get("event"), Mapping):
        raise CheckpointRefused(400, "A new run is an object with run_id, event and steps.")
    run_id = body.get("run_id")
    if not isinstance(run_id, str) or not _RUN_ID.fullmatch(run_id):
        raise CheckpointRefused(400, f"{str(run_id)[:80]!r} is no id of a run, which is a ULID.")
    if body["event"].get("name") != HTTP_REQUEST:
        raise CheckpointRefused(400, f"The event of an endpoint's run is {HTTP_REQUEST!r}.")
    data = body["event"].get("data")
    try:
        request = read_endpoint(data)
    except BadEndpoint as error:
        raise CheckpointRefused(400, str(error)) from error
    size = size_of(encode(data))
    if size > limits.MAX_EVENT_BYTES:
        allowed = f"{limits.MAX_EVENT_BYTES} are allowed"
        raise CheckpointRefused(413, f"The request has {size} bytes, {allowed}.")
    retries, version = body.get("retries"), body.get("request_version")
    return NewRun(
        run_id=run_id,
        data=data,
        request=request,
        steps=_read_ops(body.get("steps")),
        max_attempts=max_attempts(retries if type(retries) is int and retries >= 0 else None),
        version=version if type(version) is int else 2,
    )


def read_steps(run_id: str, body: Json) -> tuple[str, tuple[Op, ...]]:
    """The function's id and what its run has done since. Raises `CheckpointRefused`."""
    if not isinstance(body, Mapping) or body.get("run_id") != run_id:
        raise CheckpointRefused(400, "A checkpoint names the run_id of its path.")
    return str(body.get("fn_id")), _read_ops(body.get("steps"))


def _read_ops(value: Json) -> tuple[Op, ...]:
    try:
        return read_ops([] if value is None else value)
    except BadOps as error:
        raise CheckpointRefused(400, f"The checkpoint holds a bad step: {error}") from error
