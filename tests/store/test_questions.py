"""Questions about repositories and pull requests."""

from datetime import datetime
from typing import Any

import pytest

from mainstem.store import (
    Counts,
    Database,
    NoRowWritten,
    count_by_pull,
    count_pull_requests,
    count_pulls_needing_update,
    find_pull,
    find_repository,
    find_repository_by_github_id,
    has_complete_data,
    ids,
    latest_sync_time,
    list_repositories,
    load_pulls,
    load_repository,
    mark_metadata_refreshed,
    mark_synced,
    pulls_lacking_diff,
    pulls_needing_update,
    save_comments,
    save_pull_requests,
    save_repositories,
    save_reviews,
    set_details_synced,
    table_counts,
)

from .rows import HOUR, REPO, T0, pull, pull_comment, repo, review

PULL_1, PULL_2 = (ids.pull_request_id(7, number) for number in (1, 2))
NOBODY = ids.repository_id(404)


def numbers(found: list[Any]) -> list[int]:
    return [one.number for one in found]


def test_a_repository_is_found_by_id_by_number_and_by_name_in_any_case(planted: Database) -> None:
    by_id = planted.read(load_repository, REPO)
    assert by_id is not None
    assert (by_id.full_name, by_id.stargazers_count) == ("Octo/Hello", None)
    assert planted.read(find_repository, "oCTO", "HELLO") == by_id
    assert planted.read(find_repository_by_github_id, 7) == by_id


def test_a_repository_that_is_not_stored_is_none_not_an_error(db: Database) -> None:
    assert db.read(load_repository, NOBODY) is None
    assert db.read(find_repository, "no", "body") is None
    assert db.read(latest_sync_time, NOBODY) is None


def test_repositories_are_listed_by_name_in_any_case(planted: Database) -> None:
    planted.write(save_repositories, [repo(1, "zed", "a"), repo(2, "Abe", "b")])
    names = [found.full_name for found in planted.read(list_repositories)]
    assert names == ["Abe/b", "Octo/Hello", "zed/a"]


def test_a_sync_and_a_metadata_refresh_are_two_times(planted: Database) -> None:
    planted.write(mark_synced, REPO, T0)
    planted.write(mark_metadata_refreshed, REPO, T0 + HOUR)
    found = planted.read(load_repository, REPO)
    assert found is not None
    assert (found.last_synced_at, found.metadata_refreshed_at) == (T0, T0 + HOUR)
    assert planted.read(latest_sync_time, REPO) == T0


@pytest.mark.parametrize("mark", [mark_synced, mark_metadata_refreshed])
def test_marking_an_unknown_repository_raises(planted: Database, mark: Any) -> None:
    with pytest.raises(NoRowWritten, match=f"repositories: no row has id={NOBODY}") as seen:
        planted.write(mark, NOBODY, T0)
    assert (seen.value.table, seen.value.key) == ("repositories", {"id": NOBODY})


def test_data_is_complete_with_a_pull_request_and_any_review_or_comment(planted: Database) -> None:
    assert not planted.read(has_complete_data, REPO)
    planted.write(save_reviews, [review(1, 1)])
    assert planted.read(has_complete_data, REPO)


def test_a_comment_alone_also_makes_data_complete(planted: Database) -> None:
    planted.write(save_comments, [pull_comment(1, 1)])
    assert planted.read(has_complete_data, REPO)
    assert not planted.read(has_complete_data, NOBODY)


def test_pull_requests_of_the_repository_are_counted(planted: Database) -> None:
    assert planted.read(count_pull_requests, REPO) == 2
    assert planted.read(count_pull_requests, NOBODY) == 0


def closed(number: int, updated: datetime) -> Any:
    return {**pull(number, updated=updated), "state": "closed", "closed_at": updated}


def test_open_and_recently_changed_ones_need_an_update_newest_first(planted: Database) -> None:
    rows = [closed(4, T0 + HOUR), closed(5, T0 - HOUR), pull(6, updated=T0 - 9 * HOUR)]
    planted.write(save_pull_requests, rows)
    found = planted.read(pulls_needing_update, REPO, since=T0)
    assert numbers(found) == [4, 2, 1, 6]
    assert numbers(planted.read(pulls_needing_update, REPO, since=T0, limit=2)) == [4, 2]
    assert planted.read(count_pulls_needing_update, REPO, since=T0) == 4


def test_a_pull_request_comes_with_its_counts_and_the_time_of_its_details(
    planted: Database,
) -> None:
    planted.write(save_reviews, [review(1, 1), review(2, 1)])
    planted.write(save_comments, [pull_comment(1, 1)])
    planted.write(set_details_synced, [PULL_1], T0)
    found = planted.read(find_pull, REPO, 1)
    assert found is not None
    assert (found.reviews, found.comments, found.details_synced_at) == (2, 1, T0)
    assert planted.read(find_pull, REPO, 99) is None


def test_counts_come_in_one_answer_with_zeros_for_the_unknown(planted: Database) -> None:
    planted.write(save_reviews, [review(1, 2)])
    found = planted.read(count_by_pull, [PULL_1, PULL_2, NOBODY])
    assert found == {PULL_1: Counts(0, 0), PULL_2: Counts(1, 0), NOBODY: Counts(0, 0)}


def test_details_of_a_pull_request_that_is_not_stored_cannot_be_recorded(planted: Database) -> None:
    with pytest.raises(NoRowWritten, match=f"pull_requests: no row has id={NOBODY}"):
        planted.write(set_details_synced, [PULL_1, NOBODY], T0)
    assert planted.read(load_pulls, [PULL_1, NOBODY])[PULL_1].details_synced_at is None


def test_recording_details_does_not_touch_githubs_time_or_the_rows(planted: Database) -> None:
    planted.write(set_details_synced, [PULL_1, PULL_1], T0 + HOUR)
    found = planted.read(load_pulls, [PULL_1])[PULL_1]
    assert (found.updated_at, found.details_synced_at) == (T0, T0 + HOUR)
    assert planted.write(save_pull_requests, [pull(1)]).unchanged == 1


@pytest.mark.parametrize(
    ("size", "lacking"),
    [
        ((None, None, None), True),
        ((0, 0, 3), True),
        ((0, 2, 0), True),
        ((0, 2, None), True),
        ((0, 2, 1), False),
        ((3, None, 1), False),
    ],
)
def test_a_zero_or_unknown_diff_asks_for_details(
    planted: Database, size: tuple[int | None, ...], lacking: bool
) -> None:
    additions, deletions, files = size
    row: Any = {"additions": additions, "deletions": deletions, "changed_files": files}
    planted.write(save_pull_requests, [{**pull(1), **row}])
    found = planted.read(find_pull, REPO, 1)
    assert found is not None
    assert found.lacks_diff is lacking
    assert (1 in numbers(planted.read(pulls_lacking_diff, REPO))) is lacking


def test_table_counts_name_every_table(planted: Database) -> None:
    counts = planted.read(table_counts)
    assert (counts["pull_requests"], counts["reviews"], len(counts)) == (2, 0, 25)
