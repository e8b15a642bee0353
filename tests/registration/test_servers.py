"""What servers of each kind tell, as they spell it."""

import json
from typing import Any

import fastapi
import pytest

from mainstem.registration.asking import asking
from mainstem.registration.keys import Keys
from mainstem.registration.servers import ask_server
from mainstem.registration.sides import Server
from mainstem.registration.wanted import wanted_in

from .house import shop
from .stage import served

# As Inngest's own server keeps it: the step in a list, a hash beside each limit, ids of its own.
STORED = [
    {
        "id": "3f1c", "fv": 2, "name": "send-bill", "slug": "shop-send-bill",
        "triggers": [{"event": "shop/paid"}],
        "concurrency": [
            {"limit": 5, "key": "event.data.orderId", "scope": "fn", "hash": "2k8"},
        ],
        "steps": [{"id": "step", "name": "step", "uri": "http://localhost:1/api/inngest?fnId=x"}],
    },
    {
        "id": "3f1d", "fv": 1, "name": "send-receipt", "slug": "shop-send-receipt",
        "triggers": [{"event": "shop/ordered"}],
        "steps": [{"id": "step", "name": "step", "uri": "http://localhost:1/x", "retries": 3}],
    },
    {
        "id": "3f1e", "fv": 1, "name": "send-receipt (failure)",
        "slug": "shop-send-receipt-failure",
        "triggers": [{"event": "inngest/function.failed",
                      "expression": "event.data.function_id == 'shop-send-receipt'"}],
        "steps": [{"id": "step", "name": "step", "uri": "http://localhost:1/x", "retries": 0}],
    },
]  # fmt: skip


def _server(**answers: Any) -> fastapi.FastAPI:
    """A server that answers `dev` and `functions` with what is given, and nothing else."""
    app = fastapi.FastAPI()
    if "dev" in answers:
        app.get("/dev")(lambda: answers["dev"])
    if "functions" in answers:
        app.get("/v1/apps/shop/functions")(lambda: answers["functions"])
    return app


async def _asked(app: fastapi.FastAPI) -> Server:
    async with served(app) as url, asking() as http:
        return await ask_server(http, url, Keys(), ["shop"])


def _as_wanted(server: Server) -> None:
    wanted = wanted_in(shop(), "local", app_id="shop")
    del wanted["tidy-up"]
    assert dict(server.apps["shop"].functions or {}) == wanted


async def test_the_dev_servers_own_spelling_is_read() -> None:
    sdk = {"appName": "shop", "url": "http://localhost:1/api/inngest", "sdk": "py:v0.5.19"}
    server = await _asked(
        _server(dev={"version": "1.2", "functions": STORED, "handlers": [{"sdk": sdk}]})
    )
    _as_wanted(server)
    assert (server.version, server.is_listed) == ("1.2", True)
    assert [app.app_id for app in server.at("http://127.0.0.1:1/api/inngest/")] == ["shop"]


@pytest.mark.parametrize("as_text", [True, False])
async def test_a_self_hosted_servers_list_of_an_app_is_read(as_text: bool) -> None:
    rows = [
        {"id": one["id"], "slug": one["slug"], "name": one["name"],
         "config": json.dumps(one) if as_text else one}
        for one in STORED
    ]  # fmt: skip
    server = await _asked(_server(functions=rows))
    _as_wanted(server)
    assert not server.is_listed


async def test_names_alone_leave_the_configuration_unknown() -> None:
    rows = {"data": [{"id": one["id"], "slug": one["slug"], "name": one["name"]} for one in STORED]}
    functions = (await _asked(_server(functions=rows))).apps["shop"].functions or {}
    assert {name: one.fields for name, one in functions.items()} == {
        "send-bill": None,
        "send-receipt": None,
    }


async def test_an_app_that_nobody_knows_is_not_there() -> None:
    server = await _asked(_server(functions=[]))
    assert (dict(server.apps), server.unknown) == ({}, "")


async def test_a_server_that_has_no_such_question_leaves_it_unknown() -> None:
    server = await _asked(_server())
    assert dict(server.apps) == {}
    assert "(HTTP 404) is not one that we know" in server.unknown


async def test_an_answer_of_another_form_is_unknown() -> None:
    server = await _asked(_server(functions={"data": "later"}))
    assert "is not one that we know" in server.unknown


async def test_the_longest_apps_name_owns_a_function() -> None:
    handlers = [{"appName": "shop"}, {"appName": "shop-send"}]
    apps = (await _asked(_server(dev={"functions": STORED[:1], "handlers": handlers}))).apps
    assert list(apps["shop-send"].functions or {}) == ["bill"]
    assert apps["shop"].functions == {}


@pytest.mark.parametrize(
    ("content", "form"),
    [("<html>Hello</html>", "text/html"), ('{"hello":1}', "application/json"), ("", "no content")],
)
async def test_what_is_no_server_of_inngests_is_a_problem(content: str, form: str) -> None:
    app = fastapi.FastAPI()

    @app.get("/{path:path}")
    def anything(path: str) -> fastapi.Response:
        kind = {} if form == "no content" else {"content-type": form}
        return fastapi.Response(content, headers=kind)

    server = await _asked(app)
    assert server.code == "no-server"
    assert f"HTTP 200 ({form})" in (server.problem or "")


async def test_a_server_that_fails_tells_nothing_and_is_a_problem() -> None:
    app = fastapi.FastAPI()
    app.get("/{path:path}")(lambda: fastapi.Response("the database is away", status_code=500))
    server = await _asked(app)
    assert server.code == "server-failing"
    assert "HTTP 500 and tells nothing: the database is away." in (server.problem or "")


async def test_a_page_for_everything_hides_no_server_that_tells_its_functions() -> None:
    app = _server(functions=STORED)
    app.get("/{path:path}")(lambda: fastapi.Response("<html>", media_type="text/html"))
    _as_wanted(await _asked(app))
