"""Serving from an AWS Lambda function, behind API Gateway (v1 and v2), a function URL or an ALB.

A process of Lambda is frozen between two events and may be thawed much later. Handlers run on the
process's one loop (see `background`), which is frozen and thawed with it; the loop on which Mangum
takes an event apart is a new one each time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from typing_extensions import Unpack

from mainstem.catalog import Catalog
from mainstem.serving import background
from mainstem.serving.asgi import InngestApp
from mainstem.serving.endpoint import Answer, Request, endpoint_for
from mainstem.serving.extras import need
from mainstem.serving.options import Options

need("mangum", adapter="AWS Lambda", extra="lambda")
from mangum import Mangum  # noqa: E402

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

S = TypeVar("S")

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]
"""What Lambda calls: an event and a context in, the answer out."""


def handler(catalog: Catalog[S], services: S | None = None, **options: Unpack[Options]) -> Handler:
    """Lambda's handler that serves `catalog`. Raises what `endpoint_for` raises.

    `old`, where it is called instead, has to give a handler too.
    """
    endpoint = endpoint_for(catalog, services, options, adapter="aws_lambda", framework="fast_api")
    if endpoint.old is not None:
        old: Handler = endpoint.old()
        return old

    async def answer(request: Request) -> Answer:
        return await background.awaited(endpoint.answer(request))

    app = _AtAnyStage(InngestApp(endpoint, answer))

    def call(event: dict[str, Any], context: Any) -> dict[str, Any]:
        # Mangum runs the app in the thread's current loop: a new one, closed with all it holds.
        with asyncio.Runner() as runner:
            runner.get_loop()
            answer: dict[str, Any] = Mangum(app, lifespan="off")(event, context)
            return answer

    return call


class _AtAnyStage:
    """Serves the app below the prefix that the caller's URL has: a stage's name, or a mapping's."""

    def __init__(self, app: InngestApp) -> None:
        self._app = app
        self._path = app.endpoint.path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = _path_of_caller(scope)
        if path.endswith(self._path):
            root = path.removesuffix(self._path)
            scope = {**scope, "path": path, "root_path": root, "raw_path": path.encode()}
        await self._app(scope, receive, send)


def _path_of_caller(scope: Scope) -> str:
    """The path in the URL that was called; API Gateway v1 hands it on without the stage."""
    context = scope["aws.event"].get("requestContext") or {}
    return str(context.get("path") or scope["path"])
