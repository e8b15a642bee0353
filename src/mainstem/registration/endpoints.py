"""Asking an endpoint what it serves, without making it do anything.

A GET tells an endpoint's mode, and with a good signature everything about its client. Its functions
it tells only to a signed PUT that asks for them in band: then the SDK answers and registers
nothing. The same PUT to an endpoint in dev mode, or to an older SDK, does register; so it is sent
only where it is known to be harmless, and elsewhere the functions are unknown.

Inngest SDK protocol, "In-band" and "Introspection and probes".
"""

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urljoin

import httpx

from mainstem.registration.asking import Answer, ask
from mainstem.registration.described import read_functions
from mainstem.registration.keys import Keys, is_signed, signed
from mainstem.registration.sides import Endpoint, Mode
from mainstem.settings import without_password

# The first release that never registers when it is asked in band in cloud mode.
_HARMLESS_SINCE = (0, 5, 19)
# Nobody waits long for what is only nice to know.
_ASIDE_S = 2.0


async def ask_endpoint(http: httpx.AsyncClient, url: str, keys: Keys) -> Endpoint:
    """What the endpoint at `url` tells to somebody with `keys`. Never raises.

    A name and a password in `url` are used, and told nobody: the endpoint's own `url` is without.
    """
    endpoint = await _asked(http, url, keys)
    # Typed without a scheme it is no address, and may hold a password all the same.
    shown = without_password(url) if "://" in url else without_password(f"//{url}")[2:]
    problem = endpoint.problem and endpoint.problem.replace(url, shown)
    return replace(endpoint, url=shown, problem=problem)


async def _asked(http: httpx.AsyncClient, url: str, keys: Keys) -> Endpoint:
    answer = Answer(0, {}, "")
    for key in keys.signing or (None,):
        answer = await ask(http, "GET", url, headers=_headers(b"", key))
        if not answer.is_refused:
            return await _inspected(http, url, answer, key)
    return _refused(url, answer, keys)


async def _inspected(
    http: httpx.AsyncClient, url: str, answer: Answer, key: str | None
) -> Endpoint:
    if (wrong := _no_sdk(url, answer)) is not None:
        return wrong
    endpoint = _from_inspection(url, answer)
    if key is not None and endpoint.is_authenticated:
        signature = answer.headers.get("x-inngest-signature", "")
        endpoint = replace(endpoint, is_signed=is_signed(answer.content, signature, key))
    endpoint = replace(endpoint, environment=await _environment(http, url))
    if endpoint.mode == "dev":
        why = (
            "an endpoint in dev mode tells its functions only to the server that it registers with"
        )
        return replace(endpoint, functions_unknown=why)
    if key is None or not endpoint.is_authenticated:
        return replace(endpoint, functions_unknown="it tells them only to a signed request")
    if not _is_harmless(answer.fields):
        why = f"{endpoint.sdk} may register when it is asked for them"
        return replace(endpoint, functions_unknown=why)
    body = json.dumps({"url": url}).encode()
    headers = {**_headers(body, key), "x-inngest-sync-kind": "in_band"}
    told = await ask(http, "PUT", url, headers=headers, content=body)
    return _with_functions(endpoint, told)


async def _environment(http: httpx.AsyncClient, url: str) -> str | None:
    """What an endpoint of ours says at `/healthz`; others have no such page, or another one."""
    answer = await ask(http, "GET", urljoin(url, "/healthz"), tries=1, limit_s=_ASIDE_S)
    told = answer.fields
    is_ours = {"environment", "decided_by", "app_id"} <= told.keys()
    return str(told["environment"]) if is_ours else None


def _headers(body: bytes, key: str | None) -> dict[str, str]:
    plain = {"content-type": "application/json", "user-agent": "mainstem"}
    return plain if key is None else {**plain, **signed(body, key, now_seconds=int(time.time()))}


