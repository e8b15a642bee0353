"""Client conflicts that only a server can see: through every adapter, in dev and in cloud mode."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import fastapi
import inngest
import inngest.fast_api
import pytest
from typer.testing import CliRunner

from mainstem.catalog import Catalog, adopt, sdk_function
from mainstem.cli.app import app
from mainstem.clients import SDK_VARIABLES, client_for
from mainstem.engine import Engine, SyncRefused
from mainstem.registration import Part, SyncFailed, check_parts, read_part, sync
from mainstem.serving import asgi, bind_for, connect, part_settings
from mainstem.settings import BRANCH_VARIABLES, Settings

from .conflict_stage import (  # noqa: F401  fixtures
    ADAPTERS,
    BRANCH,
    DEPLOYED,
    LESS,
    OTHER_EVENT_KEY,
    OTHER_KEY,
    PLACES,
    WHOLE,
    WITH_ADDRESS,
    WORKED,
    another_deployment,
    by_hand,
    changed,
    engine_for,
    found,
    light_collections,
    outputs,
    problem_of_worker,
    quick,
    quick_servers,
    settings_in,
    status_of,
    verified,
)
from .conflict_table import impossible, told
from .hosts import PATH, hosted
from .house import House, signing_key
from .shop import OrderPlaced, print_label

# At times the SDK's thread of a worker does not end by itself and is ended (`end_thread`); what it
# had under way is then found by the garbage collector, during one of the next tests.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

WITH_URL = pytest.mark.parametrize(
    ("adapter", "environment"), [place for place in PLACES if place[0] != "connect"]
)
# One environment of each mode, where another of the same mode can make no difference.
WITH_URL_IN_BOTH_MODES = pytest.mark.parametrize(
    ("adapter", "environment"),
    [(adapter, name) for adapter in WITH_ADDRESS for name in ("local", "production")],
)
BY_EACH = pytest.mark.parametrize(("adapter", "environment"), PLACES)
PLACED = inngest.TriggerEvent(event="shop/order.placed")


async def sync_refused(engine: Engine, url: str) -> str:
    """Why the server did not take the app at `url`."""
    with pytest.raises(SyncRefused) as caught:
        await engine.sync_app(url)
    return str(caught.value)


async def own_sync_refused(settings: Settings, url: str) -> str:
    """Why `mainstem sync` did not register it."""
    with pytest.raises(SyncFailed) as caught:
        await sync(settings, [url], wait_s=0)
    return str(caught.value)


@pytest.fixture
def log_of_server(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """What the engine says of itself."""
    with caplog.at_level(logging.WARNING, logger="mainstem.engine"):
        yield caplog


@asynccontextmanager
async def as_another_deployment(
    adapter: str, catalog: Catalog[Any], settings: Settings
) -> AsyncIterator[str]:
    """The same, served as if by another process."""
    another_deployment()
    async with hosted(adapter, catalog, None, settings) as url:
        yield url


def warnings_in(log: pytest.LogCaptureFixture) -> str:
    return "\n".join(one.getMessage() for one in log.records if "served at" in one.getMessage())


@pytest.mark.parametrize(
    ("adapter", "environment"),
    [(a, e) for a in WITH_ADDRESS for e in DEPLOYED if a == "asgi" or e == "production"],
)
async def test_an_endpoint_with_keys_is_not_taken_by_a_dev_server(
    adapter: str, environment: str
) -> None:
    async with engine_for() as there:
        settings = settings_in(environment, INNGEST_BASE_URL=there.origin)
        async with hosted(adapter, WHOLE, None, settings) as url:
            said = await sync_refused(there.engine, url)
            told("An endpoint with keys, a dev server", "the server's sync", said)
            said = found(await verified(settings, url), "server-kind")
            told("An endpoint with keys, a dev server", "mainstem verify", said)
        assert there.engine.apps() == []


async def test_a_worker_with_keys_at_a_dev_server_is_told_by_verify() -> None:
    async with engine_for() as there:
        settings = settings_in("production", INNGEST_BASE_URL=there.origin)
        async with hosted("connect", WHOLE, None, settings):
            said = found(await verified(settings), "server-kind")
    told("An endpoint with keys, a dev server", "mainstem verify", said)


@pytest.mark.parametrize(
    ("adapter", "environment"),
    [(a, e) for a in WITH_ADDRESS for e in ("local", "test") if a == "asgi" or e == "local"],
)
async def test_an_endpoint_without_keys_is_not_taken_by_a_server_with_keys(
    adapter: str, environment: str
) -> None:
    async with engine_for("production") as there:
        settings = settings_in(environment, INNGEST_BASE_URL=there.origin)
        async with hosted(adapter, WHOLE, None, settings) as url:
            said = await sync_refused(there.engine, url)
            told("An endpoint without keys, a server with keys", "the server's sync", said)
            said = await own_sync_refused(there.settings, url)
            told("An endpoint without keys, a server with keys", "mainstem sync", said)
            said = found(await verified(there.settings, url), "signature-mode")
            told("An endpoint without keys, a server with keys", "mainstem verify", said)
        assert there.engine.apps() == []


@pytest.mark.parametrize("environment", ["local", "test"])
async def test_a_worker_without_keys_says_that_the_server_asks_for_one(environment: str) -> None:
    async with engine_for("production") as there:
        said = await problem_of_worker(settings_in(environment, INNGEST_BASE_URL=there.origin))
    told("An endpoint without keys, a server with keys", "the worker's health", said)


@pytest.mark.parametrize("adapter", WITH_ADDRESS)
async def test_an_app_of_another_branch_is_not_taken(adapter: str) -> None:
    async with engine_for("preview", env="blue") as there:
        async with hosted(adapter, WHOLE, None, there.settings) as url:
            assert there.settings.inngest_env == BRANCH
            said = await sync_refused(there.engine, url)
            told("Another branch environment than the server's", "the server's sync", said)
            ours = there.settings.model_copy(update={"inngest_env": "blue"})
            said = found(await verified(ours, url), "wrong-environment")
            told("Another branch environment than the server's", "mainstem verify", said)
        assert there.engine.apps() == []


async def test_a_worker_of_another_branch_says_so() -> None:
    async with engine_for("preview", env="blue") as there:
        said = await problem_of_worker(there.settings)
    told("Another branch environment than the server's", "the worker's health", said)


@pytest.mark.parametrize(
    ("adapter", "environment"),
    [(a, e) for a in WITH_ADDRESS for e in DEPLOYED if a == "asgi" or e == "production"],
)
async def test_an_app_with_another_key_is_not_taken(adapter: str, environment: str) -> None:
    async with engine_for(environment) as there:
        theirs = changed(there.settings, signing_key=OTHER_KEY)
        async with hosted(adapter, WHOLE, None, theirs) as url:
            said = await sync_refused(there.engine, url)
            told(
                "Another signing key than the server's, be it another environment's",
                "the server's sync",
                said,
            )
            said = await own_sync_refused(theirs, url)
            told(
                "Another signing key than the server's, be it another environment's",
                "mainstem sync",
                said,
            )
            said = found(await verified(there.settings, url), "signature-refused")
            told(
                "Another signing key than the server's, be it another environment's",
                "mainstem verify",
                said,
            )
        assert there.engine.apps() == []


@pytest.mark.parametrize("environment", DEPLOYED)
async def test_a_worker_with_another_key_says_so(environment: str) -> None:
    async with engine_for(environment) as there:
        said = await problem_of_worker(changed(there.settings, signing_key=OTHER_KEY))
    told(
        "Another signing key than the server's, be it another environment's",
        "the worker's health",
        said,
    )


@pytest.mark.parametrize("has_rotated", [False, True], ids=["app first", "server first"])
@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_a_key_is_rotated_in_either_order(adapter: str, has_rotated: bool) -> None:
    # Apps get the new key beside the old one, as key or as fallback, before or after the server.
    old = str(signing_key("production"))
    key, fallback = (old, OTHER_KEY) if has_rotated else (OTHER_KEY, old)
    async with engine_for("production", key=OTHER_KEY if has_rotated else old) as there:
        settings = changed(there.settings, signing_key=key, signing_key_fallback=fallback)
        async with hosted(adapter, WHOLE, None, settings) as url:
            await there.register(url)
            assert await outputs(there) == WORKED
    impossible("A key and its fallback, the server on either of them")


@pytest.mark.parametrize("environment", DEPLOYED)
async def test_an_event_key_that_is_not_the_servers_is_told_to_who_sends(environment: str) -> None:
    async with engine_for(environment) as there:
        bound = bind_for(changed(there.settings, event_key=OTHER_EVENT_KEY), WHOLE)
        with pytest.raises(Exception, match="Event key not found") as caught:
            await bound.send(OrderPlaced(order_id=7))
        said = " ".join(caught.value.__notes__)
        told("Another event key than the server's", "whoever sends", said)


@pytest.mark.parametrize("adapter", WITH_ADDRESS)
async def test_an_event_key_that_differs_is_told_by_hash(adapter: str) -> None:
    async with engine_for("production") as there:
        theirs = changed(there.settings, event_key=OTHER_EVENT_KEY)
        async with hosted(adapter, WHOLE, None, theirs) as url:
            await there.register(url)
            said = found(await verified(there.settings, url), "event-key-differs")
    told("Another event key than the server's", "mainstem verify", said)


@WITH_URL
async def test_two_addresses_of_one_app_are_told_by_everybody(
    adapter: str, environment: str, log_of_server: pytest.LogCaptureFixture
) -> None:
    async with engine_for(environment) as there, hosted(adapter, WHOLE, None, there.settings) as a:
        await there.register(a)
        another_deployment()
        async with hosted("asgi", WHOLE, None, there.settings) as b:
            await there.register(b)
            [held] = there.engine.apps()
            assert [one.url for one in held.conflicts] == [held.url]
            told(
                "Two addresses that serve one app",
                "the server's log",
                warnings_in(log_of_server),
            )
            said = found(await verified(there.settings, b), "two-urls")
            told("Two addresses that serve one app", "mainstem verify", said)
            status = await status_of(there.settings, b)
            said = str([f"{one.message} {one.mend}" for one in status.findings])
            told("Two addresses that serve one app", "the status page", said)


@pytest.mark.parametrize("adapter", WITH_ADDRESS)
async def test_both_addresses_of_one_app_are_told_before_and_after_a_sync(adapter: str) -> None:
    async with (
        engine_for("production") as there,
        hosted(adapter, WHOLE, None, there.settings) as a,
        as_another_deployment("asgi", WHOLE, there.settings) as b,
    ):
        with pytest.raises(SyncFailed) as caught:
            await sync(there.settings, [a, b], wait_s=0)
        told("Two addresses that serve one app", "mainstem sync of both", str(caught.value))
        said = found(await verified(there.settings, a, b), "two-urls")
        told("Two addresses that serve one app", "mainstem verify of both", said)


CATALOGUE_OF_THE_COMMAND = """
import inngest
from mainstem.catalog import Catalog, sdk_function

