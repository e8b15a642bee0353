"""The pretend GitHub as an ASGI application: what surrounds both halves, from tokens to the log.

Each request is handled from start to end without another one in between: answers are made from
memory, and a fault's delay is the only thing that is waited for.
"""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from itertools import count
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from mainstem.simulate.budget import Budget, Budgets, Resource
from mainstem.simulate.faults import Fault, Faults
from mainstem.simulate.graph import Graph
from mainstem.simulate.journal import Entry, Journal
from mainstem.simulate.options import Options
from mainstem.simulate.rest import Answer, Rest, failure
from mainstem.simulate.world import World

__all__ = ["SimulatedGitHub", "create_app"]

_LIMITS = "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api"


class HangUp(Exception):  # noqa: N818 - no error: a fault asked for it
    """A fault wants this connection closed without an answer."""


@dataclass(slots=True)
class SimulatedGitHub:
    """A pretend GitHub and its controls. `url` is where it is served, "" until it is."""

    world: World
    options: Options = field(default_factory=Options)
    faults: Faults = field(default_factory=Faults)
    log: Journal = field(default_factory=Journal)
    url: str = ""
    budgets: Budgets = field(init=False)
    graph: Graph = field(init=False)
    _rest: dict[str, Rest] = field(default_factory=dict)
    _ids: Any = field(default_factory=count)

    def __post_init__(self) -> None:
        self.budgets = Budgets(self.options)
        self.graph = Graph(self.world, schema=self.options.schema, widest=self.options.widest_page)

    def reset(self) -> None:
        """As freshly started: no counts, no faults, full budgets. The world stays as it is."""
        self.log.clear()
        self.faults.clear()
        self.budgets.clear()
        self._rest.clear()

    async def handle(self, request: Request) -> Response:
        """One request to the API. Raises `HangUp` when a fault hangs up."""
        now, token = self.options.now(), _token(request.headers)
        resource: Resource = "graphql" if request.url.path.endswith("/graphql") else "core"
        budget = self.budgets.of(token, resource, now)
        fault = self.faults.take(request.method, _target(request))
        if fault is not None and fault.delay_seconds:
            await asyncio.sleep(fault.delay_seconds)
        body = await request.body() if request.method == "POST" else b""
        answer, points = self._answer(request, body, budget, token, fault)
        self.log.write(
            Entry(request.method, _target(request), answer.endpoint, answer.status, points, token)
        )
        if fault is not None and fault.hang_up:
            raise HangUp
        return self._respond(answer, budget, now, fault)

    def _answer(
        self, request: Request, body: bytes, budget: Budget, token: str | None, fault: Fault | None
    ) -> tuple[Answer, int]:
        """The answer and the points it cost; limits and tokens come before everything else."""
        endpoint = "POST /graphql" if budget.resource == "graphql" else f"{request.method} (fault)"
        if fault is not None and (fault.status is not None or fault.hang_up):
            budget.used += fault.status != 304
            return Answer(fault.status or 0, fault.body, fault.headers, endpoint), 0
        accepted = self.options.tokens
        if token is not None and accepted is not None and token not in accepted:
            return _named(failure(401, "Bad credentials"), f"{request.method} (bad token)"), 0
        if budget.resource == "graphql":
            if request.method != "POST":
                return _named(failure(404, "Not Found"), endpoint), 0
            return self._graphql(body, budget, token, fault)
        if request.url.path.rstrip("/").endswith("/rate_limit"):
            return self._rate_limit(token), 0
        if budget.remaining == 0:
            return _named(failure(403, _exceeded(token)), f"{request.method} (limited)"), 0
        if request.method not in ("GET", "HEAD"):
            return _named(failure(404, "Not Found"), f"{request.method} (unknown)"), 0
        answer = self._from_rest(request)
        return self._if_changed(request, answer, budget, token), 0

    def _from_rest(self, request: Request) -> Answer:
        path, prefix = request.url.path, ""
        if path.startswith("/api/v3/"):  # where GitHub Enterprise has its REST API
            path, prefix = path.removeprefix("/api/v3"), "/api/v3"
        api = f"{request.url.scheme}://{request.url.netloc}{prefix}"
        if api not in self._rest:
            self._rest[api] = Rest(
                self.world, api, now=self.options.now, pending=self.options.stats_pending
            )
        return self._rest[api].answer(path, dict(request.query_params))

    def _if_changed(
        self, request: Request, answer: Answer, budget: Budget, token: str | None
    ) -> Answer:
        """Charges the request and adds its ETag, or says 304 for nothing.

        The tag depends on the token, as GitHub's does: another token gets the whole answer again.
        """
        if answer.status != 200:
            budget.used += 1
            return answer
        content = json.dumps(answer.body, ensure_ascii=False, separators=(",", ":"))
        seal = hashlib.sha256(f"{token}\n{answer.headers.get('link')}\n{content}".encode())
        etag = f'W/"{seal.hexdigest()}"'
        headers = {**answer.headers, "etag": etag}
        known = request.headers.get("if-none-match", "")
        if etag in known or (not known and _not_since(request.headers, answer)):
            # Free only for those who say who they are, as GitHub's documentation has it.
            budget.used += token is None
            return Answer(304, None, headers, answer.endpoint)
        budget.used += 1
        return Answer(200, content, headers, answer.endpoint)

    def _graphql(
        self, body: bytes, budget: Budget, token: str | None, fault: Fault | None
    ) -> tuple[Answer, int]:
        try:
            asked = json.loads(body)
        except ValueError:
            return _named(failure(400, "Problems parsing JSON"), "POST /graphql"), 0
        planned = self.graph.plan(asked)
        if isinstance(planned, dict):
            return Answer(200, planned, {}, "POST /graphql"), 0
        if budget.remaining < planned.cost.points:
            budget.used = budget.limit
            error = {"type": "RATE_LIMITED", "message": _exceeded(token)}
            return Answer(200, {"errors": [error]}, {}, "POST /graphql"), 0
        budget.used += planned.cost.points
        answer = self.graph.execute(planned, budget).body
        if fault is not None:
            for path in fault.nulls:
                _blank(answer["data"], path)
            if fault.errors:
                answer["errors"] = [*answer.get("errors", ()), *(dict(one) for one in fault.errors)]
        return Answer(200, answer, {}, "POST /graphql"), planned.cost.points

    def _rate_limit(self, token: str | None) -> Answer:
        now = self.options.now()
        core = self.budgets.of(token, "core", now).as_json()
        graphql = self.budgets.of(token, "graphql", now).as_json()
        body = {"resources": {"core": core, "graphql": graphql}, "rate": core}
        return Answer(200, body, {}, "GET /rate_limit")

    def _respond(
        self, answer: Answer, budget: Budget, now: datetime, fault: Fault | None
    ) -> Response:
        media = "application/json; charset=utf-8"
        if fault is not None and fault.status is not None:
            media = fault.media_type
        number = next(self._ids)
        headers = {
            "date": format_datetime(now, usegmt=True),
            "server": "github.com",
            "cache-control": "private, max-age=60, s-maxage=60",
            "vary": "Accept, Authorization, Cookie, X-GitHub-OTP",
            "x-github-media-type": "github.v3; format=json",
            "x-github-api-version-selected": "2022-11-28",
            "x-github-request-id": f"0000:{number:04X}:{number * 7919:07X}:{budget.reset:08X}",
            **budget.headers(),
            **answer.headers,
        }
        return Response(_bytes(answer.body), answer.status, headers, media_type=media)


