from dataclasses import replace
from datetime import timedelta

import pytest

from mainstem import store
from mainstem.catalog import NonRetriableError
from mainstem.engine.expressions import key_of
from mainstem.functions.events import History, NewRepositoryDiscovered, SyncReason, Via
from mainstem.functions.services import Services
from mainstem.functions.update import discover_new_repository
from mainstem.functions.update.discovery import check_name
from mainstem.functions.update.repository_row import repository_row
from mainstem.github import UNSET, RequestFailed
from mainstem.simulate import changes
from mainstem.testing import RunResult, replay_from_every_step, run_handler

from .conftest import NOW, Stage

CLASSIFY = "classify/repository.single"
SYNC, REST_SYNC = "capture/repository.sync.graphql", "capture/repository.sync"
ISSUES = "capture/repository.issues"


def asked(
    owner: str = "riverside",
    repo: str = "harbour",
    *,
    history: History = "recent",
    via: Via = "graphql",
) -> NewRepositoryDiscovered:
    return NewRepositoryDiscovered(owner=owner, repo=repo, history=history, via=via)


def names(result: RunResult[object]) -> list[str]:
    return [sent.name for sent in result.sent]


def held(stage: Stage) -> dict[str, int]:
    counts = stage.database.read(store.table_counts)
    return {name: count for name, count in counts.items() if count}


async def test_a_new_repository_is_stored_tracked_classified_and_synced(stage: Stage) -> None:
    result = await run_handler(discover_new_repository, asked(), stage.services)
    stored = stage.database.read(store.load_repository, stage.home_id)
    assert stored is not None
    assert stored.full_name == "riverside/harbour"
    assert stage.tracking().priority == "high"
    assert names(result) == [CLASSIFY, SYNC]
    assert (result.output.status, result.output.repository_id) == ("discovered", stage.home_id)


async def test_what_follows_carries_what_it_needs(stage: Stage) -> None:
    classify, sync = (await run_handler(discover_new_repository, asked(), stage.services)).sent
    assert classify.data == {
        "repositoryId": str(stage.home_id),
        "owner": "riverside",
        "repo": "harbour",
    }
    assert (sync.data["days"], sync.data["priority"]) == (30, "high")
    assert (sync.data["reason"], sync.data["history"]) == (SyncReason.DISCOVERY.value, "recent")


@pytest.mark.parametrize(("via", "sync"), [("graphql", SYNC), ("rest", REST_SYNC)])
async def test_one_event_starts_a_full_capture_over_either_path(
    stage: Stage, via: Via, sync: str
) -> None:
    data = asked(history="full", via=via)
    result = await run_handler(discover_new_repository, data, stage.services)
    # Over GraphQL one run reads both: a refresh of the two together costs less than two.
    expected = [CLASSIFY, sync] if via == "graphql" else [CLASSIFY, sync, ISSUES]
    assert names(result) == expected
    assert result.sent[1].data["history"] == "full"
    if via == "graphql":
        assert result.sent[1].data["withIssues"] is True
    else:
        assert (result.sent[2].data["history"], result.sent[2].data["via"]) == ("full", via)
    assert result.output.started == tuple(expected)


async def test_a_known_repository_is_only_synced(stage: Stage) -> None:
    await run_handler(discover_new_repository, asked(), stage.services)
    before = held(stage)
    again = await run_handler(discover_new_repository, asked(), stage.services)
    assert (names(again), again.output.status) == ([SYNC], "existing")
    assert held(stage) == before == {"repositories": 1, "tracked_repositories": 1}


async def test_names_are_one_in_any_case(stage: Stage) -> None:
    await run_handler(discover_new_repository, asked(), stage.services)
    again = await run_handler(
        discover_new_repository, asked("Riverside", "HARBOUR"), stage.services
    )
    assert (again.output.status, again.output.repository) == ("existing", "riverside/harbour")


async def test_a_full_capture_started_again_classifies_only_what_has_no_class(
    stage: Stage,
) -> None:
    full = asked(history="full")
    await run_handler(discover_new_repository, full, stage.services)
    unclassified = await run_handler(discover_new_repository, full, stage.services)
    stage.database.write(store.save_classification, stage.home_id, size="small", metrics={}, at=NOW)
    classified = await run_handler(discover_new_repository, full, stage.services)
    assert names(unclassified) == [CLASSIFY, SYNC]
    assert names(classified) == [SYNC]


