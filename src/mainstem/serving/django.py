"""Serving through Django, under WSGI and ASGI alike, also with async and plain functions mixed.

A plain function runs where Django runs sync code, so that its database connections are Django's to
open and close; in the SDK's thread pool nobody would close them. Under WSGI a coroutine runs on the
process's one loop (see `background`).
"""

from __future__ import annotations

from typing import TypeVar

from typing_extensions import Unpack

from mainstem.catalog import Catalog
from mainstem.serving import background
from mainstem.serving.endpoint import METHODS, Answer, Endpoint, Request, endpoint_for
from mainstem.serving.extras import need
from mainstem.serving.options import Options

need("django", adapter="Django", extra="django")
from asgiref.sync import sync_to_async  # noqa: E402
from django.core.handlers.wsgi import WSGIRequest  # type: ignore[import-untyped]  # noqa: E402
from django.http import (  # type: ignore[import-untyped]  # noqa: E402
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
)
from django.urls import URLPattern, path  # type: ignore[import-untyped]  # noqa: E402
from django.views.decorators.csrf import (  # type: ignore[import-untyped]  # noqa: E402
    csrf_exempt,
)

S = TypeVar("S")


def serve(catalog: Catalog[S], services: S | None = None, **options: Unpack[Options]) -> URLPattern:
    """The entry of `urlpatterns` that serves `catalog`. Raises what `endpoint_for` raises.

    `old`, where it is called instead, has to give such an entry too.
    """
    endpoint = endpoint_for(catalog, services, options, adapter="django", framework="django")
    if endpoint.old is not None:
        return endpoint.old()
    view = _async_view(endpoint) if endpoint.has_async_functions else _sync_view(endpoint)
    return path(endpoint.path.lstrip("/"), csrf_exempt(view), name="inngest")


def _sync_view(endpoint: Endpoint) -> object:
    def inngest_api(request: HttpRequest) -> HttpResponse:
        if request.method not in METHODS:
            return _not_allowed()
        return _response(endpoint.answer_sync(_read(request)))

    return inngest_api


def _async_view(endpoint: Endpoint) -> object:
    async def inngest_api(request: HttpRequest) -> HttpResponse:
        if request.method not in METHODS:
            return _not_allowed()
        asked = _read(request)
        if endpoint.is_for_sync_function(asked):
            answer = await sync_to_async(endpoint.answer_sync, thread_sensitive=True)(asked)
        elif isinstance(request, WSGIRequest):
            # Django makes a loop for this view alone.
            answer = await background.awaited(endpoint.answer(asked))
        else:
            answer = await endpoint.answer(asked)
        return _response(answer)

    return inngest_api


def _read(request: HttpRequest) -> Request:
    return Request(
        method=request.method or "",
        url=request.build_absolute_uri(),
        path=request.path,
        headers=dict(request.headers.items()),
        query={name: str(value) for name, value in request.GET.items()},
        body=request.body,
        raw=request,
    )


def _response(answer: Answer) -> HttpResponse:
    return HttpResponse(answer.body, status=answer.status, headers=answer.headers)


def _not_allowed() -> HttpResponse:
    return HttpResponseNotAllowed(METHODS)