@sdk_function(fn_id="print-label", trigger=inngest.TriggerEvent(event="shop/order.placed"))
def print_label(ctx): ...

catalog = Catalog([print_label])
"""


async def test_the_command_prints_cause_and_mend_and_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shop_of_conflicts.py").write_text(CATALOGUE_OF_THE_COMMAND)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    async with (
        engine_for() as there,
        hosted("asgi", LESS, None, there.settings) as a,
        as_another_deployment("asgi", LESS, there.settings) as b,
    ):
        await there.register(a)
        await there.register(b)
        variables = {
            "MAINSTEM_ENV": "local",
            "MAINSTEM_APP_ID": "shop",
            "INNGEST_BASE_URL": there.origin,
            "COLUMNS": "500",
        }
        command = ["verify", b, "--catalog", "shop_of_conflicts:catalog"]
        done = await asyncio.to_thread(CliRunner().invoke, app, command, env=variables)
    assert done.exit_code == 1
    told("Two addresses that serve one app", "mainstem verify", done.output)


@WITH_URL
async def test_an_app_whose_old_address_is_dead_has_moved(
    adapter: str, environment: str, log_of_server: pytest.LogCaptureFixture
) -> None:
    async with engine_for(environment) as there:
        async with hosted("asgi", WHOLE, None, there.settings) as old:
            await there.register(old)
        another_deployment()
        async with hosted(adapter, WHOLE, None, there.settings) as new:
            await there.register(new)
            [held] = there.engine.apps()
            assert (held.conflicts, held.previous_url is not None) == ((), True)
            assert warnings_in(log_of_server) == ""
            assert (await verified(there.settings, new)).findings == ()
            assert await outputs(there) == WORKED
    impossible("An app that moved, its old address dead")


@pytest.mark.parametrize("is_worker_first", [False, True], ids=["http first", "worker first"])
@WITH_URL_IN_BOTH_MODES
async def test_an_app_by_connect_and_by_http_at_once_is_told(
    adapter: str,
    environment: str,
    is_worker_first: bool,
    log_of_server: pytest.LogCaptureFixture,
) -> None:
    first, second = ("connect", adapter) if is_worker_first else (adapter, "connect")
    async with engine_for(environment) as there, hosted(first, WHOLE, None, there.settings) as a:
        await there.register(a)
        another_deployment()
        async with hosted(second, WHOLE, None, there.settings) as b:
            await there.register(b)
            told(
                "One app by Connect and by HTTP at once",
                "the server's log",
                warnings_in(log_of_server),
            )
            workers = await verified(there.settings)
            endpoint = await verified(there.settings, a or b)
    said = found(workers, "two-urls")
    told("One app by Connect and by HTTP at once", "mainstem verify --connect", said)
    if not is_worker_first:
        said = found(endpoint, "two-urls")
        told("One app by Connect and by HTTP at once", "mainstem verify", said)


@pytest.mark.parametrize("environment", ["local", "production"])
async def test_workers_of_one_app_share_its_calls(environment: str) -> None:
    async with (
        engine_for(environment) as there,
        connect.worker(WHOLE, None, settings=there.settings, instance_id="one") as one,
        connect.worker(WHOLE, None, settings=there.settings, instance_id="two") as two,
    ):
        await one.connected()
        await two.connected()
        [held] = there.engine.apps()
        assert (held.conflicts, held.workers) == ((), 2)
        assert await outputs(there) == WORKED
        assert (await verified(there.settings)).findings == ()
    impossible("Several Connect workers of one app")


def grouped(function_id: str, group: str) -> Any:
    """A function of a group."""

    @sdk_function(fn_id=function_id, trigger=PLACED, group=group)
    async def handler(ctx: inngest.Context) -> None: ...

    return handler


def test_parts_with_one_app_id_are_found_before_they_are_deployed() -> None:
    catalog: Catalog[Any] = Catalog(
        [grouped("one", "a-b"), grouped("two", "a"), grouped("three", "b")]
    )
    parts = [read_part("group=a-b"), read_part("group=a,b")]
    (finding,) = check_parts(catalog, parts)
    told("Two parts with one app id", "mainstem check --part", str(finding))
    settings = settings_in("local")
    names = {part_settings(settings, groups=part.groups).app_id for part in parts}
    assert names == {f"shop-{parts[0].app_suffix}"}


@pytest.mark.parametrize("part", [Part(groups=frozenset({"b side"}), tags=frozenset({"a/b"}))])
def test_a_part_is_called_alike_by_who_checks_and_who_serves(part: Part) -> None:
    served = part_settings(settings_in("local"), groups=part.groups, tags=part.tags)
    assert served.app_id == f"shop-{part.app_suffix}"


async def test_parts_that_came_to_one_app_id_are_told_by_verify() -> None:
    async with engine_for("production") as there:
        other = there.settings.model_copy(update={"app_id": "shop-office"})
        async with (
            hosted("asgi", WHOLE, None, there.settings, groups=["office"]) as one,
            hosted("fastapi", LESS, None, there.settings, groups=["warehouse"]) as apart,
        ):
            assert {app.name for app in await registered(there, one, apart)} == {
                "shop-office",
                "shop-warehouse",
            }
            another_deployment()
            async with hosted("asgi", LESS, None, other) as two:
                said = found(await verified(there.settings, one, two), "two-urls")
    told("Two parts with one app id", "mainstem verify", said)


async def registered(there: House, *urls: str) -> list[Any]:
    """The server's apps after it took those at `urls`."""
    for url in urls:
        await there.register(url)
    return there.engine.apps()


