"""Where a catalogue meets the settings: names, parts, clients, switches, and one app once."""

import gc
from typing import Any

import inngest
import pytest
from structlog.testing import capture_logs

from mainstem.catalog import Catalog
from mainstem.clients import client_for
from mainstem.serving import DoubleServe, UnknownPart, asgi, bind_for, part_of, part_settings
from mainstem.serving.binding import OtherClient
from mainstem.serving.sdk_handler import NoSigningKey

from .house import SIGNING_KEY, settings_of
from .shop import CATALOGUE, SHOP, pack_order, print_label, write_invoice


def ids(catalog: Catalog[Any]) -> list[str]:
    return [definition.id for definition in catalog]


def test_a_part_is_what_has_one_of_the_groups_or_tags() -> None:
    assert ids(part_of(CATALOGUE, groups=["office"], tags=["heavy"])) == [
        "find-lost-order",
        "count-stock",
        "greet-customer",
        "write-invoice",
    ]


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        ({"groups": ["warehose"]}, "group 'warehose'.*Write 'warehouse'"),
        ({"tags": ["lite"]}, "tag 'lite'.*Write 'light'"),
        ({"groups": ["xyz"]}, "Choose from office, warehouse"),
    ],
)
def test_an_unknown_part_is_refused_with_the_nearest(chosen: dict[str, Any], told: str) -> None:
    with pytest.raises(UnknownPart, match=told):
        bind_for(settings_of(), CATALOGUE, SHOP, **chosen)


def test_a_part_is_an_app_of_its_own() -> None:
    office = bind_for(settings_of(), CATALOGUE, SHOP, groups=["office"])
    assert office.client.app_id == "shop-office"
    assert {function.id for function in office.functions} == {
        "shop-office-find-lost-order",
        "shop-office-greet-customer",
        "shop-office-write-invoice",
    }


def test_the_settings_choose_the_part_where_none_is_named() -> None:
    bound = bind_for(settings_of(MAINSTEM_SERVE_TAGS="heavy"), CATALOGUE, SHOP)
    assert (bound.client.app_id, list(bound.by_id)) == ("shop-heavy", ["count-stock"])


def test_the_name_of_a_part_is_made_fit_for_an_app_id() -> None:
    settings = part_settings(settings_of(), groups=["b side"], tags=["a/b"])
    assert settings.app_id == "shop-b-side-a-b"


def test_what_the_settings_switch_off_in_another_part_is_no_mistake_here() -> None:
    settings = settings_of(
        MAINSTEM_DISABLED_FUNCTIONS="pack-order", MAINSTEM_ROLLOUT="greet-customer=2:0.5"
    )
    bound = bind_for(settings, CATALOGUE, SHOP, groups=["warehouse"])
    assert list(bound.skipped) == ["pack-order"]
    assert bind_for(settings, CATALOGUE, SHOP, groups=["office"]).shares == {
        "greet-customer": {"1": 0.5, "2": 0.5}
    }


def test_the_kill_switch_skips_every_function() -> None:
    bound = bind_for(settings_of(MAINSTEM_FUNCTIONS="off"), CATALOGUE, SHOP)
    assert set(bound.skipped) == set(CATALOGUE.ids)


def test_a_check_can_refuse_the_start() -> None:
    def refuse(bound: object) -> None:
        raise LookupError("nobody sends shop/order.placed")

    with pytest.raises(LookupError, match="nobody sends"):
        bind_for(settings_of(), CATALOGUE, SHOP, check=refuse)


def test_the_settings_client_may_be_handed_in() -> None:
    settings = settings_of()
    bound = bind_for(settings, CATALOGUE, SHOP, client=client_for(settings))
    assert bound.client is client_for(settings)


