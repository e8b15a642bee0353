"""The protocol's messages: requests built, responses read. No I/O and no decisions.

An answer becomes one of four values: `Returned`, `Raised`, `Reported` (steps) or `Broken` (not an
answer of an SDK at all). Inngest SDK protocol, "Call request", "Call response", "Opcodes".
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from json.encoder import encode_basestring
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from mainstem.engine import limits
from mainstem.engine.ops import BadOps, Op, read_ops
from mainstem.engine.parsing import read_json

Json = Any
_KEPT_BODY: Final = 8 * 1024
_HALF: Final = re.compile("[\ud800-\udfff]")
_LONG: Final = 10  # digits of a version that is none


@dataclass(frozen=True, slots=True)
class Retry:
    """What the answer says about trying again."""

    forbidden: bool = False
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Returned:
    """The function ended with this value."""

    output: Json
    version: int


@dataclass(frozen=True, slots=True)
class Raised:
    """The function failed with this error object."""

    error: Mapping[str, Json]
    retry: Retry


@dataclass(frozen=True, slots=True)
class Reported:
    """Steps were found, run or failed."""

    ops: tuple[Op, ...]
    retry: Retry
    version: int


@dataclass(frozen=True, slots=True)
class Broken:
    """No answer, or not one of an SDK; always retried."""

    error: Mapping[str, Json]


Answer = Returned | Raised | Reported | Broken


@dataclass(frozen=True, slots=True)
class CallContext:
    """What a call says about itself.

    `queue_item` and `generation` are what an SDK that checkpoints names its dispatch by. `defers`
    are the deferred functions the run has asked for, by their ids.
    """

    run_id: str
    function_id: str
    queue_item: str
    generation: int
    step_id: str
    attempt: int
    max_attempts: int
    disable_immediate: bool
    stack: Sequence[str]
    stack_current: int
    job_id: str
    request_id: str
    version: int
    defers: Mapping[str, Json] = field(default_factory=dict)
    may_checkpoint: bool = True


_ENCODER: Final = json.JSONEncoder(
    separators=(",", ":"), sort_keys=True, ensure_ascii=False, allow_nan=False
)


def encode(value: Json) -> str:
    """Compact JSON with sorted keys. Raises `ValueError` for a number that JSON has not."""
    text = _ENCODER.encode(value)
    if text.isascii() or not _HALF.search(text):
        return text
    # Half a pair of surrogates, which JavaScript's strings may hold, has no UTF-8.
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def size_of(text: str) -> int:
    """How many bytes a text has in UTF-8."""
    return len(text) if text.isascii() else len(text.encode())


def call_url(registered: str, step_id: str) -> str:
    """The URL of a call: the registered one with its `stepId` replaced."""
    parts = urlsplit(registered)
    query = [(k, step_id if k == "stepId" else v) for k, v in parse_qsl(parts.query)]
    return urlunsplit(parts._replace(query=urlencode(query)))


def call_body(context: CallContext, events: Sequence[str], memos: Mapping[str, str]) -> bytes:
    """The body of a call; `events` and the values of `memos` are JSON texts already.

    State beyond the limit is left out and `use_api` tells the SDK to fetch it; events stay while
    they fit.
    """
    size = sum(map(len, memos.values())) + sum(map(len, events))
    if size <= limits.MAX_STATE_IN_REQUEST_BYTES:
        body = _body(context, events, memos, use_api=False)
        if len(body) <= limits.MAX_REQUEST_BYTES:
            return body
    return _body(context, events, memos, use_api=True)


def _body(
    context: CallContext, events: Sequence[str], memos: Mapping[str, str], *, use_api: bool
) -> bytes:
    ctx = {
        "attempt": context.attempt,
        "disable_immediate_execution": context.disable_immediate,
        "env": "",
        # With `fn_id` an SDK that checkpoints does so.
        **({"fn_id": context.function_id} if context.may_checkpoint else {}),
        "generation_id": context.generation,
        "job_id": context.job_id,
        "max_attempts": context.max_attempts,
        "qi_id": context.queue_item,
        "request_id": context.request_id,
        "run_id": context.run_id,
        "stack": {"current": context.stack_current, "stack": list(context.stack)},
        "step_id": context.step_id,
        "use_api": use_api,
    }
    steps = "" if use_api else ",".join(f"{encode_basestring(k)}:{memos[k]}" for k in sorted(memos))
    batch = ",".join(events)
    if use_api and len(batch) > limits.MAX_STATE_IN_REQUEST_BYTES:
        batch = ""
    return (
        f'{{"ctx":{encode(ctx)},"defers":{encode(context.defers)},"event":{events[0]},"events":[{batch}],'
        f'"steps":{{{steps}}},"use_api":{encode(use_api)},"version":{context.version}}}'
    ).encode()


def read_answer(status: int, headers: Mapping[str, str], body: bytes) -> Answer:
    """What an app answered; `headers` has lower-case names."""
    if len(body) > limits.MAX_RESPONSE_BYTES:
        return Raised(
            {"name": limits.ERR_OUTPUT, "message": f"the response has {len(body)} bytes"},
            Retry(forbidden=True),
        )
    if "x-inngest-sdk" not in headers:
        return _not_an_sdk(status, body)
    try:
        value = read_json(body or b"null")
        if status == 201:
            status, headers, value = _unwrap(headers, value)
    except (ValueError, KeyError, TypeError) as error:
        return Broken({"name": "InvalidResponse", "message": f"The answer is not JSON: {error}"})
    return _read_value(status, headers, value)


def _unwrap(headers: Mapping[str, str], value: Json) -> tuple[int, Mapping[str, str], Json]:
    """Status, headers and value inside a streamed answer. Raises `ValueError` and its like."""
    status, body, inner = value["status"], value["body"], value.get("headers")
    if not isinstance(status, int):
        raise TypeError(f"the status of a streamed answer is {status!r}")
    told = inner.items() if isinstance(inner, Mapping) else ()
    headers = {**headers, **{str(k).lower(): str(v) for k, v in told}}
    return status, headers, read_json(body or "null")


def _read_value(status: int, headers: Mapping[str, str], value: Json) -> Answer:
    retry = Retry(headers.get("x-inngest-no-retry") == "true", headers.get("retry-after"))
    version = headers.get("x-inngest-req-version", "2")
    number = int(version) if version.isdecimal() and len(version) < _LONG else 2
    if status == 200:
        return Returned(value, number)
    if status == 206:
        return _read_ops(value, retry, number)
    if isinstance(value, Mapping) and ("message" in value or "name" in value):
        return Raised(value, retry)
    return Raised(
        {"name": "Error", "message": f"Your app returned HTTP {status}", "stack": encode(value)},
        retry,
    )


def _read_ops(value: Json, retry: Retry, version: int) -> Answer:
    try:
        # A durable endpoint that has ended tells so by a step without a list around it.
        ops = read_ops([value] if isinstance(value, Mapping) else value)
        return Reported(ops, retry, version)
    except BadOps as error:
        return Broken({"name": error.name, "message": str(error)})


def _not_an_sdk(status: int, body: bytes) -> Broken:
    kept = body[:_KEPT_BODY].decode("utf-8", "replace")
    return Broken(
        {
            "error": f"invalid status code: {status}",
            "name": "Server returned a fatal error",
            "message": f"Your server returned HTTP {status} before the SDK responded.",
            "stack": f"The answer came without the SDK's header.\n\n{kept}",
        }
    )


def no_answer(reason: str) -> Broken:
    """The answer of an app that could not be reached in time."""
    return Broken(
        {"error": reason, "name": "Unreachable", "message": f"Unable to reach the app: {reason}"}
    )


def forged_answer(status: int) -> Broken:
    """An answer that came with a signature no key of ours has made."""
    return Broken(
        {
            "error": f"the signature of an answer with status {status} is wrong",
            "name": "BadSignature",
            "message": (
                f"The app answered HTTP {status} with an x-inngest-signature that was not made"
                " with this server's signing key. Give the app and this server the same key"
                " (INNGEST_SIGNING_KEY), and let nothing between the two change answers."
            ),
        }
    )


def failure_memo(error: Mapping[str, Json] | None, *, is_final: bool = False) -> str:
    """The memo of a step that failed for good; `is_final` when the app forbade another attempt."""
    kept = {k: v for k, v in (error or {}).items() if k != "code" and v is not None}
    if "name" not in kept and "message" not in kept:
        kept |= {"name": "Error", "message": "unknown error"}
    if is_final:
        kept["noRetry"] = True
    return encode({"error": kept})