def test_a_part_served_twice_or_forgotten_is_found() -> None:
    findings = check_parts(WHOLE, [read_part("group=office"), read_part("tag=light")])
    said = {one.code: str(one) for one in findings}
    told("A part served twice", "mainstem check --part", said["served-twice"])
    told("A part forgotten", "mainstem check --part", said["served-nowhere"])


@BY_EACH
async def test_functions_lost_by_a_sync_with_fewer_are_missing(
    adapter: str, environment: str
) -> None:
    async with engine_for(environment) as there:
        async with hosted("asgi", WHOLE, None, there.settings) as url:
            await there.register(url)
        another_deployment()
        async with hosted(adapter, LESS, None, there.settings) as url:
            await there.register(url)
            found_here = await verified(there.settings, *([url] if url else []))
            status = await status_of(there.settings, url or "http://127.0.0.1:9/api/inngest")
    said = found(found_here, "missing-at-server")
    told("Functions lost by a sync with fewer", "mainstem verify", said)
    (lost,) = [one for one in status.functions if one.id == "write-invoice"]
    cell = lost.cells[environment]
    told(
        "Functions lost by a sync with fewer",
        "the status page",
        f"{lost.id}: {cell.state} {cell.why}",
    )


@sdk_function(fn_id="label", trigger=PLACED)
def label(ctx: inngest.ContextSync) -> None:
    """With its app's id it is called as another app's function is."""


