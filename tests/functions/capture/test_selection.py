"""Which pull requests a sync asks about, and what the caps leave out."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from mainstem.functions.capture.selection import choose_graphql_jobs, choose_rest_jobs
from mainstem.functions.services import Limits
from mainstem.store import StoredPull

NOW = datetime(2026, 5, 1, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=20)

QUIET = StoredPull(
    id=UUID(int=1),
    github_id=1,
    number=1,
    state="merged",
    created_at=LONG_AGO,
    updated_at=LONG_AGO,
    details_synced_at=NOW - timedelta(days=10),
    additions=5,
    deletions=1,
    changed_files=2,
    reviews=1,
    comments=1,
)


def many(pull: StoredPull, count: int) -> list[StoredPull]:
    return [replace(pull, id=UUID(int=n), number=n) for n in range(1, count + 1)]


@pytest.mark.parametrize(
    ("pull", "wanted"),
    [
        (QUIET, False),
        (replace(QUIET, reviews=0, comments=0), False),
        (replace(QUIET, state="open"), True),
        (replace(QUIET, details_synced_at=None), True),
        (replace(QUIET, updated_at=NOW - timedelta(days=7)), True),
        (replace(QUIET, updated_at=NOW - timedelta(days=7, seconds=1)), False),
    ],
)
def test_graphql_asks_about_the_open_the_never_captured_and_the_recently_updated(
    pull: StoredPull, wanted: bool
) -> None:
    jobs = choose_graphql_jobs([pull], priority="low", now=NOW, limits=Limits())
    assert (len(jobs.chosen) == 1) is wanted


def test_graphql_gives_open_pull_requests_high_priority_and_others_the_askers() -> None:
    pulls = [replace(QUIET, state="open"), replace(QUIET, details_synced_at=None)]
    jobs = choose_graphql_jobs(pulls, priority="low", now=NOW, limits=Limits())
    assert [job.priority for job in jobs.chosen] == ["high", "low"]


def test_graphql_reports_how_many_its_cap_leaves_out() -> None:
    pulls = many(replace(QUIET, state="open"), 70)
    jobs = choose_graphql_jobs(pulls, priority="low", now=NOW, limits=Limits())
    assert (len(jobs.chosen), jobs.left_out) == (50, 20)
    assert [job.number for job in jobs.chosen] == list(range(1, 51))


def test_rest_caps_details_at_20_and_the_others_at_50_each() -> None:
    pulls = many(replace(QUIET, additions=None, deletions=None, details_synced_at=None), 100)
    jobs = choose_rest_jobs(pulls, priority="medium", limits=Limits())
    assert [len(kind.chosen) for kind in jobs.kinds] == [20, 50, 50]
    assert [kind.left_out for kind in jobs.kinds] == [80, 50, 50]


@pytest.mark.parametrize(
    ("pull", "kinds"),
    [
        (QUIET, [0, 0, 0]),
        (replace(QUIET, additions=None, deletions=None), [1, 0, 0]),
        (replace(QUIET, additions=0, deletions=0), [1, 0, 0]),
        (replace(QUIET, changed_files=0), [1, 0, 0]),
        (replace(QUIET, details_synced_at=None), [0, 1, 1]),
        (replace(QUIET, updated_at=NOW), [0, 1, 1]),
    ],
)
def test_rest_asks_for_unknown_sizes_and_for_talk_that_may_have_changed(
    pull: StoredPull, kinds: list[int]
) -> None:
    jobs = choose_rest_jobs([pull], priority="medium", limits=Limits())
    assert [len(kind.chosen) for kind in jobs.kinds] == kinds