async def test_a_renamed_repository_keeps_its_row_and_takes_its_new_name(stage: Stage) -> None:
    await run_handler(discover_new_repository, asked(), stage.services)
    world = stage.github.world
    changes.rename_repository(world, world.repository, "riverside/haven")
    stage.clock.pass_(timedelta(hours=1))
    by_new = await run_handler(discover_new_repository, asked(repo="haven"), stage.services)
    by_old = await run_handler(discover_new_repository, asked(), stage.services)
    assert (by_new.output.status, by_new.output.repository) == ("existing", "riverside/haven")
    assert (by_old.output.status, by_old.output.repository) == ("existing", "riverside/haven")
    assert held(stage)["repositories"] == 1


async def test_a_name_taken_over_from_a_stored_repository_is_explained(stage: Stage) -> None:
    stage.keep(77, "riverside/harbour")
    with pytest.raises(NonRetriableError, match="deleted or renamed is still stored under"):
        await run_handler(discover_new_repository, asked(), stage.services)


async def test_a_repository_that_does_not_exist_is_final_and_leaves_nothing(stage: Stage) -> None:
    with pytest.raises(NonRetriableError, match="riverside/nowhere"):
        await run_handler(discover_new_repository, asked(repo="nowhere"), stage.services)
    assert held(stage) == {}


async def test_trouble_at_github_is_worth_another_try(stage: Stage) -> None:
    stage.github.faults.answer(409, path="/repos/riverside/harbour", body={"message": "Busy"})
    with pytest.raises(RequestFailed):
        await run_handler(discover_new_repository, asked(), stage.services)
    result = await run_handler(discover_new_repository, asked(), stage.services)
    assert result.output.status == "discovered"


@pytest.mark.parametrize(
    ("owner", "repo"),
    [
        ("a/b", "c"),
        ("..", "c"),
        ("a", ".."),
        ("a", "."),
        ("a", "b/c"),
        ("-a", "b"),
        ("a" * 40, "b"),
    ],
)
def test_a_name_that_github_cannot_have_is_refused(owner: str, repo: str) -> None:
    with pytest.raises(NonRetriableError, match=r"that is no name GitHub gives\. Expected"):
        check_name(owner, repo)


@pytest.mark.parametrize(("owner", "repo"), [("a", "b"), ("jo_acme", ".github"), ("A-1", "x.y_z-")])
def test_a_name_that_github_may_have_is_accepted(owner: str, repo: str) -> None:
    check_name(owner, repo)


async def test_d9_a_discovery_is_no_sync_and_starts_no_cool_down(stage: Stage) -> None:
    await run_handler(discover_new_repository, asked(), stage.services)
    stored = stage.database.read(store.load_repository, stage.home_id)
    assert stored is not None
    assert stored.last_synced_at is None
    assert stored.metadata_refreshed_at == stored.first_tracked_at == NOW


async def test_d1_d19_it_may_be_interrupted_after_every_step(stage: Stage) -> None:
    def emptied() -> Services:
        stage.empty("repositories")
        return stage.services

    proof = await replay_from_every_step(
        discover_new_repository, asked(), emptied, look=lambda _: held(stage)
    )
    assert proof.undisturbed.output.status == "discovered"
    assert len(proof.interrupted_after) == 3


def test_d12_the_concurrency_key_tells_repositories_apart() -> None:
    (limit,) = discover_new_repository.config.concurrency
    assert (limit.limit, discover_new_repository.config.retries) == (10, 2)
    assert limit.key is not None
    names = [("a", "b"), ("ab", ""), ("a-b", "c"), ("a", "b-c")]
    keys = {key_of(limit.key, {"data": {"owner": o, "repo": r}}) for o, r in names}
    assert len(keys) == len(names)
    assert "a/b" in str(keys)


async def test_the_row_leaves_out_what_github_did_not_say(stage: Stage) -> None:
    told = await stage.services.github.repository("riverside", "harbour")
    bare = repository_row(replace(told, homepage=UNSET, topics=UNSET, description=None))
    assert not {"homepage", "topics"} & bare.keys()
    assert bare["description"] is None
    assert isinstance(repository_row(told).get("topics", []), list)
