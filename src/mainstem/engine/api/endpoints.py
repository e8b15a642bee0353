"""One endpoint: a method, a path and a function whose types say what it takes and gives."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, get_type_hints

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mainstem.engine import access
from mainstem.engine.api.paging import Page
from mainstem.engine.api.reading import read_asked, read_json
from mainstem.engine.api.shapes import fields_of, plain
from mainstem.engine.engine import Engine
from mainstem.engine.errors import (
    BadEvent,
    BadExpression,
    BadParameter,
    EngineError,
    EngineNotRunning,
    NotPossible,
    StillRegistered,
    UnknownFunction,
    UnknownRun,
    UnknownThing,
)
from mainstem.engine.limits import MAX_REQUEST_BYTES
from mainstem.engine.responses import data_response, problem_response

Handler = Callable[[Engine, Any], Awaitable[Any]]

# What each error of the engine is in HTTP.
STATUSES: Final[dict[type[EngineError], int]] = {
    BadParameter: 400,
    BadEvent: 400,
    BadExpression: 400,
    UnknownRun: 404,
    UnknownFunction: 404,
    UnknownThing: 404,
    NotPossible: 409,
    StillRegistered: 409,
    EngineNotRunning: 503,
}
_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})


@dataclass(frozen=True, slots=True)
class Nothing:
    """An endpoint that takes no parameters."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What is asked how. `group` puts it with its like; `status` is that of a good answer.

    One of `is_inngest` is Inngest's own: it passes over parameters it does not know, as Inngest
    does. `media` is the kind of an answer that is no JSON.
    """

    method: str
    path: str
    handler: Handler
    group: str
    status: int = 200
    is_inngest: bool = False
    media: str = "application/json"

    @property
    def takes(self) -> type[Any]:
        """The shape of what it is asked."""
        hints = _hints_of(self.handler)
        (shape,) = (hint for name, hint in hints.items() if name not in ("engine", "return"))
        taken: type[Any] = shape
        return taken

    @property
    def gives(self) -> Any:
        """The type of its data."""
        return _hints_of(self.handler)["return"]

    @property
    def path_names(self) -> frozenset[str]:
        """The parameters that stand in the path."""
        parts = self.path.split("/")
        return frozenset(part[1:-1] for part in parts if part.startswith("{"))

    @property
    def has_body(self) -> bool:
        """Whether what is not in the path is in the body; else it is in the query."""
        names = {each.name for each in fields_of(self.takes)}
        return self.method in _WITH_BODY and bool(names - self.path_names)


@lru_cache(maxsize=256)
def _hints_of(handler: Handler) -> Mapping[str, Any]:
    # Once per process: a test may make an engine's app many times.
    return get_type_hints(handler, include_extras=True)


def endpoint_route(engine: Engine, endpoint: Endpoint) -> Route:
    """The route of an endpoint, open to whoever may ask."""
    shape, has_body = endpoint.takes, endpoint.has_body

    async def answer(request: Request) -> Response:
        problem = access.refused_entry(request.scope, request.headers, engine.options)
        if problem is not None:
            return access.refusal(problem, engine.options)
        try:
            texts = _texts(request, shape)
            body = read_json(await _body(request)) if has_body else {}
            asked = read_asked(shape, texts, body, is_strict=not endpoint.is_inngest)
            given = await endpoint.handler(engine, asked)
        except EngineError as error:
            return problem_response(str(error), STATUSES.get(type(error), 400))
        return _respond(engine, endpoint, given)

    return Route(endpoint.path, answer, methods=[endpoint.method], name=endpoint.path)


def _respond(engine: Engine, endpoint: Endpoint, given: Any) -> Response:
    if isinstance(given, Response):
        return given
    if given is None:
        return Response(status_code=endpoint.status)
    if isinstance(given, Page):
        items = plain(given.items)
        return data_response(engine, items, endpoint.status, next_cursor=given.next_cursor)
    return data_response(engine, plain(given), endpoint.status)


def _texts(request: Request, shape: type[Any]) -> dict[str, str]:
    """Path, query, and the header with which a browser resumes a stream by itself."""
    texts = {**request.query_params, **request.path_params}
    resumed = request.headers.get("last-event-id")
    if resumed is not None and any(each.name == "last_event_id" for each in fields_of(shape)):
        texts["last_event_id"] = resumed
    return texts


async def _body(request: Request) -> bytes:
    """The body, if it is not too large. Raises `BadParameter`."""
    held = bytearray()
    async for chunk in request.stream():
        held += chunk
        if len(held) > MAX_REQUEST_BYTES:
            raise BadParameter("the body", f"it has more than {MAX_REQUEST_BYTES} bytes")
    return bytes(held)
