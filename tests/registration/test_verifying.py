"""Three sides over sockets, with drift made in each way, in dev and in cloud mode."""

from typing import Any

import fastapi
import httpx
import inngest
import inngest.fast_api
import pytest

from mainstem.catalog import Catalog
from mainstem.registration.canary import canary_definition, with_canary
from mainstem.registration.comparison import Comparison
from mainstem.registration.syncing import sync
from mainstem.registration.verifying import verify
from mainstem.registration.wanted import configurations, wanted
from mainstem.settings import Settings, key_hash

from .house import billing, receipt, shop, tidying
from .stage import OTHER_KEY, SIGNING_KEY, Stage, answering, bound_for, stage

CLOUD: dict[str, Any] = {"signing_key": SIGNING_KEY}


async def _verified(
    settings: Settings, *urls: str, catalog: Catalog[Any] | None = None
) -> Comparison:
    return await verify(settings, bound_for(settings, catalog), urls)


def _codes(found: Comparison) -> list[tuple[str, str]]:
    return [(one.code, one.subject) for one in found.findings]


def _code(found: Comparison, code: str) -> str:
    """What the one finding of that code says."""
    (one,) = [each for each in found.findings if each.code == code]
    return str(one)


async def test_in_cloud_mode_all_three_sides_are_known_and_agree() -> None:
    async with stage(**CLOUD) as on:
        settings = on.settings("production")
        async with on.endpoint(settings) as url:
            found = await _verified(settings, url)
    assert found.findings == ()
    assert found.unknown == ()
    assert {row.id: (row.status, row.served, row.held) for row in found.rows} == {
        "send-receipt": ("ok", True, True),
        "send-bill": ("ok", True, True),
        "tidy-up": ("ok", True, True),
    }


async def test_in_dev_mode_what_is_served_is_unknown_and_said_to_be() -> None:
    async with stage() as on:
        settings = on.settings()
        async with on.endpoint(settings) as url:
            found = await _verified(settings, url)
    assert found.findings == ()
    assert {row.status for row in found.rows} == {"ok"}
    assert {row.served for row in found.rows} == {None}
    assert "tells its functions only to the server" in " ".join(found.unknown)


@pytest.mark.parametrize("environment", ["local", "production"])
async def test_nothing_is_registered_by_looking(environment: str) -> None:
    async with stage(**(CLOUD if environment == "production" else {})) as on:
        settings = on.settings(environment)
        async with on.endpoint(settings, sync=False) as url:
            found = await _verified(settings, url)
            apps = on.engine.apps()
    assert apps == []
    assert _codes(found) == [("app-missing", "shop")]
    assert {row.status for row in found.rows} == {"missing"}
    assert f"mainstem sync {url}" in _code(found, "app-missing")


@pytest.mark.parametrize("environment", ["local", "production"])
async def test_another_configuration_is_told_by_field_and_side(environment: str) -> None:
    async with stage(**(CLOUD if environment == "production" else {})) as on:
        settings = on.settings(environment)
        async with on.endpoint(settings) as url:
            newer = shop(receipt(), billing(retries=7), tidying())
            found = await _verified(settings, url, catalog=newer)
    (row,) = [row for row in found.rows if row.status == "different"]
    (difference,) = row.differences
    served = {} if environment == "local" else {"served": None}
    assert (row.id, difference.field) == ("send-bill", "retries")
    assert difference.values == {"wanted": 7, **served, "held": None}
    assert _codes(found) == [("different", "send-bill")]


async def test_what_was_deployed_and_not_synced_needs_a_sync() -> None:
    async with stage(**CLOUD) as on:
        settings = on.settings("production")
        newer = shop(receipt(), billing(retries=7), tidying())
        async with on.endpoint(settings) as old:
            await on.engine.sync_app(old)
            async with on.endpoint(settings, newer, sync=False) as url:
                found = await _verified(settings, url, catalog=newer)
    (row,) = [row for row in found.rows if row.status == "different"]
    assert row.differences[0].values == {"wanted": 7, "served": 7, "held": None}
    assert _code(found, "different").endswith("Run `mainstem sync` with the endpoint's URL.")


