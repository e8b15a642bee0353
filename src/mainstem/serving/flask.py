"""Serving through a Flask app, also where some functions are async and some are not.

A plain function runs in the thread of its request, so that what Flask binds to that (the app's
context, a database session) is there; a coroutine runs on the process's one loop (see
`background`), with the request's context.
"""

from __future__ import annotations

from typing import TypeVar

from typing_extensions import Unpack

from mainstem.catalog import BoundCatalog, Catalog
from mainstem.serving import background
from mainstem.serving.endpoint import METHODS, Request, endpoint_for
from mainstem.serving.extras import need
from mainstem.serving.options import Options

need("flask", adapter="Flask", extra="flask")
import flask  # noqa: E402

S = TypeVar("S")


def serve(
    app: flask.Flask,
    catalog: Catalog[S],
    services: S | None = None,
    **options: Unpack[Options],
) -> BoundCatalog[S]:
    """Serve `catalog` in `app`; gives what is bound. Raises what `endpoint_for` raises."""
    endpoint = endpoint_for(catalog, services, options, adapter="flask", framework="flask")
    if endpoint.old is not None:
        endpoint.old()
        return endpoint.bound

    def inngest_api() -> flask.Response:
        asked = flask.request
        request = Request(
            method=asked.method,
            url=asked.url,
            path=asked.root_path + asked.path,
            headers=dict(asked.headers.items()),
            query=dict(asked.args.items()),
            body=asked.get_data(),
            raw=asked,
        )
        if endpoint.is_for_async_function(request):
            answer = background.run(endpoint.answer(request))
        else:
            answer = endpoint.answer_sync(request)
        return flask.Response(answer.body, status=answer.status, headers=answer.headers)

    # Named by its path, so that two endpoints can stand in one app.
    name = f"inngest:{endpoint.path.replace('.', '_')}"
    app.add_url_rule(endpoint.path, name, inngest_api, methods=list(METHODS))
    return endpoint.bound
