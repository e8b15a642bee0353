"""What the rules rest on, shown on the SDK itself: each mistake does what its rule says of it."""

import itertools
from typing import Any

import pytest

from mainstem.catalog import EventData, GuardRail, Run, define, event
from mainstem.testing import run_handler

# The guard, which stops such runs in development, stands aside for runs with steps that fail.
UNGUARDED = {"no-such-step": ""}


class Asked(EventData, name="premises/asked"):
    """Starts the functions below."""


async def test_branches_that_share_an_id_are_given_each_others_memos() -> None:
    """The rule `step-id-in-parallel`: the right branch gets to its step first.

    Later the left one comes to its own and is given what the right one fetched; its own work is
    never done.
    """

    @define(id="shared", on=event(Asked))
    async def shared(run: Run[Asked], _: None) -> dict[str, str]:
        async def left() -> str:
            await run.step("prepare", lambda: "")
            await run.step("look up", lambda: "")
            return await run.step("fetch", lambda: "left's")

        async def right() -> str:
            return await run.step("fetch", lambda: "right's")

        first, second = await run.parallel(left, right)
        return {"left": first, "right": second}

    result = await run_handler(shared, Asked(), None, fail=UNGUARDED)
    assert result.output == {"left": "right's", "right": "right's"}


async def test_what_a_step_changes_outside_of_itself_is_lost() -> None:
    """The rule `outer-assignment-in-step`."""

    @define(id="changing", on=event(Asked))
    async def changing(run: Run[Asked], _: None) -> list[int]:
        rows: list[int] = []
        await run.step("fill", lambda: rows.append(1))
        return rows

    assert (await run_handler(changing, Asked(), None)).output == []


async def test_a_step_in_a_step_fails_for_good() -> None:
    """The rule `step-in-step`."""

    @define(id="nesting", on=event(Asked))
    async def nesting(run: Run[Asked], _: None) -> None:
        async def outer() -> None:
            await run.step("inner", lambda: None)

        await run.step("outer", outer)

    with pytest.raises(Exception, match="Nested steps are not supported"):
        await run_handler(nesting, Asked(), None)


async def test_a_step_whose_id_changes_is_what_the_guard_stops_a_run_for() -> None:
    """The rule `unstable-step-id`: without the guard the step runs until the server gives up."""
    numbers = itertools.count()

    @define(id="changing-id", on=event(Asked))
    async def changing_id(run: Run[Asked], _: None) -> None:
        await run.step(f"save-{next(numbers)}", lambda: None)

    with pytest.raises(GuardRail, match="its sequence of steps differs on replay"):
        await run_handler(changing_id, Asked(), None)


async def test_a_bare_except_around_a_step_loses_what_it_did() -> None:
    """The rule `swallowed-step-error`: the handler goes on as if the step had failed."""

    @define(id="catching", on=event(Asked))
    async def catching(run: Run[Asked], _: None) -> str:
        try:
            return await run.step("save", lambda: "saved")
        except BaseException:
            return "caught"

    result: Any = await run_handler(catching, Asked(), None)
    assert (result.output, result.step_ids) == ("caught", [])


async def test_a_value_drawn_between_steps_reaches_each_step_as_another_one() -> None:
    """The rule `nondeterminism`."""
    numbers = itertools.count()
    seen: list[int] = []

    @define(id="drawing", on=event(Asked))
    async def drawing(run: Run[Asked], _: None) -> None:
        drawn = next(numbers)
        await run.step("one", seen.append, drawn)
        await run.step("two", seen.append, drawn)

    await run_handler(drawing, Asked(), None)
    assert len(set(seen)) == 2