async def test_a_function_that_is_missing_or_too_many_is_named() -> None:
    async with stage(**CLOUD) as on:
        settings = on.settings("production")
        async with on.endpoint(settings, shop(receipt(), tidying())) as url:
            found = await _verified(settings, url, catalog=shop(receipt(), billing()))
    assert _codes(found) == [
        ("missing-at-endpoint", "send-bill"),
        ("missing-at-server", "send-bill"),
        ("extra", "tidy-up"),
    ]
    assert {row.id: row.status for row in found.rows} == {
        "send-receipt": "ok", "send-bill": "missing", "tidy-up": "extra",
    }  # fmt: skip


async def test_in_dev_mode_the_number_of_functions_is_compared_at_least() -> None:
    async with stage() as on:
        settings = on.settings()
        async with on.endpoint(settings, shop(receipt()), sync=False) as url:
            found = await _verified(settings, url)
    assert "has 3 functions for local, and 1 is served" in _code(found, "count-differs")


async def test_another_app_id_is_named_with_both() -> None:
    async with stage(**CLOUD) as on:
        theirs = on.settings("production", MAINSTEM_APP_ID="store")
        async with on.endpoint(theirs) as url:
            found = await _verified(on.settings("production"), url)
    assert "is app 'store', and the settings say 'shop'" in _code(found, "other-app-id")


async def test_an_app_left_over_from_a_former_id_is_named() -> None:
    async with stage(**CLOUD) as on:
        settings = on.settings("production")
        async with on.endpoint(settings) as url:
            await _register(on, _registration("old-shop", url))
            found = await _verified(settings, url)
    assert _codes(found) == [("stale-app", "old-shop")]


async def test_the_wrong_mode_is_a_finding_at_both_ends() -> None:
    async with stage() as on, on.endpoint(on.settings()) as url:
        found = await _verified(on.settings("production"), url)
    assert "it runs functions for anybody who asks" in _code(found, "signature-mode")
    assert "signs nothing (dev mode)" in _code(found, "server-kind")


async def test_another_signing_key_is_told_without_a_key() -> None:
    async with stage(**CLOUD) as on:
        theirs = on.settings("production", INNGEST_SIGNING_KEY=OTHER_KEY)
        async with on.endpoint(theirs, sync=False) as url:
            found = await _verified(on.settings("production"), url)
    said = _code(found, "signature-refused")
    assert "another signing key than INNGEST_SIGNING_KEY here" in said
    assert "abab" not in said
    assert "cdcd" not in said


async def test_a_server_that_does_not_know_our_key_is_a_finding() -> None:
    async with stage(signing_key=OTHER_KEY) as on:
        settings = on.settings("production")
        async with on.endpoint(settings, sync=False) as url:
            found = await _verified(settings, url)
    assert "answered 401 to the key read from INNGEST_SIGNING_KEY" in _code(found, "server-refused")
    assert {row.held for row in found.rows} == {None}
    assert {row.status for row in found.rows} == {"ok"}
    assert "What the server" in " ".join(found.unknown)


async def test_the_fallback_key_opens_too_and_its_use_is_a_warning() -> None:
    async with stage(**CLOUD) as on:
        old = on.settings("production")
        new = on.settings(
            "production", INNGEST_SIGNING_KEY=OTHER_KEY, INNGEST_SIGNING_KEY_FALLBACK=SIGNING_KEY
        )
        async with on.endpoint(old) as url:
            found = await _verified(new, url)
    assert found.is_fine
    assert "it has our fallback key" in _code(found, "signing-key-differs")


async def test_another_event_key_is_told_by_hash() -> None:
    async with stage(**CLOUD) as on:
        theirs = on.settings("production", INNGEST_EVENT_KEY="another-event-key")
        async with on.endpoint(theirs) as url:
            found = await _verified(on.settings("production"), url)
    assert "its events may go to another environment" in _code(found, "event-key-differs")
    assert "event-key." not in _code(found, "event-key-differs")


async def test_a_client_that_speaks_to_another_server_is_named() -> None:
    async with stage(**CLOUD) as on, stage(**CLOUD) as other:
        theirs = other.settings("production")
        async with on.endpoint(theirs, sync=False) as url:
            found = await _verified(on.settings("production"), url)
    said = [str(one) for one in found.findings if one.code == "other-client"]
    assert len(said) == 2
    assert f"registers with {other.url}" in said[0]


