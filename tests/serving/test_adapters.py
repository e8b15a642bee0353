"""Every adapter serves every kind of function, for real: registered, called, completed."""

import pytest

from .hosts import HOSTS, hosted
from .house import house
from .shop import CATALOGUE, SHOP


@pytest.mark.parametrize("environment", ["local", "production"])
@pytest.mark.parametrize("adapter", HOSTS)
async def test_each_function_completes(adapter: str, environment: str) -> None:
    async with house(environment) as there, hosted(adapter, CATALOGUE, SHOP, there.settings) as url:
        await there.register(url)
        placed = await there.runs_of("shop/order.placed", {"orderId": 7})
        packed = await there.runs_of("shop/order.packed", {"orderId": 7})
        lost = await there.runs_of("shop/order.lost", {"orderId": 8})
        there.engine.invoke("shop-count-stock", None)
        await there.engine.wait_idle(timeout=20)
        ended = {run.function_id: (str(run.status), run.output) for run in there.engine.runs()}
    assert {name: run.output for name, run in placed.items()} == {
        "shop-pack-order": "The shop packed 7",
        "shop-write-invoice": "invoice 7",
        "shop-print-label": "label 7",
    }
    assert packed["shop-greet-customer"].output == "anew"
    assert "order 8 is nowhere" in str(lost["shop-find-lost-order"].output)
    assert "shop-find-lost-order-failure" in ended
    assert ended["shop-count-stock"][1] == 3
