"""Versions: which one a run takes, and that it stays with it to its end."""

from collections.abc import Mapping
from typing import Any

import inngest
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstem.catalog import (
    Catalog,
    Definition,
    EventData,
    Run,
    Switches,
    Version,
    define,
    event,
    rollout,
)
from mainstem.catalog.rollout import choose, position, value_at
from mainstem.errors import CatalogError, DefinitionError
from mainstem.testing.server import hashed

from .endpoint import Endpoint, an_event


class Asked(EventData, name="test/asked"):
    number: int
    repository_id: str = ""
    workspace_id: str | None = None


async def second(run: Run[Asked], services: None) -> str:
    await run.step("work", lambda: None)
    return f"second, {run.version}"


async def third(run: Run[Asked], services: None) -> str:
    return f"third, {run.version}"


def function(*versions: Version[Asked], version: str = "1") -> Definition[Asked, None, str]:
    @define(id="answer", on=event(Asked), version=version, versions=versions)
    async def answer(run: Run[Asked], services: None) -> str:
        await run.step("work", lambda: None)
        return f"first, {run.version}"

    return answer


BY_REPOSITORY = "event.data.repositoryId"
PIN = hashed("mainstem:version")
WORK = {hashed("work"): {"data": None}}


def half(share: float = 0.5) -> Version[Asked]:
    return Version("2", second, rollout(share, by=BY_REPOSITORY))


def endpoint(definition: Any, switches: Switches | None = None) -> Endpoint:
    client = inngest.Inngest(app_id="shop", is_production=False)
    bound = Catalog([definition]).bind(client, None, switches=switches or Switches())
    return Endpoint(client, bound.functions)


def asked(repository: str) -> dict[str, Any]:
    return an_event("test/asked", {"number": 1, "repositoryId": repository})


async def memo_of(app: Endpoint, repository: str) -> dict[str, Any]:
    """What a new run's version step gives for a repository."""
    answer = await app.call("shop-answer", asked(repository))
    assert answer.status_code == 206
    [op] = answer.json()
    assert (op["id"], op["displayName"]) == (PIN, "mainstem:version")
    memo: dict[str, Any] = op["data"]
    return memo


async def test_a_new_run_takes_its_version_in_a_step_that_says_why() -> None:
    app = endpoint(function(half()))
    memo = await memo_of(app, "octo/hello")
    at = position("answer", "octo/hello")
    assert memo == {
        "version": "2" if at < 0.5 else "1",
        "share": 0.5,
        "by": BY_REPOSITORY,
        "position": round(at, 6),
    }


async def test_the_same_key_is_always_on_the_same_side_and_both_sides_occur() -> None:
    app = endpoint(function(half()))
    taken = [(await memo_of(app, f"octo/{n}"))["version"] for n in range(20)]
    again = [(await memo_of(app, f"octo/{n}"))["version"] for n in range(20)]
    assert taken == again
    assert set(taken) == {"1", "2"}


async def held(app: Endpoint, label: str, steps: Mapping[str, Any] | None = None) -> Any:
    pinned = {PIN: {"data": {"version": label}}, **(WORK if steps is None else steps)}
    return await app.call("shop-answer", asked("octo/hello"), steps=pinned)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
@pytest.mark.parametrize(("label", "told"), [("1", "first, 1"), ("2", "second, 2")])
async def test_a_run_ends_on_its_version_whatever_the_share_is_now(
    share: float, label: str, told: str
) -> None:
    assert (await held(endpoint(function(half(share))), label)).json() == told


async def test_a_run_stays_on_its_version_after_that_became_the_functions_own() -> None:
    @define(id="answer", on=event(Asked), version="2")
    async def answer(run: Run[Asked], services: None) -> str:
        return f"own, {run.version}"

    assert (await held(endpoint(answer), "2", {})).json() == "own, 2"


async def test_a_run_whose_version_is_gone_fails_saying_how_to_bring_it_back() -> None:
    answer = await held(endpoint(function()), "2")
    assert answer.status_code == 500
    assert "x-inngest-no-retry" not in answer.headers
    assert "began on version '2'" in answer.json()["message"]
    assert "Version('2', …, rollout(0))" in answer.json()["message"]


async def test_a_run_that_began_before_there_were_versions_ends_on_the_functions_own() -> None:
    answer = await endpoint(function(half(1))).call("shop-answer", asked("octo/hello"), steps=WORK)
    assert answer.json() == "first, 1"


async def test_without_a_share_a_run_is_held_all_the_same() -> None:
    memo = await memo_of(endpoint(function(half(0))), "octo/hello")
    assert (memo["version"], memo["share"]) == ("1", 1.0)


async def test_a_run_whose_first_request_failed_is_chosen_like_any_other() -> None:
    app = endpoint(function(half(1)))
    answer = await app.call("shop-answer", asked("octo/hello"), attempt=1)
    assert [op["data"]["version"] for op in answer.json()] == ["2"]


