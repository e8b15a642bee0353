"""A function that was renamed goes on answering for its older ids and starts nothing there."""

from typing import Any

import inngest
import pytest

from mainstem.catalog import Catalog, EventData, Run, cron, define, event, sdk_function
from mainstem.errors import DefinitionError, DuplicateDefinition
from mainstem.testing.server import hashed

from .endpoint import Endpoint, an_event


class Asked(EventData, name="test/asked"):
    number: int


@define(id="new-name", on=event(Asked), previous_ids=("old-name", "older-name"), retries=2)
async def renamed(run: Run[Asked], services: None) -> int:
    return await run.step("count", lambda: run.data.number)


def bound(*definitions: Any) -> Any:
    client = inngest.Inngest(app_id="shop", is_production=False)
    return Catalog(definitions).bind(client, None)


@pytest.mark.parametrize("function_id", ["new-name", "old-name", "older-name"])
async def test_a_run_that_began_under_any_of_its_ids_ends(function_id: str) -> None:
    made = bound(renamed)
    answer = await Endpoint(made.client, made.functions).call(
        f"shop-{function_id}",
        an_event("test/asked", {"number": 3}),
        steps={hashed("count"): {"data": 3}},
    )
    assert (answer.status_code, answer.json()) == (200, 3)


def test_an_older_id_is_registered_with_the_limits_and_without_the_triggers() -> None:
    made = bound(renamed)
    assert [one.local_id for one in made.functions] == ["new-name", "old-name", "older-name"]
    config = made.functions[1].get_config("http://x").main.model_dump(mode="json")
    assert config["triggers"] == [{"event": "mainstem/retired", "expression": "false"}]
    assert config["steps"]["step"]["retries"] == {"attempts": 2}
    assert config["name"] == "new-name (was old-name)"
    assert list(made.by_id) == ["new-name"]
    assert made.definition_of(made.functions[2]) is renamed


def test_a_batch_is_not_collected_under_an_older_id() -> None:
    @define(id="new", on=event(Asked), previous_ids=("old",), batch=inngest.Batch(max_size=9))
    async def batched(run: Run[Asked], services: None) -> None: ...

    assert bound(batched).functions[1].get_config("http://x").main.batch_events is None


def test_an_older_id_can_not_be_somebodys_present_one() -> None:
    @sdk_function(fn_id="old-name", trigger=inngest.TriggerEvent(event="test/asked"))
    async def another(ctx: inngest.Context) -> None: ...

    with pytest.raises(DuplicateDefinition, match=r"'old-name'.*defined twice"):
        Catalog([renamed, another])


def test_two_functions_can_not_have_had_one_id() -> None:
    @define(id="heir", on=cron("0 1 * * *"), previous_ids=("old-name",))
    async def heir(run: Run[Any], services: None) -> None: ...

    with pytest.raises(DuplicateDefinition, match="'old-name'"):
        Catalog([renamed, heir])


def test_its_present_id_is_no_older_one() -> None:
    with pytest.raises(DefinitionError, match="previous_ids names 'same', which is its id"):

        @define(id="same", on=event(Asked), previous_ids=("same",))
        async def same(run: Run[Asked], services: None) -> None: ...
