"""Guard rails: what would fail or differ on a replay is told with its place and its mend."""

import linecache
from collections.abc import Iterator
from typing import Any

import inngest
import pytest

from mainstem.catalog import (
    Catalog,
    EventData,
    Run,
    StepError,
    Switches,
    define,
    event,
    sdk_function,
)
from mainstem.testing import run_handler
from mainstem.testing.server import hashed

from .endpoint import Endpoint, an_event


class Asked(EventData, name="test/asked"):
    number: int


class Told(EventData, name="test/told"):
    number: int


class Kept(EventData, name="test/kept"):
    number: int


SECOND_STEP = ["b"]


async def nothing() -> None: ...


def nothing_sync() -> None: ...


@define(id="sequence", on=event(Asked))
async def sequence(run: Run[Asked], services: None) -> None:
    await run.step("a", nothing)
    await run.step(SECOND_STEP[0], nothing)


@define(id="branches", on=event(Asked))
async def branches(run: Run[Asked], services: None) -> None:
    await run.parallel(
        lambda: run.step("same", nothing),
        lambda: run.step("same", nothing),
    )


@define(id="own-branches", on=event(Asked))
async def own_branches(run: Run[Asked], services: None) -> int:
    async def twice(side: str) -> None:
        await run.step(side, nothing)
        await run.step(side, nothing)

    await run.parallel(lambda: twice("left"), lambda: twice("right"))
    return run.data.number


@sdk_function(fn_id="old-sequence", trigger=inngest.TriggerEvent(event="test/asked"))
async def old_sequence(ctx: inngest.Context) -> None:
    await ctx.step.run("a", nothing)
    await ctx.step.run(SECOND_STEP[0], nothing)


@sdk_function(fn_id="old-sync", trigger=inngest.TriggerEvent(event="test/asked"))
def old_sync(ctx: inngest.ContextSync) -> None:
    ctx.step.run("a", nothing_sync)
    ctx.step.run(SECOND_STEP[0], nothing_sync)


@sdk_function(fn_id="old-branches", trigger=inngest.TriggerEvent(event="test/asked"))
async def old_branches(ctx: inngest.Context) -> None:
    await ctx.group.parallel(tuple(lambda: ctx.step.run("same", nothing) for _ in range(2)))


@sdk_function(fn_id="old-branches-sync", trigger=inngest.TriggerEvent(event="test/asked"))
def old_branches_sync(ctx: inngest.ContextSync) -> None:
    ctx.group.parallel(tuple(lambda: ctx.step.run("same", nothing_sync) for _ in range(2)))


async def fails() -> None:
    raise LookupError("no")


@define(id="caught", on=event(Asked), retries=0)
async def caught(run: Run[Asked], services: None) -> str:
    try:
        await run.parallel(lambda: run.step("a", fails), lambda: run.step("b", nothing))
    except StepError:
        await run.step("clean up", nothing)
        return "cleaned"
    return "done"


@define(id="nested", on=event(Asked))
async def nested(run: Run[Asked], services: None) -> None:
    async def inner() -> None:
        await run.parallel(lambda: run.step("l", nothing), lambda: run.step("r", nothing))

    await run.parallel(inner, inner)


@define(id="reserved", on=event(Asked))
async def reserved(run: Run[Asked], services: None) -> None:
    await run.step("mainstem:version", nothing)


@define(id="sends", on=event(Asked), sends=(Told,))
async def sends(run: Run[Asked], services: None) -> None:
    await run.send("keep it", Kept(number=1))


ALL: Catalog[None] = Catalog(
    [
        sequence,
        branches,
        own_branches,
        caught,
        nested,
        reserved,
        old_sequence,
        old_sync,
        old_branches,
        old_branches_sync,
        sends,
    ]
)
ASKED = an_event("test/asked", {"number": 3})
DONE = {hashed(step): {"data": None} for step in ("a", "b")}


@pytest.fixture(autouse=True)
def _second_step() -> Iterator[None]:
    yield
    SECOND_STEP[0] = "b"


async def call(function_id: str, *, guard: bool | None = None, **steps: Any) -> Any:
    client = inngest.Inngest(app_id="shop", is_production=False)
    bound = ALL.bind(client, None, environment="test", switches=Switches(guard=guard))
    app = Endpoint(client, bound.functions)
    return await app.call(f"shop-{function_id}", ASKED, **steps)


