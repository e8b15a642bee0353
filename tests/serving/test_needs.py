"""Services that were forgotten are told at the start; what may be None is left alone."""

from typing import Any, Optional, TypeVar

import pytest

from mainstem.catalog import Catalog, Run, cron, define
from mainstem.serving import ServicesMissing, asgi

from .house import settings_of
from .shop import CATALOGUE, SHOP, SYNC_ONLY, Shop

S = TypeVar("S")
MaybeShop = Shop | None


def catalogue_with(annotation: object) -> Catalog[Any]:
    async def handler(run: Run[Any], services: Any) -> None:
        """Never run here."""

    handler.__annotations__["services"] = annotation
    return Catalog([define(id="count-all", on=cron("0 6 * * *"))(handler)])


def test_services_that_were_forgotten_are_told_with_the_function_and_its_place() -> None:
    told = r"'pack-order' \([\w.]*shop:\d+\).*takes Shop.*serve\(app, catalog, services\)"
    with pytest.raises(ServicesMissing, match=told):
        asgi.app(CATALOGUE, settings=settings_of())


@pytest.mark.parametrize("annotation", [Shop, "Shop", "'Shop'", "shop.Shop", "NotImportedHere"])
def test_what_cannot_be_none_is_refused_however_it_is_written(annotation: object) -> None:
    with pytest.raises(ServicesMissing):
        asgi.app(catalogue_with(annotation), settings=settings_of())


@pytest.mark.parametrize(
    "annotation",
    [  # as they are written in code of any age
        None, "None", Any, "Any", "t.Any", object, "object", type(None), S, "S",
        Shop | None, "Shop | None", Optional[Shop],  # noqa: UP045
        "Optional[Shop]", "MaybeShop", MaybeShop,
    ],
)  # fmt: skip
def test_what_may_be_none_is_served_without_services(annotation: object) -> None:
    assert asgi.app(catalogue_with(annotation), settings=settings_of()).endpoint.bound.functions


def test_a_function_in_the_sdks_own_style_needs_none() -> None:
    assert asgi.app(SYNC_ONLY, settings=settings_of()).endpoint.bound.functions


def test_the_way_from_before_needs_none() -> None:
    settings = settings_of(MAINSTEM_FUNCTIONS="off")
    assert asgi.app(CATALOGUE, settings=settings, old=lambda: None).endpoint.old is not None


def test_services_handed_in_are_taken() -> None:
    assert asgi.app(CATALOGUE, SHOP, settings=settings_of()).endpoint.bound.functions
