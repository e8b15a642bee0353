"""Requests that an app leaves to the engine: to a model's provider, or to anyone (`step.fetch`).

The engine sends them outside the function's concurrency, with the step's own attempts, and answers
itself as an app would: with a step that ran or failed. Keys stay in the job that carries the
request, which is deleted with the step. Inngest SDK protocol, "Opcodes".
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, Literal
from urllib.parse import quote, urldefrag, urljoin, urlsplit

from mainstem.engine import limits
from mainstem.engine.app_client import AppClient, Response
from mainstem.engine.errors import AppUnreachable
from mainstem.engine.jobs import Job
from mainstem.engine.ops import Op
from mainstem.engine.runs import Run
from mainstem.engine.wire import Reported, Retry

Json = Any

_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HIDDEN: Final = "(hidden)"
_SEE_OTHER: Final = 303
_REDIRECTS: Final = frozenset({301, 302, _SEE_OTHER, 307, 308})
_OF_BODIES: Final = frozenset(
    {"content-encoding", "content-language", "content-length", "content-location", "content-type"}
)
# fetch takes `authorization` away; keys come under many names, so only these are kept.
_HARMLESS: Final = frozenset({"accept", "accept-language", "content-type", "user-agent"})
# What stands in an address as it is; a `Location` may hold what must be escaped.
_IN_URLS: Final = "%:/?#[]@!$&'()*+,;=-._~"


class BadRequest(Exception):  # noqa: N818  what an app asked for cannot be sent
    """A request that is none; the message says why, without its headers and keys."""


@dataclass(frozen=True, slots=True)
class GatewayRequest:
    """A request as it will be sent; `secret` is its key, to be kept out of every text."""

    kind: Literal["AIGateway", "Gateway"]
    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: str = field(repr=False)
    secret: str = field(repr=False)

    def dump(self) -> str:
        """As the text a job carries."""
        return json.dumps(asdict(self))


def read_request(op: Op) -> GatewayRequest:
    """What a reported step asks for. Raises `BadRequest`."""
    url, given = op.opts.get("url"), op.opts.get("headers") or {}
    if not isinstance(url, str) or not _is_address(url):
        raise BadRequest(f"Step {op.display_name!r} asks for no http or https address.")
    if not isinstance(given, Mapping):
        raise BadRequest(f"The headers of step {op.display_name!r} are no object.")
    headers = {str(name).lower(): str(value) for name, value in given.items()}
    if op.op == "AIGateway":
        request = _to_provider(op, url, headers)
    else:
        body = op.opts.get("body")
        text = "" if body is None else body if isinstance(body, str) else json.dumps(body)
        method = str(op.opts.get("method") or "GET").upper()
        request = GatewayRequest("Gateway", method, url, headers, text, "")
    if not _TOKEN.fullmatch(request.method):
        raise BadRequest(f"Step {op.display_name!r} asks with a method that is none.")
    for name, value in request.headers.items():
        if not _TOKEN.fullmatch(name) or not value.isprintable() or not value.isascii():
            raise BadRequest(f"Step {op.display_name!r} has a header that cannot be sent.")
    return request


class Gateway:
    """Sends the requests that jobs carry. Apps are called by another client, which signs."""

    def __init__(self, client: AppClient) -> None:
        self._client = client

    async def ask(self, job: Job, run: Run, *, now: int) -> Reported:
        """What came of a job's request, as the answer of an app that ran the step itself."""
        request = GatewayRequest(**json.loads(job.detail))
        try:
            request, response = await self._follow(request, now)
        except AppUnreachable as error:
            return _failed(job, run, request, f"no answer: {_hide(error.reason, request)}")
        except BadRequest as error:
            return _failed(job, run, request, str(error))
        if request.kind == "Gateway":
            return _ran(job, run, _fetched(request, response))
        text = response.content.decode("utf-8", "replace")
        if response.status > 299:
            reason = f"unsuccessful status code: {response.status}"
            after = response.headers.get("retry-after")
            return _failed(job, run, request, reason, body=_hide(text, request), after=after)
        return _ran(job, run, _parsed(text))

    async def _follow(self, request: GatewayRequest, now: int) -> tuple[GatewayRequest, Response]:
        """The last of the requests that redirects lead to, with its answer; a model's has none."""
        for _ in range(limits.MAX_REDIRECTS + 1):
            response = await self._client.send(
                request.method,
                request.url,
                request.headers,
                request.body.encode(),
                now=now,
                timeout=limits.GATEWAY_TIMEOUT_SECONDS,
            )
            led = redirected(request, response) if request.kind == "Gateway" else None
            if led is None:
                return request, response
            request = led
        raise BadRequest(f"more than {limits.MAX_REDIRECTS} redirects")

    async def aclose(self) -> None:
        """Let go of all connections."""
        await self._client.aclose()


