"""What is particular to one framework."""

import asyncio
import json
import subprocess
import sys
import threading
from importlib import import_module
from typing import Any

import flask
import httpx
import inngest
import pytest
from structlog.testing import capture_logs

from mainstem.catalog import Catalog, sdk_function
from mainstem.serving import MissingExtra, aws_lambda

from .hosts import EVENTS, PATH, hosted
from .house import House, house, settings_of
from .shop import CATALOGUE, SHOP, SYNC_ONLY

PLACED = inngest.TriggerEvent(event="shop/order.placed")


async def ask(there: House, url: str) -> dict[str, Any]:
    """The results of the functions that start on an order, by id."""
    await there.register(url)
    runs = await there.runs_of("shop/order.placed", {"orderId": 7})
    return {name.removeprefix("shop-"): run.output for name, run in runs.items()}


@sdk_function(fn_id="plain", trigger=PLACED)
def where_plain(ctx: inngest.ContextSync) -> Any:
    return threading.current_thread() is threading.main_thread()


@sdk_function(fn_id="async", trigger=PLACED)
async def where_async(ctx: inngest.Context) -> Any:
    return threading.current_thread() is threading.main_thread()


@sdk_function(fn_id="which-app", trigger=PLACED)
def which_app(ctx: inngest.ContextSync) -> Any:
    return flask.current_app.name


@sdk_function(fn_id="which-app-async", trigger=PLACED)
async def which_app_async(ctx: inngest.Context) -> Any:
    return flask.current_app.name


async def test_functions_have_flasks_context_plain_and_async() -> None:
    catalog: Catalog[None] = Catalog([which_app, which_app_async])
    async with house() as there, hosted("flask", catalog, None, there.settings) as url:
        assert await ask(there, url) == {"which-app": "shop", "which-app-async": "shop"}


@pytest.mark.parametrize("adapter", ["flask", "django", "django-asgi", "tornado"])
async def test_plain_functions_alone_are_served_too(adapter: str) -> None:
    async with house() as there, hosted(adapter, SYNC_ONLY, SHOP, there.settings) as url:
        assert await ask(there, url) == {"print-label": "label 7"}


async def test_a_plain_function_runs_in_the_thread_of_djangos_request() -> None:
    @sdk_function(fn_id="plain", trigger=PLACED)
    def which_thread(ctx: inngest.ContextSync) -> Any:
        return threading.current_thread().name

    # With an async function beside it the view is async; Django still owns the thread, and closes
    # what was opened in it.
    catalog: Catalog[None] = Catalog([which_thread, where_async])
    async with house() as there, hosted("django", catalog, None, there.settings) as url:
        assert "process_request_thread" in (await ask(there, url))["plain"]


async def test_tornado_runs_async_functions_in_its_loop_and_plain_ones_beside_it() -> None:
    catalog: Catalog[None] = Catalog([where_plain, where_async])
    async with house() as there, hosted("tornado", catalog, None, there.settings) as url:
        assert await ask(there, url) == {"plain": False, "async": True}


async def test_other_methods_are_not_allowed_by_django() -> None:
    async with hosted("django", CATALOGUE, SHOP, settings_of()) as url, httpx.AsyncClient() as http:
        assert (await http.delete(url)).status_code == 405


async def test_vercel_registers_the_address_that_the_caller_used() -> None:
    async with house() as there, hosted("vercel", CATALOGUE, SHOP, there.settings) as url:
        forwarded = {"x-forwarded-proto": "https", "x-forwarded-host": "shop.vercel.app, proxy"}
        async with httpx.AsyncClient() as http:
            (await http.put(url, headers=forwarded)).raise_for_status()
        (app,) = there.engine.apps()
    assert app.url == "https://shop.vercel.app/api/inngest"


def lambda_sync(kind: str, target: str, *, stage_path: str | None = None) -> str:
    """The URL under which a Lambda registers itself when it is synced in band."""
    from inngest._internal import net

    settings = settings_of("production")
    handler = aws_lambda.handler(CATALOGUE, SHOP, settings=settings)
    body = b'{"url":"https://shop.test/somewhere"}'
    assert settings.signing_key
    signature = str(net.sign_request(body, settings.signing_key.get_secret_value()))
    headers = {"x-inngest-signature": signature, "x-inngest-sync-kind": "in_band"}
    event = EVENTS[kind][0]("PUT", target, headers, body)
    if stage_path:
        event["requestContext"]["path"] = stage_path
    return str(json.loads(handler(event, None)["body"])["url"])