async def test_another_branch_environment_is_named() -> None:
    async with stage(**CLOUD) as on:
        theirs = on.settings("preview", INNGEST_ENV="feature-x")
        async with on.endpoint(theirs) as url:
            found = await _verified(on.settings("preview", INNGEST_ENV="feature-y"), url)
    said = [str(one) for one in found.findings if one.code == "wrong-environment"]
    assert len(said) == 2
    assert "branch environment 'feature-x', expected branch environment 'feature-y'" in said[0]


async def test_functions_made_with_another_apps_client_are_named() -> None:
    async with stage(**CLOUD) as on:
        settings = on.settings("production")
        foreign = bound_for(on.settings("production", MAINSTEM_APP_ID="legacy"))
        app = fastapi.FastAPI()
        inngest.fast_api.serve(
            app, bound_for(settings).client, foreign.functions, serve_path="/api/inngest"
        )
        async with answering(app) as url:
            found = await _verified(settings, url)
    assert ("other-client", "legacy-tidy-up") in _codes(found)


async def test_another_release_of_the_sdk_is_named() -> None:
    async with stage(**CLOUD) as on:
        settings = on.settings("production")
        async with on.endpoint(settings) as url:
            await _register(on, {**_registration("shop", url), "sdk": "py:v0.4.1"})
            found = await _verified(settings, url)
    assert "has the SDK py 0.4.1" in _code(found, "other-sdk")


async def test_two_addresses_of_one_app_are_named() -> None:
    async with stage(**CLOUD) as on:
        settings = on.settings("production")
        async with on.endpoint(settings) as first, on.endpoint(settings) as second:
            found = await _verified(settings, first)
    assert _codes(found) == [("two-urls", "shop")]
    assert f"both answer: {second} and {first}." in _code(found, "two-urls")


async def test_parts_on_several_hosts_must_make_up_the_catalogue() -> None:
    async with stage(**CLOUD) as on:
        mail, night = (
            on.settings("production", MAINSTEM_APP_ID=name) for name in ("shop-mail", "shop-night")
        )
        async with (
            on.endpoint(mail, shop(receipt(), billing())) as one,
            on.endpoint(night, shop(tidying())) as two,
        ):
            both = await _verified(on.settings("production"), one, two)
            half = await _verified(on.settings("production"), one)
    assert both.findings == ()
    assert {row.id: row.served_at for row in both.rows}["tidy-up"] == (two,)
    assert _codes(half) == [("one-part", one)]
    assert "This is the part 'mail' (app 'shop-mail')" in _code(half, "one-part")
    assert "Verify it with --group mail, or name the URLs" in _code(half, "one-part")


@pytest.mark.parametrize("environment", ["local", "production"])
async def test_each_part_may_have_a_canary(environment: str) -> None:
    async with stage(**(CLOUD if environment == "production" else {})) as on:
        mail, night = (
            on.settings(environment, MAINSTEM_APP_ID=name) for name in ("shop-mail", "shop-night")
        )
        async with (
            on.endpoint(mail, with_canary(shop(receipt(), billing()))) as one,
            on.endpoint(night, with_canary(shop(tidying()))) as two,
        ):
            found = await _verified(on.settings(environment), one, two)
    assert found.findings == ()
    assert {row.id for row in found.rows} == {*wanted(bound_for(on.settings(environment)))}


async def test_what_two_hosts_serve_is_named_with_both() -> None:
    async with stage(**CLOUD) as on:
        mail, night = (
            on.settings("production", MAINSTEM_APP_ID=name) for name in ("shop-mail", "shop-night")
        )
        async with on.endpoint(mail) as one, on.endpoint(night, shop(tidying())) as two:
            found = await _verified(on.settings("production"), one, two)
    assert _codes(found) == [("served-twice", "tidy-up")]
    assert f"{one} and {two}" in _code(found, "served-twice")


async def test_parts_in_dev_mode_are_told_apart_by_their_addresses() -> None:
    async with stage() as on:
        mail, night = (on.settings(MAINSTEM_APP_ID=name) for name in ("shop-mail", "shop-night"))
        async with (
            on.endpoint(mail, shop(receipt(), billing())) as one,
            on.endpoint(night, shop(tidying())) as two,
        ):
            found = await _verified(on.settings(), one, two)
    assert found.findings == ()
    assert {row.held for row in found.rows} == {True}