@WITH_URL
async def test_functions_of_two_apps_with_one_full_id_are_told(
    adapter: str, environment: str
) -> None:
    async with engine_for(environment) as there, hosted("asgi", LESS, None, there.settings) as url:
        await there.register(url)
        other = there.settings.model_copy(update={"app_id": "shop-print"})
        async with hosted(adapter, Catalog([label]), None, other) as second:
            said = await sync_refused(there.engine, second)
        assert there.functions() == {"shop-print-label"}
        assert [app.name for app in there.engine.apps()] == ["shop"]
    told("Functions of two apps with one full id", "the server's sync", said)


@pytest.mark.parametrize("environment", ["local", "production"])
async def test_a_worker_whose_function_is_another_apps_says_so(environment: str) -> None:
    async with engine_for(environment) as there, hosted("asgi", LESS, None, there.settings) as url:
        await there.register(url)
        other = there.settings.model_copy(update={"app_id": "shop-print"})
        said = await problem_of_worker(other, Catalog([label]))
    told("Functions of two apps with one full id", "the worker's health", said)


@asynccontextmanager
async def by_the_sdk(
    client: inngest.Inngest, functions: list[inngest.Function[Any]], path: str = PATH
) -> AsyncIterator[str]:
    """Functions served by the SDK's own adapter."""
    web = fastapi.FastAPI()
    inngest.fast_api.serve(web, client, functions, serve_path=path)
    async with quick(web) as origin:
        yield origin + path


