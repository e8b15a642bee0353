"""`mainstem serve` for a part of a catalogue, for anybody's catalogue, and as a worker."""

from pathlib import Path

import httpx
import pytest

from .shell import call, running, stopped, until
from .test_serving import address, functions_at

CATALOGUE = """
from mainstem.catalog import Catalog, EventData, Run, define, event

class OrderPlaced(EventData, name="shop/order.placed"):
    order_id: int

@define(id="pack-order", on=event(OrderPlaced), group="warehouse", tags=("light",))
async def pack_order(run: Run[OrderPlaced], services: None) -> str:
    return "packed"

@define(id="bill-order", on=event(OrderPlaced), group="office")
async def bill_order(run: Run[OrderPlaced], services: None) -> str:
    return "billed"

catalog = Catalog([pack_order, bill_order])
"""
ANYBODYS = ("--catalog", "shop_functions:catalog")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "shop_functions.py").write_text(CATALOGUE)
    return tmp_path


def test_two_parts_of_anybodys_catalogue_stand_side_by_side_at_the_server(here: Path) -> None:
    with running(here, "engine", "--port", "0", "--no-persist") as server:
        engine = address(until(server, "Engine "))
        part = ("serve", "--port", "0", *ANYBODYS)
        variables = {"INNGEST_BASE_URL": engine, "MAINSTEM_APP_ID": "shop"}
        with (
            running(here, *part, "--group", "warehouse", **variables) as one,
            running(here, *part, "--group", "office", **variables) as other,
        ):
            for process in (one, other):
                httpx.put(address(until(process, "Endpoint ")), timeout=20).raise_for_status()
            served = {str(function["slug"]) for function in functions_at(engine)}
    assert served == {"shop-warehouse-pack-order", "shop-office-bill-order"}


def test_a_worker_registers_itself_and_says_how_it_is(here: Path) -> None:
    with running(here, "engine", "--port", "0", "--no-persist") as server:
        engine = address(until(server, "Engine "))
        with running(
            here, "serve", "--connect", "--port", "0", *ANYBODYS, INNGEST_BASE_URL=engine
        ) as worker:
            health = address(until(worker, "Health "))
            until(worker, "Ctrl-C")
            for _ in range(200):
                answer = httpx.get(health, timeout=10)
                if answer.status_code == 200:
                    break
            code, _, err = stopped(worker)
    assert (answer.json()["state"], answer.json()["functions"]) == ("connected", 2)
    assert (code, "Traceback" in err) == (0, False)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--group", "warehose"), "Write 'warehouse'"),
        (("--tag", "lite"), "Write 'light'"),
        (("--connect", "--status"), "Leave out --status"),
    ],
)
def test_what_cannot_be_served_is_refused_with_the_way_out(
    words: tuple[str, ...], told: str, here: Path
) -> None:
    done = call(here, "serve", "--port", "0", *ANYBODYS, *words)
    assert done.returncode != 0
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_anybodys_catalogue_has_its_status_page_on_request(here: Path) -> None:
    with running(here, "serve", "--port", "0", "--status", *ANYBODYS) as process:
        page = address(until(process, "Page "))
        status = httpx.get(f"{page}status.json", timeout=10).json()
        shown = httpx.get(page, timeout=10).text
        assert stopped(process)[0] == 0
    assert [one["id"] for one in status["functions"]] == ["pack-order", "bill-order"]
    assert "pack-order" in shown


def test_groups_may_be_listed_with_commas() -> None:
    from mainstem.cli.serve import names_in

    assert names_in(["figures,night", " mail "]) == {"figures", "night", "mail"}
    assert names_in(None) == frozenset()


def test_groups_with_commas_are_served_as_one_part(here: Path) -> None:
    words = ("serve", "--port", "0", *ANYBODYS, "--group", "warehouse,office")
    with running(here, *words, MAINSTEM_ENV="test", MAINSTEM_APP_ID="shop") as process:
        told = httpx.get(address(until(process, "Endpoint ")), timeout=10).json()
    assert told["function_count"] == 2
