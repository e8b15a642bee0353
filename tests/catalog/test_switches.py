"""Switched-off functions: still registered, and each run ends at once with its reason."""

from typing import Any

import inngest
import pytest

from mainstem.catalog import (
    Catalog,
    EventData,
    FunctionSkipped,
    Run,
    Skipped,
    Switches,
    define,
    event,
    sdk_function,
)
from mainstem.testing.server import hashed

from .endpoint import Endpoint, an_event


class Asked(EventData, name="test/asked"):
    number: int


RAN: list[str] = []


@define(id="answer", on=event(Asked))
async def answer(run: Run[Asked], services: None) -> str:
    RAN.append("answer")
    return "answered"


@define(id="ask", on=event(Asked))
async def ask(run: Run[Asked], services: None) -> str:
    try:
        return await run.invoke("answer it", answer, run.data)
    except FunctionSkipped as error:
        return f"nobody: {error.skipped.reason}"


@sdk_function(fn_id="Old_One", trigger=inngest.TriggerEvent(event="test/asked"))
def old_one(ctx: inngest.ContextSync) -> str:
    RAN.append("old")
    return "old"


CATALOG: Catalog[None] = Catalog([answer, ask, old_one])
ASKED = an_event("test/asked", {"number": 3})


def bound(switches: Switches, environment: str = "production") -> tuple[Any, Endpoint]:
    client = inngest.Inngest(app_id="shop", is_production=False)
    made = CATALOG.bind(client, None, environment=environment, switches=switches)
    return made, Endpoint(client, made.functions)


@pytest.fixture(autouse=True)
def _nothing_ran() -> None:
    RAN.clear()


async def test_a_run_of_a_switched_off_function_is_skipped_with_its_reason() -> None:
    made, app = bound(Switches(disabled=frozenset({"answer"})))
    result = await app.call("shop-answer", ASKED)
    assert (result.status_code, RAN) == (200, [])
    skipped = Skipped.from_wire(result.json())
    assert skipped == Skipped(
        "answer", "production", "function 'answer' is switched off in production"
    )
    assert made.skipped == {"answer": "function 'answer' is switched off in production"}


async def test_a_switched_off_function_stays_registered() -> None:
    made, _ = bound(Switches(disabled=frozenset({"answer"})))
    assert set(made.by_id) == {"answer", "ask", "Old_One"}
    assert made.off == {}


@pytest.mark.parametrize("function_id", ["answer", "ask", "Old_One"])
async def test_one_switch_turns_all_off(function_id: str) -> None:
    _, app = bound(Switches(is_off=True))
    result = await app.call(f"shop-{function_id}", ASKED)
    skipped = Skipped.from_wire(result.json())
    assert skipped is not None
    assert skipped.reason == "all functions are switched off in production"
    assert RAN == []


async def test_what_is_not_switched_off_runs() -> None:
    _, app = bound(Switches(disabled=frozenset({"answer"})))
    assert (await app.call("shop-Old_One", ASKED)).json() == "old"


async def test_whoever_invokes_a_switched_off_function_learns_of_it() -> None:
    _, app = bound(Switches())
    gone = Skipped("answer", "production", "function 'answer' is switched off in production")
    memo = {hashed("answer it"): {"data": gone.to_wire()}}
    result = await app.call("shop-ask", ASKED, steps=memo)
    assert result.json() == "nobody: function 'answer' is switched off in production"


@pytest.mark.parametrize(
    "result",
    [None, "x", {}, {"skipped": True}, {"skipped": {"reason": "x"}}, {"skipped": 1, "a": 2}],
)
def test_other_results_are_not_taken_for_skips(result: object) -> None:
    assert Skipped.from_wire(result) is None


def test_equal_switches_give_the_same_binding() -> None:
    client = inngest.Inngest(app_id="shop", is_production=False)
    first = CATALOG.bind(client, None, switches=Switches(disabled=frozenset({"ask"})))
    assert CATALOG.bind(client, None, switches=Switches(disabled=frozenset({"ask"}))) is first
    assert CATALOG.bind(client, None) is not first


@pytest.mark.parametrize(
    ("environment", "guard", "is_up"),
    [
        ("local", None, True),
        ("test", None, True),
        ("preview", None, False),
        ("production", None, False),
        ("production", True, True),
        ("local", False, False),
    ],
)
def test_guard_rails_are_up_in_development_unless_said_otherwise(
    environment: str, guard: bool | None, is_up: bool
) -> None:
    made, _ = bound(Switches(guard=guard), environment)
    assert made.is_guarded is is_up