async def test_two_endpoints_of_one_app_are_said_of_the_app_alone() -> None:
    async with stage(**CLOUD) as on:
        settings = on.settings("production")
        async with on.endpoint(settings) as one, on.endpoint(settings, sync=False) as two:
            found = await _verified(settings, one, two)
    assert "served-twice" not in {code for code, _ in _codes(found)}
    assert {code for code, _ in _codes(found)} & {"two-urls", "other-url"}


@pytest.mark.parametrize("environment", ["local", "production"])
async def test_an_address_where_no_endpoint_answers_is_no_second_one(environment: str) -> None:
    async with stage(**(CLOUD if environment == "production" else {})) as on:
        settings = on.settings(environment)
        async with on.endpoint(settings) as url:
            wrong = await _verified(settings, url + "/typo")
            away = await _verified(settings, "http://127.0.0.1:9/api/inngest")
    assert _codes(wrong) == [("no-sdk", url + "/typo")]
    assert _codes(away) == [("unreachable", "http://127.0.0.1:9/api/inngest")]


@pytest.mark.parametrize(("held", "served"), [(True, False), (False, True)])
async def test_a_number_with_or_without_the_canary_is_right(held: bool, served: bool) -> None:
    async with stage() as on:
        settings = on.settings()
        plain, more = shop(), with_canary(shop())
        async with (
            on.endpoint(settings, more if held else plain),
            on.endpoint(settings, more if served else plain, sync=False) as url,
        ):
            found = await _verified(settings, url)
    assert "count-differs" not in {code for code, _ in _codes(found)}


async def test_an_endpoint_that_is_not_there_is_a_finding() -> None:
    async with stage() as on:
        found = await _verified(on.settings(), "http://127.0.0.1:9/api/inngest")
    assert "nothing listens there" in _code(found, "unreachable")


async def test_a_server_that_is_not_there_is_a_finding() -> None:
    async with stage() as on:
        settings = on.settings()
        async with on.endpoint(settings) as url:
            away = settings.model_copy(update={"inngest_base_url": "http://127.0.0.1:9"})
            found = await verify(away, bound_for(settings), [url])
    assert "Is it running, and is the address right" in _code(found, "server-unreachable")


async def test_a_status_page_in_the_endpoints_place_is_a_finding() -> None:
    app = fastapi.FastAPI()
    app.get("/api/inngest")(lambda: {"status": "ok"})
    async with stage() as on, answering(app) as url:
        found = await _verified(on.settings(), url)
    assert "nothing in front of the endpoint answers its GET, PUT or POST" in _code(found, "no-sdk")


async def test_a_login_in_front_of_the_endpoint_is_told_from_a_wrong_key() -> None:
    app = fastapi.FastAPI()

    @app.get("/api/inngest")
    def login() -> fastapi.Response:
        return fastapi.Response("Log in first", status_code=401)

    async with stage(**CLOUD) as on, answering(app) as url:
        found = await _verified(on.settings("production"), url)
    assert "a login, a firewall" in _code(found, "refused-in-front")


async def test_an_older_sdk_is_not_asked_for_what_it_would_register() -> None:
    asked: list[str] = []
    app = fastapi.FastAPI()

    @app.api_route("/api/inngest", methods=["GET", "PUT"])
    def old(request: fastapi.Request) -> fastapi.Response:
        asked.append(request.method)
        return fastapi.responses.JSONResponse(
            {"mode": "cloud", "authentication_succeeded": True, "function_count": 3,
             "app_id": "shop", "sdk_language": "py", "sdk_version": "0.5.18",
             "capabilities": {"in_band_sync": "v1"}},
            headers={"x-inngest-sdk": "inngest-py:v0.5.18"},
        )  # fmt: skip

    async with stage(**CLOUD) as on, answering(app) as url:
        found = await _verified(on.settings("production"), url)
    assert asked == ["GET"]
    assert "inngest-py:v0.5.18 may register when it is asked" in " ".join(found.unknown)


def _registration(app_id: str, url: str) -> dict[str, Any]:
    """What an app of that id would send; taken down by hand, so that it may be wrong."""
    client = inngest.Inngest(app_id=app_id, is_production=False, event_key="x")
    functions = shop().bind(client, None, environment="production").functions
    return {
        "appname": app_id,
        "url": url,
        "sdk": "py:v0.5.19",
        "framework": "fast_api",
        "functions": [_stripped(one) for one in configurations(functions)],
    }


