"""A recorded run, played to other code, shows where that would take other steps."""

from datetime import timedelta
from typing import Any

import httpx
import inngest
import pytest

from mainstem.testing import Comparison, Harness, HarnessError, Record

from .shop import PLAIN

DONE: list[str] = []


def app(
    *steps: str, fails: bool = False, **kinds: str
) -> tuple[inngest.Inngest, list[inngest.Function[Any]]]:
    """An app with one function of these steps; `nap` and `wait` are the server's.

    Steps in `kinds` come last, and are what is said there.
    """
    client = PLAIN

    async def note(step: str) -> str:
        DONE.append(step)
        return f"{step} done"

    @client.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="e"), retries=0)
    async def f(ctx: inngest.Context) -> list[Any]:
        given: list[Any] = []
        for step, kind in (*((each, each) for each in steps), *kinds.items()):
            if kind in ("nap", "sleep"):
                await ctx.step.sleep(step, timedelta(days=1))
            elif kind == "wait":
                await ctx.step.wait_for_event(step, event="never", timeout=timedelta(days=1))
            elif kind == "both":
                given += await ctx.group.parallel(
                    (
                        lambda: ctx.step.run("left", note, "l"),
                        lambda: ctx.step.run("right", note, "r"),
                    )
                )
            else:
                given.append(await ctx.step.run(step, note, step))
        if fails:
            raise LookupError(str(given))
        return given

    return client, [f]


async def record(*steps: str, days: int = 9) -> Record:
    async with Harness.open(*app(*steps)) as harness:
        run = await harness.send_one(inngest.Event(name="e", data={"n": 1}))
        await harness.advance(days=days)
        return Record.from_json(run.record().to_json())


async def play(taken: Record, *steps: str, **options: Any) -> Comparison:
    DONE.clear()
    async with Harness.open(*app(*steps, **options)) as harness:
        return await harness.replay(taken)


async def test_the_same_code_takes_the_same_steps_and_does_none_of_their_work() -> None:
    taken = await record("one", "nap", "both", "wait", "two")
    compared = await play(taken, "one", "nap", "both", "wait", "two")
    compared.assert_same_sequence()
    assert (compared.is_over, compared.output) == (True, taken.output)
    assert taken.step_ids == ["one", "nap", "left", "right", "wait", "two"]
    assert DONE == []


@pytest.mark.parametrize(
    ("steps", "first", "added", "removed", "moved"),
    [
        (("one", "new", "two"), "step 2 was 'two' in the record and is 'new' now", "new", "", ""),
        (("one",), "step 2 was 'two' in the record and is not there now", "", "two", ""),
        (("two", "one"), "step 1 was 'one' in the record and is 'two' now", "", "", "two one"),
        (("one", "two", "new"), "step 3 was not in the record and is 'new' now", "new", "", ""),
    ],
)
async def test_other_code_differs_where_it_does(
    steps: tuple[str, ...], first: str, added: str, removed: str, moved: str
) -> None:
    compared = await play(await record("one", "two"), *steps)
    assert str(compared.first_difference) == first
    told = (compared.added, compared.removed, compared.moved)
    assert [" ".join(each) for each in told] == [added, removed, moved]
    assert compared.is_guess == bool(added)
    with pytest.raises(AssertionError, match=r"recorded: one > two\n  now:      "):
        compared.assert_same_sequence()


async def test_a_step_that_is_of_another_kind_now_is_a_difference() -> None:
    compared = await play(await record("one", "nap", "wait"), "one", nap="run", wait="sleep")
    assert str(compared.first_difference) == (
        "step 2 was 'nap' (sleep) in the record and is 'nap' (run) now"
    )
    assert (compared.changed, compared.is_guess) == (("nap", "wait"), True)
    with pytest.raises(AssertionError, match="changed: nap, wait"):
        compared.assert_same_sequence()


async def test_a_step_that_a_stand_in_did_is_recorded_as_what_it_is() -> None:
    async with Harness.open(*app("nap", "wait", "two")) as harness:
        harness.stub("nap", "anything")
        harness.stub("wait", {"said": 1})
        run = await harness.send_one(inngest.Event(name="e"))
        taken = Record.from_json(run.record().to_json())
    assert [step.kind for step in taken.steps] == ["sleep", "wait", "run"]
    compared = await play(taken, "nap", "wait", "two")
    compared.assert_same_sequence()
    assert compared.is_over


async def test_a_run_that_was_under_way_is_compared_as_far_as_it_had_come() -> None:
    taken = await record("one", "nap", "two", days=0)
    compared = await play(taken, "one", "nap", "three")
    compared.assert_same_sequence()
    assert not compared.is_over


async def test_code_that_fails_on_recorded_values_is_told() -> None:
    compared = await play(await record("one"), "one", fails=True)
    assert compared.error == "LookupError: ['one done']"
    compared.assert_same_sequence()


async def test_a_run_is_read_from_the_file_of_an_engine_that_is_using_it(tmp_path: Any) -> None:
    path = tmp_path / "engine.db"
    async with Harness.open(*app("one"), path=path) as harness:
        run = await harness.send_one(inngest.Event(name="e"))
        assert await Record.from_file(path, run.id) == run.record()
    with pytest.raises(HarnessError, match="there is no such file"):
        await Record.from_file(tmp_path / "none.db", run.id)


async def test_a_run_is_read_from_what_an_engine_s_api_tells() -> None:
    async with Harness.open(*app("one", "nap", "one", "wait")) as harness:
        run = await harness.send_one(inngest.Event(name="e"))
        await harness.advance(days=1)
        url = f"http://127.0.0.1/v1/runs/{run.id}/trace"
        answer = (await harness.way_in.answer(httpx.Request("GET", url))).json()
        assert Record.from_api(answer) == run.record()
        assert run.record().step_ids == ["one", "nap", "one:1", "wait"]
    with pytest.raises(HarnessError, match=r"/v1/runs/\{run_id\}/trace"):
        Record.from_api({"data": {}})


async def test_a_function_that_is_gone_needs_its_successor_named() -> None:
    taken = await record("one")
    other = inngest.Inngest(app_id="b", is_production=False)

    @other.create_function(fn_id="g", trigger=inngest.TriggerEvent(event="e"))
    async def g(ctx: inngest.Context) -> None: ...

    async with Harness.open(other, [g]) as harness:
        with pytest.raises(HarnessError, match=r"no function 'a-f' here, only b-g\. Name the one"):
            await harness.replay(taken)
        assert (await harness.replay(taken, g)).removed == ("one",)


def test_a_text_that_is_no_record_is_refused() -> None:
    with pytest.raises(HarnessError, match=r"run\.record\(\)\.to_json\(\)"):
        Record.from_json("{}")
