"""Serving through a Tornado app.

The SDK's own adapter calls plain functions only, and those in the event loop; here async functions
run in it and plain ones beside it, in threads.
"""

from __future__ import annotations

import re
from typing import TypeVar

from typing_extensions import Unpack

from mainstem.catalog import BoundCatalog, Catalog
from mainstem.serving.endpoint import Endpoint, Request, endpoint_for
from mainstem.serving.extras import need
from mainstem.serving.options import Options

need("tornado", adapter="Tornado", extra="tornado")
import tornado.web  # noqa: E402

S = TypeVar("S")


def serve(
    app: tornado.web.Application,
    catalog: Catalog[S],
    services: S | None = None,
    **options: Unpack[Options],
) -> BoundCatalog[S]:
    """Serve `catalog` in `app`; gives what is bound. Raises what `endpoint_for` raises."""
    endpoint = endpoint_for(catalog, services, options, adapter="tornado", framework="tornado")
    if endpoint.old is not None:
        endpoint.old()
    else:
        app.add_handlers(r".*", [(re.escape(endpoint.path), _handler(endpoint))])
    return endpoint.bound


def _handler(endpoint: Endpoint) -> type[tornado.web.RequestHandler]:
    class InngestHandler(tornado.web.RequestHandler):
        """GET, PUT and POST of one endpoint."""

        async def get(self) -> None:
            await self._answer()

        async def put(self) -> None:
            await self._answer()

        async def post(self) -> None:
            await self._answer()

        def check_xsrf_cookie(self) -> None:
            """Requests are signed; they come with no cookie of ours."""

        def compute_etag(self) -> None:
            """What the SDK answers is not to be answered from a cache."""

        async def _answer(self) -> None:
            asked = self.request
            answer = await endpoint.answer(
                Request(
                    method=str(asked.method),
                    url=asked.full_url(),
                    path=asked.path,
                    headers=dict(asked.headers.items()),
                    query={k: v[0].decode() for k, v in asked.query_arguments.items()},
                    body=asked.body,
                    raw=asked,
                )
            )
            self.set_status(answer.status)
            for name, value in answer.headers.items():
                self.set_header(name, value)
            await self.finish(answer.body)

    return InngestHandler
