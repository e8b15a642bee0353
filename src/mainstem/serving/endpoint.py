"""One endpoint, whatever the framework: requests go to the SDK's handler, its answers come back.

An adapter turns its framework's request into a `Request` and an `Answer` into its response, and
decides nothing. GET, PUT and POST are the SDK's own; a sync is logged after it was answered.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import inngest

from mainstem.catalog import Catalog
from mainstem.clients import sdk_environment
from mainstem.serving.options import Options
from mainstem.serving.preparing import Prepared, prepare
from mainstem.serving.registration import log_sync
from mainstem.serving.sdk_handler import make_handler, origin_of_environment, sdk

S = TypeVar("S")

METHODS: Final = ("GET", "PUT", "POST")


@dataclass(frozen=True, slots=True)
class Request:
    """One request as the SDK wants it.

    `url` is whole, as the sender knows it; `path` is its path, which the SDK registers. `raw` is
    the framework's own request, for the SDK's middleware.
    """

    method: str
    url: str
    path: str
    headers: dict[str, str]
    query: dict[str, str]
    body: bytes
    raw: object


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered: `body`, or else `stream`, which gives its bytes as they come."""

    status: int
    headers: dict[str, str]
    body: bytes = b""
    stream: Callable[[], AsyncIterator[bytes]] | None = None


class Endpoint:
    """A prepared catalogue behind one path. `framework` is the SDK's word, such as `fast_api`.

    `can_stream` says that the framework can send bytes while a function runs, for `streaming`.
    """

    def __init__(self, prepared: Prepared, *, framework: str, can_stream: bool = False) -> None:
        self.bound = prepared.bound
        self.served = prepared.served
        self.old = prepared.old
        self._prepared = prepared
        settings = prepared.settings
        self._serve_origin = settings.serve_origin
        self._request, self._response = sdk().CommRequest, sdk().CommResponse
        with sdk_environment(settings):
            self._handler = make_handler(
                prepared.client,
                self.bound.functions,
                framework=framework,
                is_streaming=can_stream and settings.streaming,
                takes_unsigned_syncs=settings.unauthed_sync,
            )
        self._sync_ids = _ids(f for f in self.bound.functions if not f.is_handler_async)
        self._async_ids = _ids(f for f in self.bound.functions if f.is_handler_async)

    @property
    def path(self) -> str:
        """The path that is served."""
        return self.served.path

    @property
    def has_async_functions(self) -> bool:
        """Whether any function needs an event loop."""
        return bool(self._async_ids)

    def is_for_async_function(self, request: Request) -> bool:
        """Whether `request` calls a function whose handler is a coroutine."""
        return request.method == "POST" and request.query.get("fnId") in self._async_ids

    def is_for_sync_function(self, request: Request) -> bool:
        """Whether `request` calls a function whose handler is not a coroutine."""
        return request.method == "POST" and request.query.get("fnId") in self._sync_ids

    async def answer(self, request: Request) -> Answer:
        """Answer in an event loop; the handlers of functions that are not async run in threads."""
        asked = self._asked(request)
        if request.method == "POST":
            return self._answer(await self._handler.post(asked))
        if request.method == "PUT":
            return self._logged(request, self._answer(await self._handler.put(asked)))
        return self._answer(self._handler.get_sync(asked))

    def answer_sync(self, request: Request) -> Answer:
        """Answer without an event loop: anything but a call of an async function."""
        asked = self._asked(request)
        if request.method == "POST":
            return self._answer(self._handler.post_sync(asked))
        if request.method == "PUT":
            return self._logged(request, self._answer(self._handler.put_sync(asked)))
        return self._answer(self._handler.get_sync(asked))

    def _asked(self, request: Request) -> Any:
        origin = self._serve_origin
        if origin is None and request.method == "PUT" and origin_of_environment() is not None:
            # The settings say "from the request"; left alone, the SDK would take the environment's.
            origin = _origin(request)
        return self._request(
            body=request.body,
            headers=request.headers,
            public_path=None,
            query_params=request.query,
            raw_request=request.raw,
            request_url=request.url,
            serve_origin=origin,
            serve_path=request.path,
        )

    def _answer(self, response: Any) -> Answer:
        # As the SDK's own adapters write it.
        if response.stream is not None:
            return Answer(response.status_code, response.headers, stream=response.stream)
        body = response.body_bytes()
        if isinstance(body, Exception):
            response = self._response.from_error(self.bound.client.logger, body)
            body = json.dumps(response.body).encode()
        return Answer(response.status_code, response.headers, body)

    def _logged(self, request: Request, answer: Answer) -> Answer:
        log_sync(
            self.served,
            asked=request.headers,
            status=answer.status,
            headers=answer.headers,
            body=answer.body,
        )
        return answer


def endpoint_for(
    catalog: Catalog[S],
    services: S | None,
    options: Options,
    *,
    adapter: str,
    framework: str,
    can_stream: bool = False,
) -> Endpoint:
    """The endpoint of one adapter. Raises what `prepare` raises, `NoSigningKey`, `UnknownSdk`."""
    prepared = prepare(catalog, services, options, adapter=adapter)
    return Endpoint(prepared, framework=framework, can_stream=can_stream)


def _ids(functions: Iterable[inngest.Function[Any]]) -> frozenset[str]:
    """Every name by which the server may call `functions`."""
    return frozenset(
        name
        for function in functions
        for name in (function.id, function.local_id, function.on_failure_fn_id)
        if name
    )


def _origin(request: Request) -> str:
    """The origin of a sync: of the URL that an in-band one names, else of the request."""
    try:
        named: object = json.loads(request.body)["url"]
    except (ValueError, KeyError, TypeError):
        named = None
    for url in (named, request.url):
        parts = urlsplit(url) if isinstance(url, str) else None
        if parts is not None and parts.netloc:
            return f"{parts.scheme}://{parts.netloc}"
    return request.url
