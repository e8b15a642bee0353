"""Asking an app to register, and what its answer means. Changes nothing by itself.

In cloud mode the app is asked in-band first: it then answers with its functions, signed. One that
answers out-of-band has registered by a request of its own meanwhile, as all do in dev mode.
Inngest SDK protocol, "Registration (sync)" and "Introspection and probes".
"""

from collections.abc import Mapping
from typing import Any, Final

from mainstem.engine import limits
from mainstem.engine.app_client import AppClient, Response
from mainstem.engine.errors import AppUnreachable, SyncRefused
from mainstem.engine.parsing import read_json, whole
from mainstem.engine.wire import encode

Json = Any
_SDK_HEADERS: Final = ("x-inngest-sdk", "x-inngest-sdk-handled")
_KEPT_ANSWER: Final = 300
# The SDK of TypeScript answers {"message": …, "modified": …}; these are its own words.
_REGISTERED: Final = "Successfully registered"
_NOT_REGISTERED: Final = "Failed to register"


async def ask_to_sync(
    caller: AppClient, url: str, *, kind: str, now: int
) -> tuple[bool, Mapping[str, Json]]:
    """Whether the app answered in-band, and its answer. Raises `SyncRefused`."""
    headers = {"content-type": "application/json", "x-inngest-server-kind": kind}
    if kind == "cloud":
        headers["x-inngest-sync-kind"] = "in_band"
    body = encode({"url": url}).encode()
    try:
        response = await caller.send("PUT", url, headers, body, now=now)
    except AppUnreachable as error:
        reason = (
            f"it cannot be reached ({error.reason}). Check that it is running and served"
            " at this URL, and that this machine can reach it."
        )
        raise SyncRefused(url, reason) from error
    answer = _object(response) if _is_sdk(response.headers) else None
    is_in_band = response.headers.get("x-inngest-sync-kind") == "in_band"
    if answer is not None and response.status == 200 and is_in_band:
        if not caller.is_trusted(response):
            raise SyncRefused(url, _FORGED)
        return True, answer
    if answer is not None and _says_registered(response.status, answer):
        return False, answer
    raise SyncRefused(url, why_refused(response.status, response.headers, answer, kind=kind))


async def is_sdk_at(caller: AppClient, url: str, *, kind: str, now: int) -> bool:
    """Whether any SDK answers at `url`, whatever it says."""
    response = await _look(caller, url, kind=kind, now=now)
    return response is not None and _is_sdk(response.headers)


async def is_served(caller: AppClient, url: str, *, app: str, kind: str, now: int) -> bool:
    """Whether an SDK answers at `url` that may be this app's; who says nothing counts as it."""
    response = await _look(caller, url, kind=kind, now=now)
    if response is None or not _is_sdk(response.headers):
        return False
    # Only an answer to a signed request names the app.
    return (_object(response) or {}).get("app_id") in (None, app)


async def _look(caller: AppClient, url: str, *, kind: str, now: int) -> Response | None:
    headers = {"x-inngest-server-kind": kind}
    try:
        return await caller.send(
            "GET", url, headers, b"", now=now, timeout=limits.PROBE_TIMEOUT_SECONDS
        )
    except AppUnreachable:
        return None


def _says_registered(status: int, answer: Mapping[str, Json]) -> bool:
    return answer.get("ok") is True or (status == 200 and answer.get("message") == _REGISTERED)


def why_refused(
    status: int, headers: Mapping[str, str], answer: Mapping[str, Json] | None, *, kind: str
) -> str:
    """The cause and the mend of an answer that registered nothing."""
    told = answer or {}
    code = told.get("code")
    message = str(told.get("message") or told.get("error") or "")
    theirs = headers.get("x-inngest-expected-server-kind", "")
    if not _is_sdk(headers):
        return (
            f"what answers there (HTTP {status}) is not an Inngest SDK. Check the path, usually"
            " /api/inngest, and that the app serves its functions at it."
        )
    if code == "server_kind_mismatch" or status == 403 or theirs not in ("", kind):
        return f"it refuses a {kind} server (HTTP {status}). {_OTHER_MODE[kind]}"
    if status == 401:
        return _UNSIGNED if kind == "dev" else _OTHER_KEY
    if code == "function_config_invalid" and "no functions" in message:
        return (
            f"it serves no functions (HTTP {status}). Give the list of functions to the SDK's"
            " `serve`."
        )
    if code in ("registration_failed", "unknown") or message.startswith(_NOT_REGISTERED):
        return (
            f"its own request to register failed (HTTP {status}: {message}). Its API address must"
            " be this server's: set INNGEST_BASE_URL, or the client's `api_base_url`."
        )
    if told.get("error") or "modified" in told:
        return f"its registration was refused: {told.get('error') or message}"
    said = message or encode(answer)[:_KEPT_ANSWER]
    return f"it answered HTTP {status}: {said}. Look at the app's log for the cause."


_OTHER_MODE: Final = {
    "dev": (
        "It is in cloud mode, this is a dev server. Run it in dev mode (INNGEST_DEV=1, or the"
        " client's `is_production=False`), or give this server the app's signing key."
    ),
    "cloud": (
        "It is in dev mode, this server signs its calls. Run it in cloud mode (no INNGEST_DEV,"
        " the client's `is_production=True`) with this server's signing key."
    ),
}
_UNSIGNED: Final = (
    "it answered 401: it is in cloud mode and takes signed requests only, and this is a dev server,"
    " which signs none. Run it in dev mode (INNGEST_DEV=1, or the client's `is_production=False`),"
    " or give this server the app's signing key."
)
_OTHER_KEY: Final = (
    "it answered 401: it cannot verify this server's signature, so its signing key is absent or"
    " another. Set INNGEST_SIGNING_KEY on the app to this server's key; while a key is being"
    " changed, INNGEST_SIGNING_KEY_FALLBACK may hold it."
)
_FORGED: Final = (
    "the signature of its answer is wrong, so what answers there has another signing key. Set"
    " INNGEST_SIGNING_KEY on the app to this server's key."
)
REGISTERED_ELSEWHERE: Final = (
    "it registered, but with another server. Its API address must be this server's: set"
    " INNGEST_BASE_URL, or the client's `api_base_url`."
)


def _is_sdk(headers: Mapping[str, str]) -> bool:
    return any(header in headers for header in _SDK_HEADERS)


def _object(response: Response) -> Mapping[str, Json] | None:
    try:
        value = whole(read_json(response.content))
    except ValueError:
        return None
    return value if isinstance(value, Mapping) else None
