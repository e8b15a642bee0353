"""The one endpoint, over real sockets, with the real SDK and the embedded engine."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from mainstem.clients import client_for
from mainstem.functions import catalogue
from mainstem.registration import CANARY_ID
from mainstem.serving import UnknownFunction, UnknownPart
from mainstem.settings import Environment, Settings
from mainstem.web import create_app, open_services
from mainstem.web.status import status_page

from .served import SIGNING_KEY, Served, served

SettingsFor = Callable[..., Settings]
UNUSED: Any = object()  # services of functions that are not run


async def registered(there: Served) -> set[str]:
    """The ids that the engine reports over HTTP, without the app's prefix."""
    headers = {"authorization": f"Bearer {SIGNING_KEY}"}
    async with httpx.AsyncClient(timeout=10) as http:
        answer = await http.get(there.engine_url + "/dev", headers=headers)
    functions = answer.raise_for_status().json()["functions"]
    return {str(function["slug"]).removeprefix("mainstem-") for function in functions}


@pytest.mark.parametrize("environment", list(Environment))
async def test_the_engine_reports_every_function_in_each_environment(
    environment: str, settings_for: SettingsFor
) -> None:
    async with served(settings_for(environment)) as there:
        await there.engine.sync_app(there.endpoint_url)
        assert await registered(there) >= set(catalogue().ids)


async def test_a_disabled_function_stays_registered_and_its_runs_are_skipped(
    settings_for: SettingsFor,
) -> None:
    settings = settings_for("local", MAINSTEM_DISABLED_FUNCTIONS="aggregate-workspace-metrics")
    async with served(settings) as there:
        await there.engine.sync_app(there.endpoint_url)
        there.engine.invoke("mainstem-aggregate-workspace-metrics", None)
        await there.engine.wait_idle(timeout=20)
        (run,) = there.engine.runs()
        assert "aggregate-workspace-metrics" in await registered(there)
    assert "is switched off in local" in str(run.output)


async def test_an_unknown_disabled_function_stops_the_start(settings_for: SettingsFor) -> None:
    settings = settings_for("local", MAINSTEM_DISABLED_FUNCTIONS="update-pr-activities")
    async with open_services(settings) as opened:
        with pytest.raises(UnknownFunction, match="Write 'update-pr-activity'"):
            create_app(
                settings,
                catalog=catalogue(),
                services=opened.services,
                client=client_for(settings),
            )


async def test_the_log_alone_tells_who_serves_what(settings_for: SettingsFor) -> None:
    with capture_logs() as logs:
        async with served(settings_for("production")) as there:
            await there.engine.sync_app(there.endpoint_url)
    start = next(log for log in logs if log["event"] == "serving functions")
    assert (start["environment"], start["decided_by"]) == ("production", "MAINSTEM_ENV")
    assert (start["app_id"], start["mode"]) == ("mainstem", "cloud")
    assert start["api_origin"].rstrip("/") == there.engine_url
    assert set(start["functions"]) == set(catalogue().ids)
    sync = next(log for log in logs if log["event"] == "sync answered")
    assert (sync["status"], sync["functions"]) == (200, len(catalogue()))
    assert SIGNING_KEY not in repr(logs)


async def test_introspection_is_the_sdks_own(settings_for: SettingsFor) -> None:
    async with served(settings_for("local")) as there, httpx.AsyncClient(timeout=10) as http:
        answer = await http.get(there.endpoint_url)
    assert answer.headers["x-inngest-sdk"].startswith("inngest-py:")
    assert answer.json()["function_count"] == len(catalogue())


async def test_an_unsigned_call_is_refused_where_signatures_are_checked(
    settings_for: SettingsFor,
) -> None:
    async with served(settings_for("production")) as there, httpx.AsyncClient(timeout=10) as http:
        answer = await http.post(there.endpoint_url, params={"fnId": "x"}, json={})
    assert answer.status_code == 401


async def test_health_says_where_it_is_and_nothing_secret(settings_for: SettingsFor) -> None:
    async with served(settings_for("staging")) as there, httpx.AsyncClient(timeout=10) as http:
        answer = await http.get(there.endpoint_url.replace("/api/inngest", "/healthz"))
    assert answer.status_code == 200
    assert answer.json() == {
        "ok": True,
        "environment": "staging",
        "decided_by": "MAINSTEM_ENV",
        "app_id": "mainstem",
        "mode": "cloud",
        "functions": len(catalogue()),
        "database": {"reachable": True, "migrations_current": True, "problem": None},
    }


async def test_a_canary_is_served_on_request_and_is_no_function_of_the_page(
    settings_for: SettingsFor,
) -> None:
    settings = settings_for("local", MAINSTEM_SERVE_GROUPS="update")
    app = create_app(
        settings, catalog=catalogue(), services=UNUSED, canary=True, status=status_page(settings)
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        status = (await http.get("/status.json")).json()
    await app.state.status.aclose()
    served = {one for one in app.state.bound.by_id if one != CANARY_ID}
    assert CANARY_ID in app.state.bound.by_id
    assert {one["id"] for one in status["functions"]} == served
    assert (status["here"]["functions"], status["here"]["app_id"]) == (
        len(served),
        "mainstem-update",
    )


def test_a_canary_of_a_part_that_does_not_exist_is_refused(settings_for: SettingsFor) -> None:
    with pytest.raises(UnknownPart, match="Write 'update'"):
        create_app(
            settings_for("local", MAINSTEM_SERVE_GROUPS="upate"),
            catalog=catalogue(), services=UNUSED, canary=True,
        )  # fmt: skip


def test_the_log_of_the_start_says_that_rollouts_are_off(settings_for: SettingsFor) -> None:
    with capture_logs() as logs:
        create_app(
            settings_for("local", MAINSTEM_ROLLOUT="off"), catalog=catalogue(), services=UNUSED
        )
    (start,) = [log for log in logs if log["event"] == "serving functions"]
    assert start["rollouts"] == "off"


def test_our_own_catalogue_fits_together(
    settings_for: SettingsFor, caplog: pytest.LogCaptureFixture
) -> None:
    create_app(settings_for("local", MAINSTEM_STRICT="on"), catalog=catalogue(), services=UNUSED)
    assert [one for one in caplog.records if one.name == "mainstem.registration"] == []