def _no_sdk(url: str, answer: Answer) -> Endpoint | None:
    """The endpoint, when what answered was not an SDK; None when it was."""
    if answer.problem:
        return Endpoint(
            url,
            code="unreachable",
            problem=f"Cannot reach the endpoint {url}: {answer.problem}. Is it running, and is the "
            "path right? Ours is /api/inngest.",
        )
    if "location" in answer.headers and 300 <= answer.status < 400:
        to = without_password(answer.headers["location"])
        return Endpoint(
            url,
            code="redirected",
            problem=f"The endpoint {url} redirects to {to}: on the way a "
            "POST may become a GET, and no function is called. Register the final address.",
        )
    if "x-inngest-sdk" not in answer.headers or "mode" not in answer.fields:
        what = answer.headers.get("server", "something else")
        return Endpoint(
            url,
            code="no-sdk",
            problem=f"No SDK answers at {url}: HTTP {answer.status} came from {what}. Check the "
            "path, and that nothing in front of the endpoint answers its GET, PUT or POST.",
        )
    return None


def _refused(url: str, answer: Answer, keys: Keys) -> Endpoint:
    by_sdk = "x-inngest-sdk-handled" in answer.headers or "x-inngest-sdk" in answer.headers
    if not by_sdk:
        problem = (
            f"Something in front of the endpoint {url} refused the request (HTTP {answer.status}): "
            "a login, a firewall or a preview's protection. Let the server and this command past."
        )
        return Endpoint(url, code="refused-in-front", problem=problem)
    mode: Mode = "cloud"
    if not keys.signing:
        problem = (
            f"The endpoint {url} asks for signatures, and there is no signing key here. Run this "
            "with the INNGEST_SIGNING_KEY of the endpoint's environment."
        )
        return Endpoint(url, code="signature-needed", problem=problem, mode=mode)
    problem = (
        f"The endpoint {url} refused our signature: it has another signing key than "
        "INNGEST_SIGNING_KEY here. Give both the key of the same environment."
    )
    return Endpoint(url, code="signature-refused", problem=problem, mode=mode)


def _from_inspection(url: str, answer: Answer) -> Endpoint:
    told = answer.fields
    sdk = answer.headers["x-inngest-sdk"]
    return Endpoint(
        url=url,
        mode="dev" if told["mode"] == "dev" else "cloud",
        app_id=told.get("app_id"),
        sdk=sdk,
        framework=told.get("framework") or answer.headers.get("x-inngest-framework"),
        branch=told.get("env") or answer.headers.get("x-inngest-env"),
        function_count=told.get("function_count"),
        is_authenticated=bool(told.get("authentication_succeeded")),
        signing_hash=told.get("signing_key_hash"),
        event_hash=told.get("event_key_hash"),
        has_event_key=told.get("has_event_key"),
        has_signing_key=told.get("has_signing_key"),
        api_origin=_shown(told.get("api_origin")),
        event_origin=_shown(told.get("event_api_origin")),
    )


def _shown(url: Any) -> str | None:
    return without_password(url) if isinstance(url, str) else None


def _with_functions(endpoint: Endpoint, told: Answer) -> Endpoint:
    functions = told.fields.get("functions")
    if told.status != 200 or not isinstance(functions, list):
        why = told.problem or f"it answered HTTP {told.status}: {told.text[:200]}"
        return replace(endpoint, functions_unknown=f"asked for them, {why}")
    app_id = str(told.fields.get("app_id") or endpoint.app_id or "")
    return replace(
        endpoint,
        app_id=app_id,
        app_url=_shown(told.fields.get("url")),
        app_version=told.fields.get("appVersion"),
        functions=read_functions(functions, app_id=app_id),
    )


def _is_harmless(inspection: Mapping[str, Any]) -> bool:
    if (inspection.get("capabilities") or {}).get("in_band_sync") != "v1":
        return False
    if inspection.get("sdk_language") != "py":
        return False
    parts = str(inspection.get("sdk_version", "")).split(".")
    return all(part.isdigit() for part in parts) and tuple(map(int, parts)) >= _HARMLESS_SINCE