@pytest.mark.parametrize(
    ("kind", "target", "stage_path", "registered"),
    [
        ("v1", PATH, None, PATH),
        ("v1", PATH, f"/prod{PATH}", f"/prod{PATH}"),
        ("v2", PATH, None, PATH),
        ("v2", f"/prod{PATH}", None, f"/prod{PATH}"),
        ("alb", PATH, None, PATH),
    ],
)
def test_a_stage_of_api_gateway_is_part_of_the_registered_path(
    kind: str, target: str, stage_path: str | None, registered: str
) -> None:
    found = lambda_sync(kind, target, stage_path=stage_path)
    assert found == f"https://shop.test{registered}"


def test_every_event_of_lambda_runs_on_the_one_loop_of_its_process() -> None:
    seen: list[asyncio.AbstractEventLoop] = []

    @sdk_function(fn_id="loop", trigger=PLACED)
    async def note_loop(ctx: inngest.Context) -> None:
        seen.append(asyncio.get_running_loop())

    handler = aws_lambda.handler(Catalog([note_loop]), settings=settings_of())
    event = {"name": "shop/order.placed", "data": {}, "id": "e", "ts": 1, "user": {}}
    ctx = {
        "attempt": 0,
        "disable_immediate_execution": False,
        "run_id": "r",
        "stack": {"current": 0, "stack": []},
    }
    body = {"ctx": ctx, "event": event, "events": [event], "steps": {}, "use_api": False}
    target = f"{PATH}?fnId=shop-loop&stepId=step"
    for kind in EVENTS:
        asyncio.run(asyncio.sleep(0))  # leaves the thread without a current loop
        asked = EVENTS[kind][0]("POST", target, {"host": "shop.test"}, json.dumps(body).encode())
        assert handler(asked, None)["statusCode"] == 200
    assert len(seen) == len(EVENTS)
    assert len(set(map(id, seen))) == 1
    assert seen[0].is_running()


@pytest.mark.parametrize(
    ("adapter", "library", "extra"),
    [
        ("flask", "flask", "flask"),
        ("django", "django", "django"),
        ("tornado", "tornado", "tornado"),
        ("aws_lambda", "mangum", "lambda"),
        ("connect", "websockets", "connect"),
    ],
)
def test_a_library_that_is_not_installed_is_told_with_its_extra(
    adapter: str, library: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.delitem(sys.modules, f"mainstem.serving.{adapter}", raising=False)
    with pytest.raises(MissingExtra) as missing:
        import_module(f"mainstem.serving.{adapter}")
    assert f"pip install 'mainstem[{extra}]'" in str(missing.value)


async def test_each_sync_is_logged_whatever_the_framework() -> None:
    told = []
    for adapter in ("asgi", "flask", "django", "tornado", "aws_lambda"):
        with capture_logs() as logs:
            async with house() as there, hosted(adapter, CATALOGUE, SHOP, there.settings) as url:
                await there.register(url)
        told += [(log["adapter"], log["status"]) for log in logs if log["event"] == "sync answered"]
    assert told == [(name, 200) for name in ("asgi", "flask", "django", "tornado", "aws_lambda")]


COLD = """
import sys
from mainstem.serving import asgi
from mainstem.catalog import Catalog, EventData, Run, define, event

class Placed(EventData, name="shop/placed"):
    order_id: int

@define(id="pack", on=event(Placed))
async def pack(run: Run[Placed], services: None) -> int:
    return run.data.order_id

app = asgi.app(Catalog([pack]))
print(*sorted({name.partition(".")[0] for name in sys.modules}))
print(*sorted(sys.modules))
"""


def test_an_endpoint_that_starts_cold_loads_no_framework_and_no_command_line() -> None:
    environ = {
        "MAINSTEM_ENV": "production",
        "MAINSTEM_DATABASE_URL": "sqlite:////nowhere/shop.db",
        "INNGEST_EVENT_KEY": "k",
        "INNGEST_SIGNING_KEY": "signkey-prod-" + "ab" * 16,
        "PYTHONPATH": ":".join(sys.path),
    }
    done = subprocess.run(
        [sys.executable, "-c", COLD],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    roots, modules = (set(line.split()) for line in done.stdout.splitlines()[-2:])
    assert roots.isdisjoint(
        {"fastapi", "rich", "click", "typer", "structlog", "dotenv", "cronsim", "sqlalchemy"}
    )
    assert modules.isdisjoint({"starlette.applications", "starlette.routing", "uvicorn", "mangum"})