def create_app(world: World, options: Options | None = None) -> Starlette:
    """The ASGI application; its `state.simulated` is the `SimulatedGitHub` behind it."""
    return app_of(SimulatedGitHub(world, options or Options()))


def app_of(simulated: SimulatedGitHub) -> Starlette:
    """The application of a pretend GitHub that exists already."""

    async def log(_request: Request) -> Response:
        return Response(json.dumps(simulated.log.as_json()), media_type="application/json")

    async def reset(_request: Request) -> Response:
        simulated.reset()
        return Response(status_code=204)

    app = Starlette(
        routes=[
            Route("/_simulate/log", log),
            Route("/_simulate/reset", reset, methods=["POST"]),
            Route("/{path:path}", _Endpoint(simulated)),
        ]
    )
    app.state.simulated = simulated
    return app


class _Endpoint:
    """Any method, any path. Where a fault hangs up, the server drops the line."""

    def __init__(self, simulated: SimulatedGitHub) -> None:
        self._simulated = simulated

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = await self._simulated.handle(Request(scope, receive))
        except HangUp:
            # An answer cut off after its head: uvicorn closes the connection, the client sees an
            # unfinished answer, and no traceback fills the log.
            head = [(b"content-length", b"1000"), (b"connection", b"close")]
            await send({"type": "http.response.start", "status": 200, "headers": head})
            return
        await response(scope, receive, send)


def _token(headers: Mapping[str, str]) -> str | None:
    kind, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() or None if kind.lower() in ("bearer", "token") else None


def _target(request: Request) -> str:
    query = request.url.query
    return f"{request.url.path}?{query}" if query else request.url.path


def _exceeded(token: str | None) -> str:
    """GitHub's words for a spent budget, with nothing of the token in them."""
    if token is None:
        return (
            "API rate limit exceeded for 127.0.0.1. (But here's the good news: Authenticated "
            f"requests get a higher rate limit. Check out the documentation for more.) {_LIMITS}"
        )
    return "API rate limit exceeded for user ID 1."


def _named(answer: Answer, endpoint: str) -> Answer:
    return Answer(answer.status, answer.body, answer.headers, endpoint)


def _not_since(headers: Mapping[str, str], answer: Answer) -> bool:
    """`if-modified-since` counts only for what has a `last-modified`; both are compared as sent."""
    modified = answer.headers.get("last-modified")
    return modified is not None and headers.get("if-modified-since") == modified


def _blank(data: Any, path: tuple[str | int, ...]) -> None:
    """Null at the end of the path; a path that leads nowhere changes nothing."""
    for part in path[:-1]:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(data, dict | list):
        data[path[-1]] = None  # type: ignore[index]


def _bytes(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
