"""A catalogue of ours on a harness: typed events, services, stand-ins."""

from dataclasses import dataclass, field
from datetime import timedelta

from mainstem.catalog import Catalog, EventData, Run, define, event
from mainstem.testing import Harness, SyncHarness


class Ordered(EventData, name="shop/ordered"):
    order_id: int


class Packed(EventData, name="shop/packed"):
    order_id: int
    parcel: int


@dataclass(frozen=True)
class Parcel:
    number: int


@dataclass
class Store:
    packed: list[int] = field(default_factory=list)

    def pack(self, order_id: int, *, note: str) -> Parcel:
        self.packed.append(order_id)
        return Parcel(number=order_id + 100)


@define(id="pack-order", on=event(Ordered))
async def pack_order(run: Run[Ordered], store: Store) -> Parcel:
    parcel = await run.step("pack", store.pack, run.data.order_id, note="soft")
    await run.sleep("wait", timedelta(days=2))
    await run.send("tell", Packed(order_id=run.data.order_id, parcel=parcel.number))
    return parcel


CATALOG: Catalog[Store] = Catalog([pack_order])


async def test_a_catalogue_is_opened_with_services_of_the_test() -> None:
    store = Store()
    async with Harness.for_catalog(CATALOG, store) as harness:
        run = await harness.send_one(Ordered(order_id=3))
        assert await run.result(within=timedelta(days=2)) == {"number": 103}
        assert run.steps["pack"].inputs == (3, "soft")
        harness.assert_sent("shop/packed", {"orderId": 3, "parcel": 103})
    assert store.packed == [3]


async def test_a_stand_in_gives_a_value_of_the_step_s_type_and_gets_its_arguments() -> None:
    async with Harness.for_catalog(CATALOG, Store()) as harness:
        pack = harness.stub("pack", lambda order_id, *, note: Parcel(number=order_id))
        run = await harness.send_one(Ordered(order_id=3))
        assert await run.result(within=timedelta(days=2)) == {"number": 3}
        assert pack.calls == [(3, "soft")]


def test_plain_tests_open_catalogues_too() -> None:
    with SyncHarness.for_catalog(CATALOG, Store()) as harness:
        run = harness.send_one(Ordered(order_id=1))
        assert run.result(within=timedelta(days=3)) == {"number": 101}