async def test_after_a_promotion_older_runs_end_on_the_version_that_is_named() -> None:
    older = Version("1", second, rollout(0, by=BY_REPOSITORY))

    @define(id="answer", on=event(Asked), version="2", versions=[older], unpinned="1")
    async def answer(run: Run[Asked], services: None) -> str:
        return f"own, {run.version}"

    done = await endpoint(answer).call("shop-answer", asked("octo/hello"), steps=WORK)
    assert done.json() == "second, 1"


async def test_switches_change_a_share_without_the_definition() -> None:
    everyone = Switches(shares={"answer": {"2": 1.0}})
    memo = await memo_of(endpoint(function(half(0)), everyone), "octo/hello")
    assert (memo["version"], memo["share"]) == ("2", 1.0)


async def test_rollouts_switched_off_keep_new_runs_on_the_functions_own() -> None:
    memo = await memo_of(endpoint(function(half(1)), Switches(rollouts_off=True)), "octo/hello")
    assert memo["version"] == "1"


async def test_an_event_without_the_key_stays_on_the_functions_own() -> None:
    other = Version("2", second, rollout(1, by="event.data.workspaceId"))
    memo = await memo_of(endpoint(function(other)), "octo/hello")
    assert (memo["version"], memo["position"]) == ("1", None)


def test_a_key_that_no_event_has_is_refused_with_the_nearest() -> None:
    with pytest.raises(DefinitionError, match=r"'event.data.repository_id'.*'repositoryId'"):
        function(Version("2", second, rollout(1, by="event.data.repository_id")))


async def test_without_a_key_each_run_is_chosen_by_its_own_id() -> None:
    memo = await memo_of(endpoint(function(Version("2", second, rollout(0.5)))), "octo/hello")
    assert memo["by"] == "run id"
    assert memo["position"] == round(position("answer", "run-1"), 6)


def test_a_binding_tells_the_share_of_every_version() -> None:
    client = inngest.Inngest(app_id="shop", is_production=False)
    versions = (half(0.25), Version("3", third, rollout(0.25, by=BY_REPOSITORY)))
    bound = Catalog([function(*versions)]).bind(
        client, None, switches=Switches(shares={"answer": {"3": 0.5}})
    )
    assert bound.shares == {"answer": {"1": 0.25, "2": 0.25, "3": 0.5}}


async def returns_a_number(run: Run[Asked], services: None) -> int:
    return 1


def plain(run: Run[Asked], services: None) -> Any: ...


@pytest.mark.parametrize(
    ("versions", "told"),
    [
        ([half(), half()], "two versions share a label"),
        ([Version("1", second, rollout(0.1))], "two versions share a label"),
        ([Version("a b", second, rollout(0.1))], "a version is called 'a b'"),
        ([half(0.6), Version("3", third, rollout(0.6, by=BY_REPOSITORY))], "add up to 1.2"),
        ([half(), Version("3", third, rollout(0.1))], "rolled out by different keys"),
        ([Version("2", returns_a_number, rollout(0.1))], "version '2' returns int"),
        ([Version("2", plain, rollout(0.1))], "version '2' is not a coroutine function"),
    ],
)
def test_versions_that_contradict_each_other_are_refused(
    versions: list[Version[Asked]], told: str
) -> None:
    with pytest.raises(DefinitionError, match=told):
        function(*versions)


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_is_from_nothing_to_all(share: float) -> None:
    with pytest.raises(DefinitionError, match="expected a share from 0 to 1"):
        rollout(share)


@pytest.mark.parametrize("path", ["data.x", "event.data", "event.data.a-b", "event.ts", "event"])
def test_a_key_is_a_path_in_the_event(path: str) -> None:
    with pytest.raises(DefinitionError, match="expected a path such as"):
        rollout(0.1, by=path)


@pytest.mark.parametrize(
    ("shares", "told"),
    [
        ({"answers": {"2": 0.1}}, "did you mean 'answer'"),
        ({"answer": {"3": 0.1}}, "version of 'answer' '3'"),
        ({"answer": {"2": 1.5}}, "add up to 1.5"),
    ],
)
def test_switches_for_what_does_not_exist_stop_the_start(
    shares: dict[str, dict[str, float]], told: str
) -> None:
    with pytest.raises(CatalogError, match=told):
        endpoint(function(half()), Switches(shares=shares))


@given(st.text(), st.floats(0, 1), st.floats(0, 1))
def test_a_share_that_grows_moves_keys_to_the_version_and_never_back(
    key: str, smaller: float, larger: float
) -> None:
    smaller, larger = sorted((smaller, larger))
    at = position("answer", key)
    assert 0 <= at < 1
    if choose([("2", smaller)], at) == "2":
        assert choose([("2", larger)], at) == "2"


def test_positions_are_spread_evenly() -> None:
    taken = sum(position("answer", str(n)) < 0.1 for n in range(10_000))
    assert 900 < taken < 1100


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("event.id", "e"),
        ("event.data.a.b", 1),
        ("event.data.a.c", None),
        ("event.data.a.b.c", None),
    ],
)
def test_a_path_is_followed_as_far_as_it_goes(path: str, value: object) -> None:
    assert value_at(path, {"id": "e", "data": {"a": {"b": 1}}}) == value