@pytest.mark.parametrize("environment", ["local", "production"])
async def test_a_bound_function_through_another_clients_endpoint_refuses_to_run(
    environment: str,
) -> None:
    async with engine_for(environment) as there:
        bound = bind_for(there.settings, LESS)
        other = by_hand(there.settings, app_id="other")
        async with by_the_sdk(other, bound.functions) as url:
            await there.register(url)
            there.engine.invoke("shop-print-label", {"orderId": 7})
            await there.engine.wait_idle(timeout=20)
            [run] = there.engine.runs()
            theirs = there.settings.model_copy(update={"app_id": "other"})
            comparison = await verified(theirs, url, catalog=LESS)
    assert str(run.status) == "FAILED"
    told(
        "A bound function served by hand through another client's endpoint",
        "the run's error",
        str(run.output["message"] if isinstance(run.output, dict) else run.output),
    )
    if environment == "production":
        told(
            "A bound function served by hand through another client's endpoint",
            "mainstem verify",
            found(comparison, "other-client"),
        )


@WITH_URL
async def test_an_import_time_client_served_beside_us_is_told(
    adapter: str, environment: str, log_of_server: pytest.LogCaptureFixture
) -> None:
    async with engine_for(environment) as there, hosted(adapter, WHOLE, None, there.settings) as a:
        await there.register(a)
        client = by_hand(there.settings)

        @client.create_function(fn_id="old-way", trigger=PLACED)
        async def old_way(ctx: inngest.Context) -> None: ...

        async with by_the_sdk(client, [old_way]) as b:
            await there.register(b)
            told(
                "A client made at import, served beside us by the SDK's own serve under our app id",
                "the server's log",
                warnings_in(log_of_server),
            )
            comparison = await verified(there.settings, a)
    said = [str(one) for one in comparison.findings if one.code == "missing-at-server"]
    told(
        "A client made at import, served beside us by the SDK's own serve under our app id",
        "mainstem verify",
        next(one for one in said if "print-label" in one),
    )