@pytest.mark.parametrize(
    ("client", "told"),
    [
        ({"app_id": "store", "is_production": False}, "of app 'store'.*MAINSTEM_APP_ID to 'store'"),
        (
            {"app_id": "shop", "is_production": True, "signing_key": SIGNING_KEY},
            "in cloud mode, the settings say dev mode",
        ),
    ],
)
def test_another_client_is_refused(client: dict[str, Any], told: str) -> None:
    with pytest.raises(OtherClient, match=told):
        bind_for(settings_of(), CATALOGUE, SHOP, client=inngest.Inngest(**client))


def test_a_cloud_client_without_a_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    client = inngest.Inngest(app_id="shop", is_production=True)
    monkeypatch.setenv("INNGEST_SIGNING_KEY", SIGNING_KEY)  # which the SDK would take by itself
    with pytest.raises(NoSigningKey, match="INNGEST_SIGNING_KEY"):
        asgi.app(CATALOGUE, SHOP, settings=settings_of("production"), client=client)


def test_one_app_with_two_lists_is_refused() -> None:
    settings = settings_of()
    first = asgi.app(CATALOGUE, SHOP, settings=settings)
    with pytest.raises(DoubleServe) as refused:
        asgi.app(Catalog([pack_order]), SHOP, settings=settings, path="/api/other")
    assert first.endpoint.path in str(refused.value)
    assert "only one of the two has count-stock, find-lost-order" in str(refused.value)
    assert "Serve the whole catalogue at one place" in str(refused.value)


def test_one_app_through_two_clients_is_refused() -> None:
    settings = settings_of()
    first = asgi.app(CATALOGUE, SHOP, settings=settings)
    other = inngest.Inngest(
        app_id="shop",
        is_production=False,
        api_base_url=first.endpoint.bound.client.api_origin,
        event_api_base_url=settings.event_origin,
    )
    with pytest.raises(DoubleServe, match=r"through another client.*leave out `client=`"):
        asgi.app(CATALOGUE, SHOP, settings=settings, client=other)


def test_two_parts_are_two_apps_and_stand_side_by_side() -> None:
    both = [
        asgi.app(CATALOGUE, SHOP, settings=settings_of(), groups=[group])
        for group in ("office", "warehouse")
    ]
    assert [app.endpoint.bound.client.app_id for app in both] == ["shop-office", "shop-warehouse"]


def test_the_same_list_at_two_places_is_a_warning() -> None:
    with capture_logs() as logs:
        both = [
            asgi.app(CATALOGUE, SHOP, settings=settings_of(), path=path)
            for path in ("/api/inngest", "/api/again")
        ]
    assert len(both) == 2
    assert [log["event"] for log in logs if log["log_level"] == "warning"] == [
        "serving an app at two places"
    ]


def test_an_app_that_was_thrown_away_is_served_no_longer() -> None:
    gone: list[Any] = [asgi.app(CATALOGUE, SHOP, settings=settings_of())]
    gone.append(gone)  # as apps are: in a cycle
    gc.disable()
    try:
        del gone
        kept = asgi.app(Catalog([print_label]), None, settings=settings_of())
    finally:
        gc.enable()
    assert kept.endpoint.served.functions == ("print-label",)


def test_the_line_at_the_start_says_everything_about_the_registration_to_come() -> None:
    settings = settings_of(
        "production",
        MAINSTEM_DISABLED_FUNCTIONS="write-invoice",
        INNGEST_BASE_URL="https://inngest.test",
    )
    with capture_logs() as logs:
        kept = asgi.app(CATALOGUE, SHOP, settings=settings)
    (line,) = [log for log in logs if log["event"] == "serving functions"]
    assert line["functions"] == sorted(kept.endpoint.bound.by_id)
    assert (line["environment"], line["decided_by"]) == ("production", "MAINSTEM_ENV")
    assert (line["app_id"], line["mode"], line["adapter"]) == ("shop", "cloud", "asgi")
    assert line["api_origin"] == line["event_origin"] == "https://inngest.test"
    assert line["skipped"] == {
        write_invoice.id: "function 'write-invoice' is switched off in production"
    }
    assert line["shares"] == {"greet-customer": {"1": 0.0, "2": 1.0}}
    assert SIGNING_KEY not in repr(logs)
