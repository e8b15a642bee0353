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
from functools import partial
from itertools import count
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from mainstem.simulate.answers import Answer, failure
from mainstem.simulate.apps import Apps, covers
from mainstem.simulate.budget import Budget, Budgets
from mainstem.simulate.compute import Compute
from mainstem.simulate.faults import BAD_GATEWAY, SECONDARY_MESSAGE, Fault, Faults
from mainstem.simulate.graph import Graph
from mainstem.simulate.hooks import HookLog
from mainstem.simulate.journal import Entry, Journal
from mainstem.simulate.listing import cut, link_header
from mainstem.simulate.options import Options
from mainstem.simulate.rest import Rest
from mainstem.simulate.secondary import Meter, Resource
from mainstem.simulate.spoiling import lied_about, with_holes
from mainstem.simulate.world import Repository, World

__all__ = ["SimulatedGitHub", "create_app"]

_LIMITS = "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api"


class HangUp(Exception):  # noqa: N818 - no error: a fault asked for it
    """A fault wants this connection closed without an answer."""


class CutOff(Exception):  # noqa: N818 - no error: a fault asked for it
    """A fault wants this answer to end before it is whole."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(status)
        self.status = status
        self.headers = headers
        self.body = body


@dataclass(slots=True)
class _Ask:
    """One request with what is known of who asks. `target` is the path and query as sent."""

    method: str
    path: str
    target: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    api: str
    token: str | None
    user: str | None
    now: datetime
    budget: Budget
    fault: Fault | None


@dataclass(frozen=True, slots=True)
class _Made:
    """An answer, its price in points, the seconds it took, and which limit it ran into."""

    answer: Answer
    points: int = 0
    seconds: float = 0.0
    limited: str | None = None


@dataclass(slots=True)
class SimulatedGitHub:
    """A pretend GitHub and its controls. `url` is where it is served, "" until it is."""

    world: World
    options: Options = field(default_factory=Options)
    faults: Faults = field(default_factory=Faults)
    log: Journal = field(default_factory=Journal)
    hooks: HookLog = field(default_factory=HookLog)
    url: str = ""
    apps: Apps = field(init=False)
    budgets: Budgets = field(init=False)
    meter: Meter = field(init=False)
    compute: Compute = field(init=False)
    graph: Graph = field(init=False)
    _rest: dict[str, Rest] = field(default_factory=dict)
    _ids: Any = field(default_factory=count)

    def __post_init__(self) -> None:
        options = self.options
        self.apps = Apps(options.app, self.world)
        self.budgets = Budgets(options, self.apps)
        self.meter = Meter(options.secondary)
        self.compute = options.compute or Compute(limit_seconds=None)
        self.graph = Graph(
            self.world,
            schema=options.schema,
            widest=options.widest_page,
            compute=self.compute,
        )

    def reset(self) -> None:
        """As freshly started: no counts, no faults, full budgets. The world stays as it is."""
        self.log.clear()
        self.faults.clear()
        self.budgets.clear()
        self.meter.clear()
        self._rest.clear()

    async def handle(self, request: Request) -> Response:
        """One request to the API. Raises `HangUp` when a fault hangs up."""
        user = self.budgets.user_of(_token(request.headers), self.options.now())
        self.meter.active[user] += 1
        try:
            return await self._handle(request)
        finally:
            self.meter.active[user] -= 1

    async def _handle(self, request: Request) -> Response:
        body = await request.body() if request.method == "POST" else b""
        fault = self.faults.take(request.method, _target(request))
        wait = self.options.latency_seconds + (fault.delay_seconds if fault is not None else 0)
        if wait:
            await asyncio.sleep(wait)
        ask = self._ask(request, body, fault)
        if self.options.on_request is not None:
            self.options.on_request(self, f"{ask.method} {ask.target}")
        made = self._answer(ask)
        resource = ask.budget.resource
        self.meter.spend(ask.user, resource, ask.now, 1, made.seconds)
        self.log.write(
            Entry(
                ask.method,
                ask.target,
                made.answer.endpoint,
                made.answer.status,
                made.points,
                ask.token,
                made.seconds,
                made.limited,
            )
        )
        if made.seconds and self.options.on_work is not None:
            self.options.on_work(made.seconds)
        if made.seconds and self.options.time_scale:
            await asyncio.sleep(made.seconds * self.options.time_scale)
        if fault is not None and fault.hang_up:
            raise HangUp
        return self._respond(made.answer, ask, fault)

    def _ask(self, request: Request, body: bytes, fault: Fault | None) -> _Ask:
        now, token = self.options.now(), _token(request.headers)
        resource: Resource = "graphql" if request.url.path.endswith("/graphql") else "core"
        path, prefix = request.url.path, ""
        if path.startswith("/api/v3/"):  # where GitHub Enterprise has its REST API
            path, prefix = path.removeprefix("/api/v3"), "/api/v3"
        return _Ask(
            request.method,
            path,
            _target(request),
            dict(request.query_params),
            request.headers,
            body,
            f"{request.url.scheme}://{request.url.netloc}{prefix}",
            token,
            self.budgets.user_of(token, now),
            now,
            self.budgets.of(token, resource, now),
            fault,
        )

    def _answer(self, ask: _Ask) -> _Made:
        """What is answered; faults, tokens and limits come before everything else."""
        budget, fault = ask.budget, ask.fault
        endpoint = "POST /graphql" if budget.resource == "graphql" else f"{ask.method} (fault)"
        if fault is not None and (fault.status is not None or fault.hang_up):
            budget.used += fault.status != 304
            return _Made(Answer(fault.status or 0, fault.body, fault.headers, endpoint))
        if self._is_unknown(ask):
            return _Made(_named(failure(401, "Bad credentials"), f"{ask.method} (bad token)"))
        cause = self.meter.refusal(ask.user, budget.resource, ask.now)
        if cause is not None:
            return _Made(self._secondary(ask), limited=cause)
        if budget.resource == "graphql":
            if ask.method != "POST":
                return _Made(_named(failure(404, "Not Found"), endpoint))
            return self._graphql(ask)
        if ask.path.rstrip("/").endswith("/rate_limit"):
            return _Made(self._rate_limit(ask.token))
        if budget.remaining == 0:
            refused = failure(self.options.primary_status, _exceeded(ask.token))
            return _Made(_named(refused, f"{ask.method} (limited)"), limited="primary")
        seconds = self.compute.seconds_per_rest
        found = self.apps.answer(
            ask.method, ask.path, ask.query, ask.token, now=ask.now, api=ask.api
        ) or self.hooks.answer(ask.method, ask.path, ask.query, api=ask.api)
        if found is not None:
            budget.used += 1
            return _Made(found, seconds=seconds)
        if ask.method not in ("GET", "HEAD"):
            return _Made(_named(failure(404, "Not Found"), f"{ask.method} (unknown)"))
        return _Made(self._if_changed(ask, self._from_rest(ask)), seconds=seconds)

    def _is_unknown(self, ask: _Ask) -> bool:
        """A token that is not (or no longer) good; the App's own proofs are looked at elsewhere."""
        if ask.token is None or self.apps.installation_of(ask.token, ask.now) is not None:
            return False
        if self.apps.has_expired(ask.token, ask.now):
            return True
        accepted = self.options.tokens
        if accepted is None or ask.token in accepted or ask.token in self.options.allowances:
            return False
        return not (self.apps.app is not None and ask.token.count(".") == 2)

    def _sees(self, ask: _Ask, home: Repository) -> bool:
        """Private repositories are for those who say who they are; others see what they may."""
        installation = self.apps.installation_of(ask.token, ask.now)
        if installation is not None:
            return covers(installation, home)
        allowance = self.options.allowances.get(ask.token or "")
        if allowance is not None and allowance.repositories is not None:
            return home.full_name in allowance.repositories
        return ask.token is not None or not home.record.get("private")

    def _secondary(self, ask: _Ask) -> Answer:
        limits = self.options.secondary
        assert limits is not None  # noqa: S101  or nothing would have been refused
        headers = {} if limits.retry_after is None else {"retry-after": str(limits.retry_after)}
        graph = ask.budget.resource == "graphql"
        if graph and limits.graphql_status == 200:
            body: Any = {"errors": [{"type": "RATE_LIMITED", "message": SECONDARY_MESSAGE}]}
            return Answer(200, body, headers, "POST /graphql")
        status = limits.graphql_status if graph else limits.status
        endpoint = "POST /graphql" if graph else f"{ask.method} (limited)"
        return Answer(status, failure(status, SECONDARY_MESSAGE).body, headers, endpoint)

    def _from_rest(self, ask: _Ask) -> Answer:
        if ask.api not in self._rest:
            self._rest[ask.api] = Rest(
                self.world,
                ask.api,
                now=self.options.now,
                pending=self.options.stats_pending,
                cursor_above=self.options.cursor_above,
            )
        rest = self._rest[ask.api]
        if ask.path == "/installation/repositories":
            return self._own_repositories(ask, rest)
        return rest.answer(ask.path, ask.query, partial(self._sees, ask))

    def _own_repositories(self, ask: _Ask, rest: Rest) -> Answer:
        """What an installation's token may see; others are told that they are none."""
        endpoint = "GET /installation/repositories"
        if self.apps.installation_of(ask.token, ask.now) is None:
            refused = "You must authenticate with an installation access token"
            return _named(failure(403, refused), endpoint)
        seen = [home for home in self.world.repositories if self._sees(ask, home)]
        part = cut(seen, ask.query)
        link = link_header(f"{ask.api}{ask.path}", ask.query, part)
        rows = [rest.shapes.repository(home, whole=False) for home in part.rows]
        body = {"total_count": len(seen), "repositories": rows}
        return Answer(200, body, {} if link is None else {"link": link}, endpoint)

    def _if_changed(self, ask: _Ask, answer: Answer) -> Answer:
        """Charges the request and adds its ETag, or says 304 for nothing.

        The tag depends on the token, as GitHub's does: another token gets the whole answer again.
        """
        budget, token = ask.budget, ask.token
        if answer.status != 200:
            budget.used += 1
            return answer
        content = json.dumps(answer.body, ensure_ascii=False, separators=(",", ":"))
        seal = hashlib.sha256(f"{token}\n{answer.headers.get('link')}\n{content}".encode())
        etag = f'W/"{seal.hexdigest()}"'
        headers = {**answer.headers, "etag": etag}
        known = ask.headers.get("if-none-match", "")
        if etag in known or (not known and _not_since(ask.headers, answer)):
            # Free only for those who say who they are, as GitHub's documentation has it.
            budget.used += token is None
            return Answer(304, None, headers, answer.endpoint)
        budget.used += 1
        return Answer(200, content, headers, answer.endpoint)

    def _graphql(self, ask: _Ask) -> _Made:
        budget, fault, endpoint = ask.budget, ask.fault, "POST /graphql"
        try:
            asked = json.loads(ask.body)
        except ValueError:
            return _Made(_named(failure(400, "Problems parsing JSON"), endpoint))
        planned = self.graph.plan(asked)
        if isinstance(planned, dict):
            return _Made(Answer(200, planned, {}, endpoint))
        points = planned.cost.points
        if budget.remaining < points:
            budget.used = budget.limit
            error = {"type": self.options.primary_type, "message": _exceeded(ask.token)}
            return _Made(Answer(200, {"errors": [error]}, {}, endpoint), limited="primary")
        budget.used += points
        found = self.graph.execute(planned, budget, partial(self._sees, ask))
        limited = None
        if found.too_much:
            limited = "compute"
            self.budgets.owe(ask.token, "graphql", ask.now, self.compute.penalty_points)
            if self.compute.refusal == "502":
                page = Answer(502, BAD_GATEWAY, {"content-type": "text/html"}, endpoint)
                return _Made(page, points, found.seconds, limited)
        body = found.body
        if fault is not None:
            with_holes(body, fault)
        return _Made(Answer(200, body, {}, endpoint), points, found.seconds, limited)

    def _rate_limit(self, token: str | None) -> Answer:
        now = self.options.now()
        core = self.budgets.of(token, "core", now).as_json()
        graphql = self.budgets.of(token, "graphql", now).as_json()
        body = {"resources": {"core": core, "graphql": graphql}, "rate": core}
        return Answer(200, body, {}, "GET /rate_limit")

    def _respond(self, answer: Answer, ask: _Ask, fault: Fault | None) -> Response:
        media = "application/json; charset=utf-8"
        if fault is not None and fault.status is not None:
            media = fault.media_type
        number = next(self._ids)
        headers = {
            "date": format_datetime(ask.now, usegmt=True),
            "server": "github.com",
            "cache-control": "private, max-age=60, s-maxage=60",
            "vary": "Accept, Authorization, Cookie, X-GitHub-OTP",
            "x-github-media-type": "github.v3; format=json",
            "x-github-api-version-selected": "2022-11-28",
            "x-github-request-id": f"0000:{number:04X}:{number * 7919:07X}:{ask.budget.reset:08X}",
            **ask.budget.headers(),
            **answer.headers,
        }
        if fault is not None and fault.link is not None and "link" in headers:
            # Another link is another answer: its tag would not be that of the true one.
            headers.pop("etag", None)
            told = lied_about(headers.pop("link"), fault, f"{ask.api}{ask.target}")
            headers |= {} if told is None else {"link": told}
        body = _bytes(answer.body)
        if fault is not None and fault.cut is not None and body:
            body = body[: int(len(body) * fault.cut)]
            if not fault.cut_cleanly:
                raise CutOff(answer.status, headers, body)
        return Response(body, answer.status, headers, media_type=media)


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
        except CutOff as cut:
            # More is announced than comes: the server closes the connection in the middle.
            shown = [(name.encode(), value.encode()) for name, value in cut.headers.items()]
            shown += [(b"content-length", b"%d" % (len(cut.body) + 1000))]
            await send({"type": "http.response.start", "status": cut.status, "headers": shown})
            await send({"type": "http.response.body", "body": cut.body, "more_body": True})
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


def _bytes(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
