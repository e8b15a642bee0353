"""Anybody's application, by its name, and its services."""

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from mainstem.serving import Application, CannotLoad, load_application
from mainstem.settings import Settings

from .house import settings_of
from .shop import CATALOGUE, SHOP, Shop

MODULE = """
import inngest
from mainstem.catalog import Catalog, cron, define, sdk_function
from mainstem.serving import Application

catalog = Catalog([])
application = Application(catalog, services="a value")
number = 3

@define(id="pack-order", on=cron("0 6 * * *"))
async def pack_order(run, services):
    return None

@sdk_function(fn_id="print-label", trigger=inngest.TriggerEvent(event="a/b"))
def print_label(ctx):
    return None

class Folder:
    catalog = catalog

def make():
    return catalog

def make_application():
    return application
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "shop_of_test.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p])
    yield tmp_path
    sys.modules.pop("shop_of_test", None)


@pytest.mark.parametrize(
    ("attribute", "services"),
    [
        ("catalog", None),
        ("Folder.catalog", None),
        ("make", None),
        ("application", "a value"),
        ("make_application", "a value"),
    ],
)
def test_a_catalogue_or_an_application_is_found_in_the_current_folder(
    here: Path, attribute: str, services: object
) -> None:
    found = load_application(f"shop_of_test:{attribute}")
    assert (len(found.catalog), found.services) == (0, services)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("shop_of_test", "not of the form module:attribute"),
        ("shop_of_tests:catalog", "there is no module 'shop_of_tests'"),
        ("shop_of_test:catalogue", "has no 'catalogue'. It has application, catalog"),
        ("shop_of_test:number", "it is a int"),
        (
            "shop_of_test:pack_order",
            "it is the definition 'pack-order'. Name the catalogue that lists it.*:application'",
        ),
        ("shop_of_test:print_label", "it is the definition 'print-label'"),
        ("shop/functions.py:catalog", "it names a file. Write it as 'shop.functions:catalog'"),
        ("./shop_of_test.py:catalog", "Write it as 'shop_of_test:catalog'"),
    ],
)
def test_a_name_that_leads_nowhere_is_told_with_the_way_out(
    here: Path, name: str, told: str
) -> None:
    with pytest.raises(CannotLoad, match=told):
        load_application(name)


def test_a_module_that_its_own_imports_break_is_not_called_missing(here: Path) -> None:
    (here / "shop_broken.py").write_text("import nowhere_to_be_found")
    with pytest.raises(ModuleNotFoundError, match="nowhere_to_be_found"):
        load_application("shop_broken:catalog")


async def test_services_may_be_a_value() -> None:
    async with Application(CATALOGUE, SHOP).opened(settings_of()) as services:
        assert services is SHOP


async def test_services_are_opened_from_the_settings_and_closed() -> None:
    seen: list[str] = []

    @asynccontextmanager
    async def opening(settings: Settings) -> AsyncIterator[Shop]:
        seen.append(settings.app_id)
        yield SHOP
        seen.append("closed")

    async with Application(CATALOGUE, opening).opened(settings_of()) as services:
        assert services is SHOP
    assert seen == ["shop", "closed"]