def _stripped(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _stripped(item) for key, item in value.items() if item is not None}
    return [_stripped(item) for item in value] if isinstance(value, list) else value


async def _register(on: Stage, body: dict[str, Any]) -> None:
    async with httpx.AsyncClient() as http:
        answer = await http.post(
            f"{on.url}/fn/register",
            json=body,
            headers={"authorization": f"Bearer {key_hash('signing', SIGNING_KEY)}"},
        )
    assert answer.status_code == 200, answer.text


async def test_a_canary_in_a_deployment_is_no_drift() -> None:
    async with stage() as on:
        settings = on.settings()
        with_canary = shop(receipt(), billing(), tidying(), canary_definition)
        async with on.endpoint(settings, with_canary) as url:
            found = await _verified(settings, url)
    assert found.findings == ()
    assert found.seen[0].app_id == "shop"
    assert found.seen[0].functions == 4


async def test_in_dev_mode_the_server_tells_another_app_id() -> None:
    async with stage() as on:
        theirs = on.settings(MAINSTEM_APP_ID="store")
        async with on.endpoint(theirs) as url:
            found = await _verified(on.settings(), url)
    assert "as app 'store', and the settings say 'shop'" in _code(found, "other-app-id")


async def test_a_redirect_in_the_endpoints_place_is_a_finding() -> None:
    app = fastapi.FastAPI()
    moved = fastapi.responses.RedirectResponse("/api/elsewhere", status_code=301)
    app.get("/api/inngest")(lambda: moved)
    async with stage() as on, answering(app) as url:
        found = await _verified(on.settings(), url)
    assert "a POST may become a GET" in _code(found, "redirected")


async def test_an_answer_whose_signature_is_lost_on_the_way_is_a_finding() -> None:
    async with stage(**CLOUD) as on:
        settings = on.settings("production")
        bound = bound_for(settings)
        app = fastapi.FastAPI()
        inngest.fast_api.serve(app, bound.client, bound.functions, serve_path="/api/inngest")

        @app.middleware("http")
        async def proxy(request: fastapi.Request, call_next: Any) -> Any:
            answer = await call_next(request)
            answer.headers["x-inngest-signature"] = "t=1&s=00"
            return answer

        async with answering(app) as url:
            found = await _verified(settings, url)
    assert "arrives without its signature" in _code(found, "answer-not-signed")


async def test_the_environment_that_an_endpoint_of_ours_says_is_compared() -> None:
    async with stage() as on:
        settings = on.settings()
        bound = bound_for(settings)
        app = fastapi.FastAPI()
        inngest.fast_api.serve(app, bound.client, bound.functions, serve_path="/api/inngest")
        health = {"environment": "staging", "decided_by": "x", "app_id": "shop"}
        app.get("/healthz")(lambda: health)
        async with answering(app) as url:
            found = await _verified(settings, url)
    assert "says that it is in staging, expected local" in _code(found, "wrong-environment")


async def test_in_dev_mode_one_part_is_known_by_its_address() -> None:
    async with stage() as on:
        night = on.settings(MAINSTEM_APP_ID="shop-night")
        async with on.endpoint(night, shop(tidying())) as url:
            found = await _verified(on.settings(), url)
    assert _codes(found) == [("one-part", url)]


@pytest.mark.parametrize("environment", ["local", "production"])
async def test_a_password_in_an_address_is_used_and_never_told(environment: str) -> None:
    async with stage(**(CLOUD if environment == "production" else {})) as on:
        settings = on.settings(environment)
        async with on.endpoint(settings) as url:
            secret = url.replace("://", "://anna:hunter2@")
            found = await _verified(settings, secret)
            away = await _verified(settings, "http://anna:hunter2@127.0.0.1:9/api/inngest")
            bare = await _verified(settings, secret.partition("://")[2])
            synced = await sync(settings, [secret])
    assert found.findings == ()
    assert found.seen[0].url == url.replace("://", "://***@")
    assert "nothing listens there" in _code(away, "unreachable")
    assert "hunter2" not in f"{found} {away} {bare} {synced}"
