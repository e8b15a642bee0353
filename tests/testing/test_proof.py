"""`replay_from_every_step` finds functions that an interruption would spoil."""

from dataclasses import dataclass, field

import pytest

from mainstem.catalog import EventData, Run, define, event
from mainstem.testing import ReplayDiffers, replay_from_every_step


class Ordered(EventData, name="shop/ordered"):
    order_id: int


class Packed(EventData, name="shop/packed"):
    order_id: int
    parcel: int


@dataclass
class Store:
    rows: list[int] = field(default_factory=list)

    def insert(self, order_id: int) -> int:
        self.rows.append(order_id)
        return len(self.rows)

    def upsert(self, order_id: int) -> int:
        if order_id not in self.rows:
            self.rows.append(order_id)
        return self.rows.index(order_id)


@define(id="pack-well", on=event(Ordered))
async def pack_well(run: Run[Ordered], store: Store) -> int:
    parcel = await run.step("upsert-parcel", store.upsert, run.data.order_id)
    await run.send("tell", Packed(order_id=run.data.order_id, parcel=parcel))
    return parcel


@define(id="pack-badly", on=event(Ordered))
async def pack_badly(run: Run[Ordered], store: Store) -> None:
    await run.step("insert-parcel", store.insert, run.data.order_id)


@define(id="count-badly", on=event(Ordered))
async def count_badly(run: Run[Ordered], store: Store) -> int:
    return await run.step("insert-parcel", store.insert, run.data.order_id)


async def test_a_function_that_may_be_interrupted_anywhere_passes() -> None:
    proof = await replay_from_every_step(
        pack_well, Ordered(order_id=3), Store, look=lambda store: store.rows
    )
    assert proof.interrupted_after == ("upsert-parcel", "tell")
    assert proof.undisturbed.output == 0


async def test_work_done_twice_is_found_in_what_it_leaves_behind() -> None:
    with pytest.raises(ReplayDiffers, match=r"step 'insert-parcel', left behind \[3, 3\]"):
        await replay_from_every_step(
            pack_badly, Ordered(order_id=3), Store, look=lambda store: store.rows
        )


async def test_a_result_that_depends_on_the_try_is_found() -> None:
    async def make() -> Store:
        return Store()

    with pytest.raises(ReplayDiffers, match="returned 2; undisturbed it was 1"):
        await replay_from_every_step(count_badly, Ordered(order_id=3), make)


async def test_what_is_looked_at_may_need_waiting_for() -> None:
    async def rows(store: Store) -> list[int]:
        return store.rows

    await replay_from_every_step(pack_well, Ordered(order_id=3), Store, look=rows)