def redirected(request: GatewayRequest, response: Response) -> GatewayRequest | None:
    """The request that an answer leads to, as fetch has it; None when it is no redirect.

    What may hold a key or a session goes to no other origin. Raises `BadRequest`.
    """
    location = response.headers.get("location")
    if response.status not in _REDIRECTS or location is None:
        return None
    url = urldefrag(urljoin(request.url, location)).url
    if not _is_address(url) or not url.isprintable():
        raise BadRequest("a redirect leads to no http or https address")
    method, body, dropped = request.method, request.body, frozenset[str]()
    is_post = response.status in (301, 302) and method == "POST"
    if is_post or (response.status == _SEE_OTHER and method not in ("GET", "HEAD")):
        method, body, dropped = "GET", "", _OF_BODIES
    if _origin(url) != _origin(request.url):
        dropped |= {name for name in request.headers if name not in _HARMLESS}
    headers = {name: value for name, value in request.headers.items() if name not in dropped}
    return replace(
        request, method=method, url=quote(url, safe=_IN_URLS), headers=headers, body=body
    )


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    ports = {"http": 80, "https": 443}
    return parts.scheme, parts.hostname, parts.port or ports[parts.scheme]


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _to_provider(op: Op, url: str, headers: dict[str, str]) -> GatewayRequest:
    key = str(op.opts.get("auth_key") or "")
    headers.setdefault("content-type", "application/json")
    match op.opts.get("format"):
        case _ if not key:
            pass
        case "anthropic":
            headers["x-api-key"] = key
        case "gemini":
            url = f"{url}{'&' if '?' in url else '?'}key={quote(key, safe='')}"
        case "bedrock":
            headers["authorization"] = key
        case _:
            headers["authorization"] = f"Bearer {key}"
    body = json.dumps(op.opts.get("body"))
    return GatewayRequest("AIGateway", "POST", url, headers, body, key)


def _fetched(request: GatewayRequest, response: Response) -> Json:
    """An answer as `step.fetch` reads it; its status is the function's business."""
    return {
        "url": request.url,
        "status_code": response.status,
        "headers": dict(response.headers),
        "body": response.content.decode("utf-8", "replace"),
    }


def _parsed(text: str) -> Json:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _hide(text: str, request: GatewayRequest) -> str:
    for secret in {request.secret, quote(request.secret, safe="")}:
        text = text.replace(secret, _HIDDEN) if secret else text
    return text


def _ran(job: Job, run: Run, output: Json) -> Reported:
    op = Op(id=job.step_id or "", op="StepRun", name="", display_name="", data=output)
    return Reported((op,), Retry(), run.version)


def _failed(
    job: Job,
    run: Run,
    request: GatewayRequest,
    reason: str,
    *,
    body: str | None = None,
    after: str | None = None,
) -> Reported:
    what = "AI gateway request" if request.kind == "AIGateway" else "Gateway request"
    error: dict[str, Json] = {"name": f"{request.kind}Error", "message": f"{what}: {reason}"}
    if body is not None:
        error |= {"stack": body, "data": _parsed(body)}
    op = Op(id=job.step_id or "", op="StepError", name="", display_name="", error=error)
    return Reported((op,), Retry(after=after), run.version)
