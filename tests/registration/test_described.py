"""Reading functions from all that tell them."""

from typing import Any

import inngest

from mainstem.registration.described import differing, read_functions
from mainstem.registration.wanted import configurations, wanted, wanted_anywhere, wanted_in

from .house import billing, receipt, shop, tidying


def _client(app_id: str = "shop") -> inngest.Inngest:
    return inngest.Inngest(app_id=app_id, is_production=False, event_key="x")


def test_a_catalogue_is_told_by_ids_without_the_app() -> None:
    assert list(wanted_in(shop(), "local", app_id="shop")) == [
        "send-receipt",
        "send-bill",
        "tidy-up",
    ]


def test_the_fingerprint_does_not_depend_on_app_or_client() -> None:
    one = wanted(shop().bind(_client("one"), None))
    other = wanted(shop().bind(_client("another-one"), None))
    assert {name: each.fingerprint for name, each in one.items()} == {
        name: each.fingerprint for name, each in other.items()
    }


def test_the_same_function_under_another_id_has_the_same_fingerprint() -> None:
    old = wanted_in(shop(), "local", app_id="a")["send-receipt"]
    new = wanted_in(shop(receipt(id="mail-receipt")), "local", app_id="a")["mail-receipt"]
    assert old.fingerprint == new.fingerprint


def test_a_failure_handler_is_a_field_of_its_function() -> None:
    functions = wanted_in(shop(), "local", app_id="shop")
    assert (functions["send-receipt"].fields or {})["on_failure"] is True
    assert "on_failure" not in (functions["send-bill"].fields or {})
    assert "send-receipt-failure" not in functions


def test_a_function_that_only_looks_like_a_failure_handler_is_a_function() -> None:
    catalog = shop(billing(), tidying(id="send-bill-failure"))
    assert "send-bill-failure" in wanted_in(catalog, "local", app_id="shop")


def test_an_environment_has_its_own_configuration() -> None:
    assert "send-receipt" not in wanted_in(shop(), "test", app_id="shop")
    assert (wanted_in(shop(), "production", app_id="a")["send-receipt"].fields or {})[
        "retries"
    ] == 9
    assert (wanted_anywhere(shop(), app_id="a")["send-receipt"].fields or {})["retries"] == 3


def test_a_previous_id_is_a_function_of_its_own() -> None:
    catalog = shop(receipt(id="mail-receipt", previous_ids=("send-receipt",)))
    assert list(wanted_in(catalog, "local", app_id="shop")) == ["mail-receipt", "send-receipt"]


def test_a_function_of_another_app_keeps_its_whole_id() -> None:
    raw = configurations(shop().bind(_client("other"), None).functions)
    assert "other-tidy-up" in read_functions(raw, app_id="shop")


def test_an_answer_without_configuration_says_only_that_the_function_is_there() -> None:
    found = read_functions([{"id": "0f", "slug": "shop-tidy-up", "name": "x"}], app_id="shop")
    assert found["tidy-up"].fields is None
    assert found["tidy-up"].fingerprint is None


def test_what_differs_is_named() -> None:
    one: dict[str, Any] = {"retries": 1, "batch": {"max_size": 2}, "name": "x"}
    assert differing(one, {"retries": 2, "name": "x"}) == ("batch", "retries")
