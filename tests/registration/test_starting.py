"""The contract where functions are served: in the log, and in strict mode a condition."""

import logging
from collections.abc import Iterator
from typing import Any

import fastapi
import pytest

from mainstem.catalog import BoundCatalog, Catalog
from mainstem.clients import reset_clients
from mainstem.registration import ContractBroken, check_at_start, manifest_of
from mainstem.serving import reset_serving
from mainstem.serving.fastapi import serve

from .house import Billed, billing, receipt, shop, tidying
from .stage import settings_for

NOBODY = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    reset_clients()
    reset_serving()
    yield
    reset_serving()


def _served(catalog: Catalog[Any], check: Any, *, groups: Any = (), **more: str) -> Any:
    settings = settings_for(NOBODY, **more)
    return serve(fastapi.FastAPI(), catalog, settings=settings, check=check, groups=groups)


def _broken() -> Catalog[Any]:
    """Nobody handles what it sends, and nobody feeds one of its functions."""
    return shop(receipt(sends=()), billing(sends=(Billed,)), tidying())


def _said(caplog: pytest.LogCaptureFixture) -> list[tuple[int, str]]:
    return [
        (one.levelno, one.getMessage().partition(":")[0])
        for one in caplog.records
        if one.name == "mainstem.registration"
    ]


def test_what_fits_together_is_served_without_a_word(caplog: pytest.LogCaptureFixture) -> None:
    bound = _served(shop(), check_at_start(shop()), MAINSTEM_STRICT="on")
    assert isinstance(bound, BoundCatalog)
    assert _said(caplog) == []


def test_errors_and_warnings_are_logged_as_such_and_it_is_served(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bound = _served(_broken(), check_at_start(_broken()))
    assert len(bound.by_id) == 3
    assert _said(caplog) == [
        (logging.ERROR, "event-unhandled"),
        (logging.WARNING, "function-unfed"),
    ]


def test_in_strict_mode_an_error_stops_the_start_and_is_told() -> None:
    with pytest.raises(ContractBroken, match="'shop/billed', which starts no") as caught:
        _served(_broken(), check_at_start(_broken()), MAINSTEM_STRICT="on")
    assert [one.code for one in caught.value.findings] == ["event-unhandled"]


def test_in_strict_mode_a_warning_alone_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    unfed = shop(receipt(sends=()), billing(), tidying())
    _served(unfed, check_at_start(unfed), MAINSTEM_STRICT="on")
    assert _said(caplog) == [(logging.WARNING, "function-unfed")]


def test_one_part_may_handle_what_another_sends(caplog: pytest.LogCaptureFixture) -> None:
    catalog = shop(receipt(), billing(group="bills"), tidying())
    _served(catalog, check_at_start(catalog), groups=["bills"], MAINSTEM_STRICT="on")
    assert _said(caplog) == []


def test_other_catalogues_are_looked_at_where_they_are_given(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sender, receiver = shop(receipt()), shop(billing())
    others = [manifest_of(receiver, app_id="bills")]
    _served(sender, check_at_start(sender, others=others), MAINSTEM_STRICT="on")
    assert _said(caplog) == []
