from datetime import timedelta
from pathlib import Path

import pytest

from mainstem.catalog import NonRetriableError
from mainstem.functions.classify import CLASSIFY, classify_single_repository
from mainstem.functions.events import SingleClassificationRequested
from mainstem.functions.limits import ON_GITHUB, at_most
from mainstem.simulate import changes
from mainstem.testing import replay_from_every_step, run_handler

from .conftest import NOW, Stage, staged


def asked(
    stage: Stage, *, owner: str = "riverside", repo: str = "harbour"
) -> SingleClassificationRequested:
    return SingleClassificationRequested(repository_id=stage.home_id, owner=owner, repo=repo)


async def test_the_five_figures_are_read_voted_on_and_stored(stage: Stage) -> None:
    stage.keep_home()
    stage.github.world.repository.record.update(stargazers_count=12_000, forks_count=1_500)
    result = await run_handler(classify_single_repository, asked(stage), stage.services)
    tracking = stage.tracking()
    assert tracking.metrics is not None
    assert (tracking.metrics["stars"], tracking.metrics["forks"]) == (12_000, 1_500)
    assert all(value is not None for value in tracking.metrics.values())
    assert (result.output.size, tracking.size) == ("small", "small")
    assert result.output.timestamp == tracking.size_calculated_at == NOW


async def test_monthly_pull_requests_are_those_created_in_thirty_days(stage: Stage) -> None:
    stage.keep_home()
    month_ago = (NOW - timedelta(days=30)).isoformat().replace("+00:00", "Z")
    expected = sum(
        row["created_at"] >= month_ago for row in stage.github.world.repository.pulls.values()
    )
    await run_handler(classify_single_repository, asked(stage), stage.services)
    metrics = stage.tracking().metrics
    assert metrics is not None
    assert metrics["monthlyPRs"] == expected > 0


async def test_d23_pending_statistics_are_slept_on_and_asked_for_again(tmp_path: Path) -> None:
    async with staged(tmp_path / "m.db", stats_pending=1) as stage:
        stage.keep_home()
        result = await run_handler(classify_single_repository, asked(stage), stage.services)
        metrics = stage.tracking().metrics
        assert metrics is not None
        assert metrics["monthlyCommits"] is not None
    assert result.step_ids == [
        "classify-repository-1",
        "wait-for-statistics-1",
        "classify-repository-2",
    ]


async def test_d23_statistics_that_never_come_do_not_vote(tmp_path: Path) -> None:
    async with staged(tmp_path / "m.db", stats_pending=99) as stage:
        stage.keep_home()
        result = await run_handler(classify_single_repository, asked(stage), stage.services)
        metrics = stage.tracking().metrics
        assert metrics is not None
        assert metrics["monthlyCommits"] is None
        assert stage.tracking().size == result.output.size
    assert len(result.slept) == 2
    assert result.step_ids[-1] == "classify-without-statistics"


@pytest.mark.parametrize("status", [403, 404, 409])
async def test_a_server_without_statistics_leaves_the_vote_to_the_others(
    stage: Stage, status: int
) -> None:
    stage.keep_home()
    for path in ("/stats/commit_activity", "/contributors", "/pulls?"):
        stage.github.faults.answer(status, path=path, times=9, body={"message": "None here"})
    await run_handler(classify_single_repository, asked(stage), stage.services)
    metrics = stage.tracking().metrics
    assert metrics is not None
    unknown = {name for name, value in metrics.items() if value is None}
    assert unknown == {"monthlyPRs", "monthlyCommits", "activeContributors"}


async def test_a_renamed_repository_is_classified_under_its_old_name(stage: Stage) -> None:
    stage.keep_home()
    world = stage.github.world
    changes.rename_repository(world, world.repository, "riverside/haven")
    result = await run_handler(classify_single_repository, asked(stage), stage.services)
    assert stage.tracking().size == result.output.size


async def test_a_repository_that_is_gone_is_final(stage: Stage) -> None:
    stage.keep_home()
    stage.github.world.repository.refused = 404
    with pytest.raises(NonRetriableError, match="riverside/harbour"):
        await run_handler(classify_single_repository, asked(stage), stage.services)
    assert stage.tracking().size is None


async def test_another_repository_under_the_name_is_not_classified_for_ours(stage: Stage) -> None:
    other = stage.keep(77, "riverside/old-harbour")
    data = SingleClassificationRequested(repository_id=other, owner="riverside", repo="harbour")
    with pytest.raises(NonRetriableError, match="not the one stored as"):
        await run_handler(classify_single_repository, data, stage.services)


async def test_d5_a_size_that_no_row_takes_is_an_error(stage: Stage) -> None:
    stage.keep_home(tracked=False)
    with pytest.raises(NonRetriableError, match=r"it is not tracked\. Send discover"):
        await run_handler(classify_single_repository, asked(stage), stage.services)


async def test_it_may_be_interrupted_after_every_step(tmp_path: Path) -> None:
    async with staged(tmp_path / "m.db") as stage:
        stage.keep_home()
        proof = await replay_from_every_step(
            classify_single_repository,
            asked(stage),
            lambda: stage.services,
            look=lambda _: stage.tracking(),
        )
    assert proof.interrupted_after == ("classify-repository-1",)


def test_d27_it_shares_the_capture_functions_limit_on_github() -> None:
    assert at_most(1)[1] == ON_GITHUB
    assert ON_GITHUB in classify_single_repository.config.concurrency


def test_the_definitions_are_configured_as_the_reference_says() -> None:
    told = {one.id: (one.group, one.config.retries) for one in CLASSIFY}
    assert told == {
        "classify-repository-size": ("classify", 3),
        "classify-single-repository": ("classify", 3),
    }