SEQUENCES = pytest.mark.parametrize("function_id", ["sequence", "old-sequence", "old-sync"])


@SEQUENCES
async def test_a_run_that_goes_on_as_it_began_is_let_through(function_id: str) -> None:
    assert (await call(function_id)).status_code == 206
    assert (await call(function_id, steps=dict([*DONE.items()][:1]))).status_code == 206
    assert (await call(function_id, steps=DONE)).status_code == 200


@SEQUENCES
async def test_another_step_in_the_place_of_one_that_was_done_is_told(function_id: str) -> None:
    SECOND_STEP[0] = "c"
    answer = await call(function_id, steps=DONE)
    assert (answer.status_code, answer.headers["x-inngest-no-retry"]) == (500, "true")
    message = answer.json()["message"]
    assert f"Function '{function_id}' at {__file__}:" in message
    assert "it came to step 'c' while 1 of the steps" in message
    assert "Decide by the event" in message


@SEQUENCES
async def test_the_place_is_the_line_that_takes_the_step(function_id: str) -> None:
    SECOND_STEP[0] = "c"
    message = (await call(function_id, steps=DONE)).json()["message"]
    line = int(message.partition(f"{__file__}:")[2].partition(":")[0])
    assert "SECOND_STEP[0]" in linecache.getline(__file__, line)


@SEQUENCES
async def test_a_step_that_was_done_and_is_not_asked_for_is_told(function_id: str) -> None:
    more = {**DONE, hashed("z"): {"data": None}}
    message = (await call(function_id, steps=more)).json()["message"]
    assert "it ended without asking for 1 of the steps" in message


@pytest.mark.parametrize("function_id", ["branches", "old-branches", "old-branches-sync"])
async def test_one_step_id_in_two_branches_is_told_with_its_place(function_id: str) -> None:
    answer = await call(function_id)
    message = answer.json()["message"]
    assert answer.headers["x-inngest-no-retry"] == "true"
    assert f"Function '{function_id}' at {__file__}:" in message
    assert "step 'same' is in two branches of one parallel group" in message
    assert "Give it an id of its own" in message


async def test_a_step_id_repeated_within_one_branch_is_fine() -> None:
    answer = await call("own-branches")
    assert [op["displayName"] for op in answer.json()] == ["left", "right"]
    memos = {hashed(f"{side}{n}"): {"data": None} for side in ("left", "right") for n in ("", ":1")}
    assert (await call("own-branches", steps=memos)).json() == 3


@pytest.mark.parametrize("more", [{}, {hashed("clean up"): {"data": None}}])
async def test_an_error_that_leaves_a_group_excuses_its_other_branches(more: Any) -> None:
    failed = {"error": {"name": "LookupError", "message": "no"}}
    memos = {hashed("a"): failed, hashed("b"): {"data": None}, **more}
    answer = await call("caught", steps=memos)
    assert answer.status_code == (200 if more else 206)


async def test_a_handler_that_catches_a_failed_branch_runs_to_its_end_in_a_test() -> None:
    result = await run_handler(caught, Asked(number=1), None)
    assert result.output == "cleaned"
    assert result.step_ids == ["a", "b", "clean up"]


async def test_one_step_id_in_groups_of_two_branches_is_told() -> None:
    message = (await call("nested")).json()["message"]
    assert "step 'l' is in two branches of one parallel group" in message


async def test_an_id_of_mainstems_own_is_refused() -> None:
    message = (await call("reserved")).json()["message"]
    assert "has an id that Mainstem keeps for itself" in message


async def test_an_event_that_is_not_declared_is_told() -> None:
    answer = await call("sends")
    message = answer.json()["message"]
    assert answer.headers["x-inngest-no-retry"] == "true"
    assert "'keep it' of function 'sends' sends Kept, and the definition declares Told" in message


@pytest.mark.parametrize("function_id", ["sequence", "old-sync", "branches"])
async def test_without_guard_rails_nothing_is_watched(function_id: str) -> None:
    SECOND_STEP[0] = "c"
    assert (await call(function_id, guard=False, steps=DONE)).status_code == 206
