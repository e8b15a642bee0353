"""What becomes of a run when the app, or the engine, is gone in the middle of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from mainstem.engine import RunStatus, StepStatus

from ..house import serving  # noqa: TID252  the helper of the room above
from .conftest import AppOf
from .shop import NO_ENGINE, Door, Node, Shop, opened

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session", params=["v4", "v4-buffered", "v3"])
async def mortal(
    request: pytest.FixtureRequest, app_folder: Path, tmp_path: Path
) -> AsyncIterator[Shop]:
    """An app of this test alone, to be killed."""
    door = Door(NO_ENGINE)
    async with serving(door) as origin:
        node = Node(app_folder, request.param, origin, tmp_path / "ledger")
        try:
            await node.start()
            async with opened(node, door) as shop:
                yield shop
        finally:
            node.kill()


async def test_a_run_goes_on_when_its_app_was_killed_between_two_steps(mortal: Shop) -> None:
    event_id = await mortal.send("shop/held", {"hold": [60_000]})
    (run,) = mortal.engine.runs(event=event_id)
    await mortal.until_ran(2, run.id)
    mortal.node.kill()
    await mortal.settle()
    await mortal.node.start()
    ended = await mortal.finish(event_id)
    assert (ended.status, ended.output) == (RunStatus.COMPLETED, "last")
    assert [(step.name, step.status) for step in ended.steps] == [
        (name, StepStatus.COMPLETED) for name in ("first", "held", "last")
    ]
    # What was in the app's buffer, and the step that it died in, ran again; nothing else did.
    lost = ["first", "held"] if mortal.variant == "v4-buffered" else ["held"]
    assert mortal.node.ran(run.id) == ["first", "held", *lost, "last"]


@pytest.mark.parametrize("mortal", ["v4"], indirect=True)
async def test_every_run_ends_when_the_app_is_killed_under_load(mortal: Shop) -> None:
    ids = await mortal.send_all("shop/sequence", [{}] * 15)
    await mortal.until_ran(10)
    mortal.node.kill()
    await mortal.settle()
    await mortal.node.start()
    runs = [await mortal.finish(event_id) for event_id in ids]
    assert [run.output for run in runs] == [["a", "b", "c"]] * 15
    assert all([step.name for step in run.steps] == ["a", "b", "c"] for run in runs)


@pytest.mark.parametrize("variant", ["v4", "v4-classic"])
async def test_an_app_that_outlives_its_engine_is_not_taken_for_the_one_called_again(
    variant: str, app_of: AppOf, tmp_path: Path
) -> None:
    node, door = await app_of(variant)
    file = str(tmp_path / "engine.db")
    async with opened(node, door, path=file) as shop:
        event_id = await shop.send("shop/held", {"hold": [100, 200]})
        (run,) = shop.engine.runs(event=event_id)
        await shop.until_ran(2, run.id)
    async with opened(node, door, path=file) as shop:
        ended = await shop.finish(event_id)
    assert (ended.status, ended.output) == (RunStatus.COMPLETED, "last")
    assert [step.name for step in ended.steps] == ["first", "held", "last"]
    assert node.ran(run.id) == ["first", "held", "held", "last"]
    statuses = [each.status for each in door.checkpoints()]
    assert statuses == ([409, 200, 200] if variant == "v4" else [])
