"""What the page says of the environment that it runs in, with a real engine over sockets."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mainstem.catalog import Catalog
from mainstem.cli.servers import LOOPBACK, bind, serving, url_of
from mainstem.clients import client_for, reset_clients
from mainstem.serving import reset_serving
from mainstem.settings import load_settings

from .shop import CATALOG, CLOUD, PATH, Shop, send_receipt, served, shop

Json = Any
Plain = tuple[Json, str]
SHOP = {"MAINSTEM_ENV": "local", "MAINSTEM_APP_ID": "shop"}


async def told(there: Shop) -> Json:
    async with httpx.AsyncClient(verify=False, timeout=10) as http:
        return (await http.get(f"{there.page}/status.json")).raise_for_status().json()


def function(status: Mapping[str, Json], name: str) -> Json:
    return next(one for one in status["functions"] if one["id"] == name)


def states(status: Mapping[str, Json], environment: str) -> dict[str, str]:
    return {one["id"]: one["cells"][environment]["state"] for one in status["functions"]}


def test_a_function_that_all_three_sides_agree_on_is_registered(plain: Plain) -> None:
    status, _ = plain
    expected = {"send-receipt": "registered", "sweep": "registered", "refuse": "registered"}
    assert states(status, "local") == expected
    assert status["findings"] == []


def test_the_head_says_where_this_is_and_who_the_server_is(plain: Plain) -> None:
    status, _ = plain
    here, server = status["here"], status["server"]
    assert (here["environment"], here["decided_by"]) == ("local", "MAINSTEM_ENV")
    assert (here["app_id"], here["mode"], here["functions"]) == ("shop", "dev", 3)
    assert here["endpoint"].endswith(PATH)
    assert (server["kind"], server["state"]) == ("Mainstem's embedded engine", "answers")


async def test_before_a_sync_everything_is_missing_with_the_mend() -> None:
    async with shop(is_synced=False) as there:
        status = await told(there)
    assert set(states(status, "local").values()) == {"missing"}
    why = function(status, "sweep")["cells"]["local"]["why"]
    assert why.endswith(f"Sync the endpoint: `mainstem sync {there.endpoint}`.")
    assert "app-missing" in {one["code"] for one in status["findings"]}


async def test_a_switched_off_function_says_by_what() -> None:
    async with shop(MAINSTEM_DISABLED_FUNCTIONS="sweep") as there:
        cell = function(await told(there), "sweep")["cells"]["local"]
    assert cell["state"] == "switched-off"
    assert "function 'sweep' is switched off in local (MAINSTEM_DISABLED_FUNCTIONS)" in cell["why"]


async def test_the_kill_switch_shows_at_every_function_and_in_the_head() -> None:
    async with shop(MAINSTEM_FUNCTIONS="off") as there:
        status = await told(there)
    assert set(states(status, "local").values()) == {"switched-off"}
    assert "(MAINSTEM_FUNCTIONS)" in function(status, "sweep")["cells"]["local"]["why"]
    assert status["here"]["is_on"] is False


async def test_a_function_that_an_environment_leaves_out_is_off_there() -> None:
    async with shop("preview") as there:
        status = await told(there)
    assert states(status, "preview")["send-receipt"] == "off"
    assert states(status, "preview")["sweep"] == "registered"


def test_other_environments_show_what_differs_there_and_why_no_more_is_known(plain: Plain) -> None:
    cells = function(plain[0], "send-receipt")["cells"]
    assert cells["production"]["overrides"] == {"retries": 10}
    assert cells["production"]["state"] == "unknown"
    assert "MAINSTEM_STATUS_PEERS" in cells["production"]["why"]
    assert cells["preview"]["state"] == "off"


async def test_a_definition_is_told_with_versions_shares_and_older_ids() -> None:
    async with shop(MAINSTEM_ROLLOUT="send-receipt=2:0.5") as there:
        found = function(await told(there), "send-receipt")
    assert [(v["label"], v["share"], v["declared"], v["by"]) for v in found["versions"]] == [
        ("1", 0.5, 0.75, None),
        ("2", 0.5, 0.25, "event.data.orderId"),
    ]
    assert found["previous"] == {"mail-receipt": "registered"}
    assert found["triggers"] == [
        {"event": "shop/order.placed", "expression": "event.data.orderId > 0"}
    ]
    assert found["about"] == "Send the receipt of <one> order."


async def test_rollouts_that_are_off_show_in_the_head_and_at_each_version() -> None:
    async with shop(MAINSTEM_ROLLOUT="off") as there:
        status = await told(there)
        async with httpx.AsyncClient(timeout=10) as http:
            page = (await http.get(f"{there.page}/")).text
    versions = function(status, "send-receipt")["versions"]
    assert [(v["label"], v["share"], v["declared"]) for v in versions] == [
        ("1", 1.0, 0.75),
        ("2", 0.0, 0.25),
    ]
    assert status["here"]["rollouts_on"] is False
    assert "rollouts off, by MAINSTEM_ROLLOUT" in page


def test_the_last_sync_is_told_with_its_version(plain: Plain) -> None:
    sync = function(plain[0], "sweep")["sync"]
    assert (sync["version"], sync["answer"]) == (1, "taken in, as a new configuration")
    assert sync["at"].endswith("Z")


async def test_runs_are_told_with_result_error_and_skip_reason() -> None:
    async with shop(MAINSTEM_DISABLED_FUNCTIONS="sweep") as there:
        await there.engine.send([{"name": "shop/order.placed", "data": {"orderId": 7}}])
        there.engine.invoke("shop-sweep", None)
        await there.engine.wait_idle(timeout=20)
        status = await told(there)
        (run,) = function(status, "refuse")["runs"]
        async with httpx.AsyncClient(verify=False) as http:
            whole = (await http.get(f"{there.page}/status/runs/{run['id']}")).json()
    assert (run["status"], "no stock for <order> 7" in run["error"]) == ("failed", True)
    assert whole["data"]["function_id"] == "shop-refuse"
    assert function(status, "send-receipt")["runs"][0]["status"] == "completed"
    skipped = function(status, "sweep")["runs"][0]
    assert skipped["status"] == "skipped"
    assert skipped["skip_reason"] == "function 'sweep' is switched off in local"


async def test_another_endpoint_of_the_app_shows_as_drift_and_as_a_conflict() -> None:
    changed = replace(send_receipt, config=replace(send_receipt.config, retries=9))
    async with shop() as there:
        reset_serving()
        reset_clients()
        environ = {"MAINSTEM_ENV": "local", "MAINSTEM_APP_ID": "shop"}
        settings = load_settings({**environ, "INNGEST_BASE_URL": there.engine_url})
        second = bind(LOOPBACK, 0, option="")
        app, status = served(settings, Catalog([changed]), url_of(second) + PATH)
        async with serving(app, second) as url:
            await there.engine.sync_app(url + PATH)
            seen = await told(there)
        await status.aclose()
    cell = function(seen, "send-receipt")["cells"]["local"]
    assert cell["state"] == "drifted"
    assert cell["differences"][0] == {
        "field": "retries",
        "values": {"wanted": 2, "served": 2, "held": 9},
    }
    assert states(seen, "local")["sweep"] == "missing"
    assert "two-urls" in {one["code"] for one in seen["findings"]}
    assert all(one["mend"] for one in seen["findings"])


async def test_a_function_that_the_server_calls_elsewhere_is_not_called_registered() -> None:
    async with shop(MAINSTEM_DISABLED_FUNCTIONS="refuse") as there:
        reset_serving()
        reset_clients()
        settings = load_settings({**SHOP, "INNGEST_BASE_URL": there.engine_url})
        second = bind(LOOPBACK, 0, option="")
        app, status = served(settings, CATALOG, url_of(second) + PATH)
        async with serving(app, second) as url:
            await there.engine.sync_app(url + PATH)
            seen = await told(there)
        await status.aclose()
    assert set(states(seen, "local").values()) == {"drifted"}
    cell = function(seen, "sweep")["cells"]["local"]
    assert cell["differences"] == [
        {"field": "address", "values": {"served": there.endpoint, "held": url + PATH}}
    ]
    assert cell["why"].startswith(f"The server calls it at {url + PATH}, and not here")
    assert "skipped" in function(seen, "refuse")["cells"]["local"]["why"]


@pytest.mark.parametrize("body", ["<h1>Welcome</h1>", '{"ok": true}', '{"version": "1"}'])
async def test_a_server_that_is_not_inngests_is_not_called_one(body: str) -> None:
    async def anything(_: Request) -> Response:
        return Response(body, media_type="application/json" if body[0] == "{" else "text/html")

    listener = bind(LOOPBACK, 0, option="")
    settings = load_settings({**SHOP, "INNGEST_BASE_URL": url_of(listener)})
    app, status = served(settings, CATALOG, "http://127.0.0.1:9/api/inngest")
    transport = httpx.ASGITransport(app)
    async with (
        serving(Starlette(routes=[Route("/{path:path}", anything)]), listener),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as http,
    ):
        found = (await http.get("/status.json")).json()
        await status.aclose()
    assert found["server"]["kind"] == "not a server of Inngest's"
    assert set(states(found, "local").values()) == {"unknown"}
    assert "INNGEST_BASE_URL" in function(found, "sweep")["cells"]["local"]["why"]


async def test_what_the_server_has_and_the_catalogue_has_not_is_a_row_of_its_own() -> None:
    async with shop() as there:
        old = {
            "id": "shop-gone",
            "name": "Gone",
            "triggers": [{"event": "a/b"}],
            "steps": {"step": {"id": "step", "name": "step", "runtime": {"url": there.endpoint}}},
        }
        listed = (await _in_engine(there)) + [old]
        async with httpx.AsyncClient(verify=False) as http:
            body = {"appname": "shop", "url": there.endpoint, "sdk": "py:v0.5.19",
                    "framework": "starlette", "functions": listed}  # fmt: skip
            (await http.post(f"{there.engine_url}/fn/register", json=body)).raise_for_status()
        status = await told(there)
    assert states(status, "local")["gone"] == "extra"
    assert "extra" in {one["code"] for one in status["findings"]}


async def _in_engine(there: Shop) -> list[Json]:
    return [dict(one.config) for app in there.engine.apps() for one in app.functions]


async def test_a_server_that_does_not_answer_makes_everything_unknown_and_says_why() -> None:
    with bind(LOOPBACK, 0, option="") as listener:
        closed = url_of(listener)
    settings = load_settings({"MAINSTEM_ENV": "local", "INNGEST_BASE_URL": closed})
    app, status = served(settings, CATALOG, "http://127.0.0.1:9/api/inngest")
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        found = (await http.get("/status.json")).json()
    await status.aclose()
    assert found["server"]["state"] == "unreachable"
    assert set(states(found, "local").values()) == {"unknown"}
    assert "Cannot reach the server" in function(found, "sweep")["cells"]["local"]["why"]


async def test_an_address_that_is_not_known_here_is_no_conflict_and_not_guessed() -> None:
    async with shop() as there:
        reset_serving()
        reset_clients()
        environ = {**SHOP, "INNGEST_BASE_URL": there.engine_url, "MAINSTEM_SERVE_PORT": "0"}
        app, status = served(load_settings(environ), CATALOG, None)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            found = (await http.get("/status.json")).json()
        await status.aclose()
    assert found["here"]["endpoint"] is None
    assert found["findings"] == []
    assert set(states(found, "local").values()) == {"registered"}


async def test_inngests_dev_server_is_compared_by_what_it_tells_and_the_rest_is_unknown() -> None:
    bound = CATALOG.bind(client_for(load_settings(SHOP)), None)
    configs = [one.get_config("http://x/api/inngest").main for one in bound.functions]

    async def dev(_: Request) -> JSONResponse:
        functions = [one.model_dump(mode="json", by_alias=True) for one in configs]
        handlers = [{"sdk": {"appName": "shop", "url": "http://127.0.0.1:9/api/inngest"}}]
        return JSONResponse({"version": "1.2.3", "functions": functions, "handlers": handlers})

    listener = bind(LOOPBACK, 0, option="")
    settings = load_settings({**SHOP, "INNGEST_BASE_URL": url_of(listener)})
    app, status = served(settings, CATALOG, "http://127.0.0.1:9/api/inngest")
    transport = httpx.ASGITransport(app)
    async with (
        serving(Starlette(routes=[Route("/dev", dev)]), listener),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as http,
    ):
        found = (await http.get("/status.json")).json()
        await status.aclose()
    assert (found["server"]["kind"], found["server"]["version"]) == (
        "Inngest's dev server",
        "1.2.3",
    )
    assert set(states(found, "local").values()) == {"registered"}
    assert function(found, "sweep")["runs"] is None
    assert "How the functions' last runs went" in " ".join(found["unknown"])


async def test_a_part_of_the_catalogue_says_that_the_rest_is_elsewhere() -> None:
    async with shop(MAINSTEM_SERVE_GROUPS="mail") as there:
        status = await told(there)
    assert status["here"]["is_part"] is True
    assert states(status, "local") == {
        "send-receipt": "registered",
        "sweep": "unknown",
        "refuse": "unknown",
    }
    assert "another one serves" in function(status, "sweep")["cells"]["local"]["why"]


@pytest.mark.parametrize("environment", ["preview", "staging"])
async def test_keys_are_told_as_short_hashes_only(environment: str) -> None:
    token = "a-token-that-nobody-guesses"
    async with shop(environment, MAINSTEM_STATUS_TOKEN=token) as there:
        headers = {"authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(verify=False, headers=headers) as http:
            text = (await http.get(f"{there.page}/status.json")).text
            page = (await http.get(f"{there.page}/")).text
        status = httpx.Response(200, text=text).json()
    assert status["here"]["keys"]["signing key"].startswith("set, hash ")
    assert states(status, environment)["sweep"] == "registered"
    secrets = [*CLOUD.values(), token, "ab" * 16]
    assert not [one for one in secrets if one in text + page]