@pytest.mark.parametrize("environment", ["local", "production"])
async def test_an_app_left_from_before_an_adoption_is_told(environment: str) -> None:
    async with engine_for(environment) as there:
        client = by_hand(there.settings, app_id="legacy")

        @client.create_function(fn_id="old-way", trigger=PLACED)
        async def old_way(ctx: inngest.Context) -> str:
            return "as ever"

        async with by_the_sdk(client, [old_way]) as old:
            await there.register(old)
            port = int(old.split(":")[2].partition("/")[0])
        catalog: Catalog[Any] = Catalog([adopt(old_way), print_label])
        async with quick(asgi.app(catalog, None, settings=there.settings), port=port):
            await there.register(old)
            there.engine.invoke("shop-old-way", {})
            await there.engine.wait_idle(timeout=20)
            assert [run.output for run in there.engine.runs()] == ["as ever"]
            said = found(await verified(there.settings, old, catalog=catalog), "stale-app")
    told("The old app left at the server after adoption under a new id", "mainstem verify", said)


@BY_EACH
async def test_variables_that_contradict_the_settings_change_nothing(
    adapter: str, environment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in (
        *(one.variable for one in SDK_VARIABLES),
        *(one.variable for one in BRANCH_VARIABLES),
    ):
        is_address = variable.endswith(("_URL", "_ORIGIN", "_DEV"))
        monkeypatch.setenv(variable, "http://127.0.0.1:9" if is_address else "poison")
    for variable, value in _POISON.items():
        monkeypatch.setenv(variable, value)
    async with (
        engine_for(environment) as there,
        hosted(adapter, WHOLE, None, there.settings) as url,
    ):
        await there.register(url)
        [held] = there.engine.apps()
        assert held.env == there.settings.inngest_env
        assert ":9/" not in held.url
        assert await outputs(there) == WORKED
        assert (await verified(there.settings, *([url] if url else []))).findings == ()
        client = client_for(there.settings)
        assert (client.env, client.is_production) == (held.env, environment in DEPLOYED)
    impossible("Variables of the SDK that contradict the settings")


_POISON = {
    "INNGEST_SIGNING_KEY": "signkey-branch-ffff",
    "INNGEST_SIGNING_KEY_FALLBACK": "signkey-branch-eeee",
    "INNGEST_SERVE_PATH": "/elsewhere",
    "INNGEST_STREAMING": "force",
    "INNGEST_ENABLE_UNAUTHED_SYNC": "0",
    "INNGEST_THREAD_POOL_MAX_WORKERS": "1",
    "INNGEST_CONNECT_MAX_WORKER_CONCURRENCY": "1",
}
