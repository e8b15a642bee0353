"""Durable endpoints: HTTP handlers of an app that are runs, and how the engine calls them again.

The app starts such a run itself, when a request of somebody comes in. The request becomes the run's
event, and what the engine calls later is the same request with the run's id in a header. Inngest
SDK protocol, "Checkpointing", the sync variant.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from mainstem.engine.jobs import Job, JobKind
from mainstem.engine.runs import Run
from mainstem.engine.signatures import canonical

Json = Any

_METHOD: Final = re.compile(r"[A-Z]{1,20}")
# A part of a path that names one thing of many: a number, a UUID, a ULID, a long hash.
_KEY: Final = re.compile(r"\d+|(?=(?:[^0-9]*[0-9]){3})[0-9A-Za-z_-]{20,}")
_MAX_NAME: Final = 200
_BODILESS: Final = frozenset({"GET", "HEAD"})
# The methods whose body an SDK checks the signature over; with others it is that of an empty one.
_SIGNED: Final = frozenset({"POST", "PUT"})


class BadEndpoint(Exception):  # noqa: N818  what an app told is no request
    """A request that cannot be made again; the message says why."""


@dataclass(frozen=True, slots=True)
class EndpointRequest:
    """A request as the app told it; `origin` is where the app is, `fn` the name it gave, if any."""

    method: str
    origin: str
    path: str
    query: str
    content_type: str
    body: str
    fn: str

    @property
    def url(self) -> str:
        """The whole address."""
        return f"{self.origin}{self.path}{'?' if self.query else ''}{self.query}"

    @property
    def app(self) -> str:
        """The name of the app: its host and port."""
        return urlsplit(self.origin).netloc

    @property
    def name(self) -> str:
        """What people see: the endpoint's own name, else its method and path.

        Parts of the path that look like keys are `*`, or each would be a function of its own.
        """
        parts = ["*" if _KEY.fullmatch(part) else part for part in self.path.split("/")]
        return (self.fn or f"{self.method} {'/'.join(parts)}")[:_MAX_NAME]

    @property
    def slug(self) -> str:
        """The id of the function that its runs are of; without slashes, as it stands in paths."""
        return f"{self.app}-{self.name.replace('/', ':')}"


def read_endpoint(data: Json) -> EndpointRequest:
    """The request in the data of a run's event. Raises `BadEndpoint`."""
    if not isinstance(data, Mapping):
        raise BadEndpoint("The event of an endpoint's run has no data.")
    texts = {key: str(data.get(key) or "") for key in _FIELDS}
    try:
        parts = urlsplit(texts["domain"])
        is_origin = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_origin = False
    if not is_origin or parts.path.strip("/") or parts.query or parts.fragment:
        raise BadEndpoint(f"{texts['domain'][:200]!r} is no http or https origin.")
    if not texts["path"].startswith("/") or not _METHOD.fullmatch(texts["method"].upper()):
        raise BadEndpoint("A request has a method, and a path that begins with a slash.")
    for key in ("path", "query_params", "content_type"):
        if not texts[key].isprintable() or not texts[key].isascii():
            raise BadEndpoint(f"The request's {key} cannot be sent again.")
    return EndpointRequest(
        method=texts["method"].upper(),
        origin=f"{parts.scheme}://{parts.netloc}",
        path=texts["path"],
        query=texts["query_params"],
        content_type=texts["content_type"],
        body=texts["body"],
        fn=texts["fn"],
    )


_FIELDS: Final = ("domain", "method", "path", "query_params", "content_type", "body", "fn")


@dataclass(frozen=True, slots=True)
class AppCall:
    """A request to an app; `signed` is what its signature is over when that is not its body."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    signed: bytes | None = None


def endpoint_call(run: Run, job: Job, request_id: str) -> AppCall:
    """The request to a durable endpoint once more, for the run that it began.

    The SDK fetches events and memos from the API. Raises `BadEndpoint`.
    """
    request = read_endpoint(json.loads(run.events[0]).get("data"))
    body = b"" if request.method in _BODILESS else request.body.encode()
    is_target = job.kind is JobKind.TARGET and job.step_id
    headers = {
        "user-agent": "mainstem-engine",
        "x-inngest-generation-id": str(job.generation),
        "x-inngest-job-id": str(job.id),
        # By its presence, empty as well, an SDK knows who asks.
        "x-inngest-signature": "",
        "x-inngest-step-id": job.step_id or "step" if is_target else "step",
        "x-request-id": request_id,
        "x-run-id": run.id,
    }
    if request.content_type:
        headers["content-type"] = request.content_type
    if job.is_planned:
        headers["x-inngest-force-step-plan"] = "true"
    signed = body if request.method in _SIGNED else b""
    return AppCall(request.method, request.url, headers, body, _canonical(signed))


def _canonical(body: bytes) -> bytes:
    try:
        return canonical(body)
    except ValueError:  # no JSON: it is taken as it is
        return body
