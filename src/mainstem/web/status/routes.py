"""The page over HTTP: `/`, `/status.json`, `/status/stream`, a run's JSON, and the page's files.

Everything is read with GET; the one POST is the form that asks for the token.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route

from mainstem.catalog import BoundCatalog, Catalog
from mainstem.settings import Settings
from mainstem.web.status import rendering
from mainstem.web.status.access import COOKIE, COOKIE_AGE_S, HEADERS, cookie_for, is_allowed
from mainstem.web.status.access import is_token as is_the_token
from mainstem.web.status.facts import Status
from mainstem.web.status.gathering import Gathering
from mainstem.web.status.options import StatusPage
from mainstem.web.status.rendering import Regions
from mainstem.web.status.watch import Watch

Handler = Callable[[Request], Awaitable[Response]]

# How often a page that is open looks again, by whether the server is on this machine.
NEAR_S, FAR_S = 1.0, 15.0
BEAT_S = 10.0
_LARGEST_FORM_BYTES = 4_096
_LONGEST_QUERY = 200


class StatusRoutes:
    """The page of one app. `close` ends its streams, `aclose` its connections, too."""

    def __init__(
        self,
        page: StatusPage,
        *,
        settings: Settings,
        catalog: Catalog[Any],
        bound: BoundCatalog[Any],
        path: str,
    ) -> None:
        self._page = page
        self._gathering = Gathering(page, settings, catalog, bound, path=path)
        self._watch = Watch(self._look, every_s=NEAR_S if self._gathering.is_near else FAR_S)
        # What was rendered last; a page and all streams of a moment show the same.
        self._rendered: Regions | None = None

    def routes(self) -> list[Route]:
        """Where everything is."""
        return [
            Route("/", self._guarded(self._show), methods=["GET"]),
            Route("/status.json", self._guarded(self._json), methods=["GET"]),
            Route("/status/stream", self._guarded(self._stream), methods=["GET"]),
            Route("/status/runs/{run_id}", self._guarded(self._run), methods=["GET"]),
            Route("/status/sign-in", self._sign_in, methods=["POST"]),
            Route("/status/assets/{name}", self._asset, methods=["GET"]),
        ]

    def close(self) -> None:
        """End the streams, so that the server which has them open can stop."""
        self._watch.close()

    async def aclose(self) -> None:
        """End everything. Closing twice is harmless."""
        self.close()
        await self._gathering.aclose()

    def _guarded(self, handler: Handler) -> Handler:
        async def guard(request: Request) -> Response:
            if is_allowed(request, self._page.token):
                response = await handler(request)
            else:
                response = self._refused(request)
            response.headers.update(HEADERS)
            return response

        return guard

    def _refused(self, request: Request) -> Response:
        if self._page.token is None:
            told = (
                "This page is for the machine it runs on: open it as http://127.0.0.1 or "
                "http://localhost, or set MAINSTEM_STATUS_TOKEN."
            )
            return JSONResponse({"error": told}, 403)
        if request.url.path.rstrip("/") == request.scope.get("root_path", "").rstrip("/"):
            return HTMLResponse(rendering.sign_in(is_wrong="wrong" in request.query_params), 401)
        told = "Show the token of MAINSTEM_STATUS_TOKEN: `Authorization: Bearer TOKEN`."
        return JSONResponse({"error": told}, 401, {"www-authenticate": "Bearer"})

    async def _show(self, request: Request) -> Response:
        status, pieces = await self._watch.now()
        query = request.query_params.get("q", "")[:_LONGEST_QUERY]
        return HTMLResponse(rendering.page(status, pieces, query=query))

    async def _json(self, request: Request) -> Response:
        if request.query_params.get("scope") == "here" and self._page.peers:
            status = await self._gathering.gather(with_peers=False)
        else:
            status, _ = await self._watch.now()
        return JSONResponse(status.as_json())

    async def _run(self, request: Request) -> Response:
        answer = await self._gathering.run(request.path_params["run_id"])
        if answer is None or answer.status == 404:
            return JSONResponse({"error": "The server knows no such run."}, 404)
        if answer.status != 200 or answer.body is None:
            why = answer.problem or f"it answered {answer.status}"
            return JSONResponse({"error": f"The server does not tell this run: {why}."}, 502)
        return JSONResponse(answer.body)

    async def _stream(self, request: Request) -> Response:
        since = request.headers.get("last-event-id") or request.query_params.get("since", "")
        return StreamingResponse(
            self._events(since),
            media_type="text/event-stream",
            headers={"x-accel-buffering": "no"},
        )

    async def _events(self, since: str) -> AsyncIterator[str]:
        async with self._watch.stream() as has_room:
            if not has_room:
                yield "retry: 15000\n\n"
                return
            yield "retry: 1500\n\n"
            sent: Mapping[str, str] = {}
            silent_s = BEAT_S
            async for status, pieces in self._watch.ticks():
                if pieces.revision != since:
                    yield _event(pieces, status, sent)
                    since, silent_s = pieces.revision, 0.0
                elif silent_s >= BEAT_S:
                    yield "event: beat\ndata: {}\n\n"
                    silent_s = 0.0
                sent = pieces.html
                silent_s += self._watch.every_s

    async def _look(self) -> tuple[Status, Regions]:
        status = await self._gathering.gather()
        # In a thread: a thousand functions take a second, and runs are called in this loop.
        self._rendered = await run_in_threadpool(_rendered, status, self._rendered)
        return status, self._rendered

    async def _sign_in(self, request: Request) -> Response:
        token = self._page.token
        given = await _form_token(request)
        if token is None or not is_the_token(given, token):
            response = RedirectResponse("../?wrong", 303)
        else:
            response = RedirectResponse("../", 303)
            response.set_cookie(
                COOKIE,
                cookie_for(token),
                max_age=COOKIE_AGE_S,
                httponly=True,
                samesite="strict",
                secure=request.url.scheme == "https",
            )
        response.headers.update(HEADERS)
        return response

    async def _asset(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in rendering.ASSETS:
            return JSONResponse({"error": "There is no such file."}, 404, dict(HEADERS))
        content, tag = rendering.asset(name)
        is_named = request.query_params.get("v") == tag
        caching = "public, max-age=31536000, immutable" if is_named else "no-cache"
        headers = {**HEADERS, "cache-control": caching, "etag": f'"{tag}"'}
        return Response(content, media_type=rendering.ASSETS[name], headers=headers)


def _rendered(status: Status, last: Regions | None) -> Regions:
    """`status` as HTML: `last`, where that shows the same."""
    if last is not None and last.revision == status.revision:
        return last
    return rendering.regions(status)


def _event(pieces: Regions, status: Status, sent: Mapping[str, str]) -> str:
    """Everything that changed, as one event; its id is the revision that it leads to."""
    changed = {name: html for name, html in pieces.html.items() if sent.get(name) != html}
    told = {
        "revision": pieces.revision,
        "order": pieces.order,
        "regions": changed,
        "texts": {
            f"row:{one.id}": rendering.text_of(one)
            for one in status.functions
            if f"row:{one.id}" in changed
        },
    }
    return f"id: {pieces.revision}\nevent: status\ndata: {json.dumps(told)}\n\n"


async def _form_token(request: Request) -> str:
    read = b""
    async for chunk in request.stream():
        read += chunk
        if len(read) > _LARGEST_FORM_BYTES:
            return ""
    return parse_qs(read.decode("utf-8", "replace")).get("token", [""])[0]
