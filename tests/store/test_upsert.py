"""What every writer keeps to, proved on the tables where it shows."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from sqlalchemy import Connection, event, func, insert, select

from mainstem.errors import StoreError
from mainstem.store import (
    BadRow,
    CommentRow,
    Database,
    KeyConflict,
    PullRequestRow,
    Written,
    ids,
    save_comments,
    save_contributors,
    save_issues,
    save_pull_requests,
    save_repositories,
    save_reviews,
    tables,
)

from .rows import HOUR, REPO, T0, issue, issue_comment, person, pull, pull_comment, repo, review


def stored_pull(db: Database, number: int) -> Any:
    table = tables.pull_requests
    return db.read(lambda conn: conn.execute(select(table).where(table.c.number == number)).one())


def test_saving_counts_what_is_new_what_changed_and_what_is_the_same(planted: Database) -> None:
    rows = [pull(1), pull(2, title="Another"), pull(3)]
    assert planted.write(save_pull_requests, rows) == Written(inserted=1, updated=1, unchanged=1)
    assert planted.write(save_pull_requests, rows) == Written(unchanged=3)


def test_an_unchanged_row_is_not_rewritten(planted: Database) -> None:
    planted.write(save_pull_requests, [pull(1), pull(2, title="Another")], at=T0 + HOUR)
    assert stored_pull(planted, 1).row_synced_at == T0
    assert stored_pull(planted, 2).row_synced_at == T0 + HOUR


def test_an_absent_key_leaves_the_column_and_none_writes_null(planted: Database) -> None:
    planted.write(save_pull_requests, [{**pull(1), "body": "text", "additions": 4}])
    planted.write(save_pull_requests, [{**pull(1), "additions": None}])
    assert (stored_pull(planted, 1).body, stored_pull(planted, 1).additions) == ("text", None)


def test_a_row_may_name_only_its_key_and_what_it_knows(planted: Database) -> None:
    whole = pull(1)
    part: PullRequestRow = {
        "id": whole["id"],
        "github_id": whole["github_id"],
        "repository_id": REPO,
        "number": 1,
        "commits": 3,
    }
    assert planted.write(save_pull_requests, [part]) == Written(updated=1)
    assert (stored_pull(planted, 1).commits, stored_pull(planted, 1).title) == (3, "A change")


def test_a_row_with_nothing_but_its_key_changes_nothing(planted: Database) -> None:
    key = {k: v for k, v in pull(1).items() if k in ("id", "github_id", "repository_id", "number")}
    row = cast("PullRequestRow", key)
    assert planted.write(save_pull_requests, [row]) == Written(unchanged=1)


def test_a_new_row_that_lacks_a_column_is_refused_by_name(planted: Database) -> None:
    row = pull(9)
    del row["title"]
    with pytest.raises(BadRow, match=r"pull_requests .*number=9: it is new and lacks 'title'"):
        planted.write(save_pull_requests, [row])


@pytest.mark.parametrize("key", ["colour", "row_synced_at", "details_synced_at", "deleted_at"])
def test_a_key_that_callers_may_not_write_is_refused(planted: Database, key: str) -> None:
    with pytest.raises(BadRow, match=f"callers may not write \\['{key}'\\]"):
        planted.write(save_pull_requests, [cast("PullRequestRow", {**pull(1), key: T0})])


def test_a_row_without_its_natural_key_is_refused(planted: Database) -> None:
    with pytest.raises(BadRow, match="it has no 'github_id'"):
        planted.write(save_reviews, [cast("Any", {"id": ids.review_id(1), "state": "APPROVED"})])


def test_an_older_answer_never_overwrites_a_newer_one(planted: Database) -> None:
    old = T0 - HOUR
    planted.write(save_comments, [pull_comment(1, 1)])
    late: CommentRow = {**pull_comment(1, 1, updated=old), "body": "Was"}
    assert planted.write(save_pull_requests, [pull(1, updated=old, title="Was")]).changed == 0
    assert planted.write(save_issues, [issue(3, updated=old, title="Was")]).changed == 0
    assert planted.write(save_comments, [late]).changed == 0
    assert stored_pull(planted, 1).title == "A change"


def test_the_newest_of_the_same_row_in_one_batch_wins(planted: Database) -> None:
    newest = pull(5, updated=T0 + 2 * HOUR, title="newest")
    batch = [pull(5, title="first"), newest, pull(5, updated=T0 + HOUR, title="middle")]
    assert planted.write(save_pull_requests, batch) == Written(inserted=1)
    assert stored_pull(planted, 5).title == "newest"


def test_between_equals_the_later_wins_and_keeps_what_it_does_not_say(planted: Database) -> None:
    batch: list[PullRequestRow] = [{**pull(5), "body": "kept"}, pull(5, title="later")]
    planted.write(save_pull_requests, batch)
    assert (stored_pull(planted, 5).title, stored_pull(planted, 5).body) == ("later", "kept")


@pytest.mark.parametrize("flags", [[True, False], [False, True]])
def test_once_a_bot_always_a_bot(db: Database, flags: list[bool]) -> None:
    for flag in flags:
        db.write(save_contributors, [{**person(1), "is_bot": flag}])
    db.write(save_contributors, [{**person(2), "is_bot": flag} for flag in flags])
    table = tables.contributors
    assert db.read(lambda conn: conn.execute(select(table.c.is_bot)).scalars().all()) == [True] * 2


def test_a_renamed_account_keeps_its_row_and_its_old_login_may_be_taken(db: Database) -> None:
    db.write(save_contributors, [person(1, "ada")], at=T0)
    swapped = [person(1, "lovelace"), person(2, "ada")]
    assert db.write(save_contributors, swapped) == Written(inserted=1, updated=1)


def test_first_times_never_move(db: Database) -> None:
    db.write(save_contributors, [person(1)], at=T0)
    again = {**person(1, "renamed"), "first_seen_at": T0 - HOUR}
    db.write(save_contributors, [cast("Any", again)], at=T0 + HOUR)
    db.write(save_repositories, [repo()], at=T0)
    db.write(save_repositories, [{**repo(), "language": "C"}], at=T0 + HOUR)
    firsts = (tables.contributors.c.first_seen_at, tables.repositories.c.first_tracked_at)
    for first in firsts:
        assert db.read(scalar, select(first)) == T0


def test_one_number_claimed_by_two_things_is_an_error_that_changes_nothing(
    planted: Database,
) -> None:
    impostor: PullRequestRow = {**pull(1, updated=T0 + HOUR, title="impostor"), "github_id": 99}
    with pytest.raises(KeyConflict, match=r"github_id=99.* held by the row with github_id=5000000"):
        planted.write(save_pull_requests, [pull(8), impostor])
    assert stored_pull(planted, 1).title == "A change"
    assert planted.read(count, tables.pull_requests) == 2


def test_one_number_claimed_twice_in_a_batch_is_an_error(planted: Database) -> None:
    with pytest.raises(KeyConflict, match="github_id=99"):
        planted.write(save_pull_requests, [pull(8), {**pull(8), "github_id": 99}])


def test_a_github_id_stored_under_another_number_is_an_error(planted: Database) -> None:
    with pytest.raises(KeyConflict, match="Cannot save to pull_requests: the database found"):
        planted.write(save_pull_requests, [{**pull(8), "github_id": pull(1)["github_id"]}])


def test_a_reused_repository_name_is_an_error_in_any_case(planted: Database) -> None:
    with pytest.raises(KeyConflict, match="a name that was re-used"):
        planted.write(save_repositories, [repo(8, "OCTO", "hello")])


def test_a_row_before_its_parent_is_an_error(planted: Database) -> None:
    with pytest.raises(KeyConflict, match="a parent row is not stored yet"):
        planted.write(save_reviews, [review(1, number=77)])


def test_a_failed_save_leaves_the_callers_transaction_usable(planted: Database) -> None:
    def save_both(conn: Connection) -> None:
        with pytest.raises(StoreError):
            save_reviews(conn, [review(1, number=77)])
        save_reviews(conn, [review(2, number=1)])

    planted.write(save_both)
    assert planted.read(count, tables.reviews) == 1


def test_a_state_outside_its_set_is_refused(planted: Database) -> None:
    with pytest.raises(KeyConflict, match="outside its set"):
        planted.write(save_pull_requests, [cast("PullRequestRow", {**pull(8), "state": "OPEN"})])


def test_a_comment_has_exactly_one_parent(planted: Database) -> None:
    both = {**issue_comment(1, 3), "pull_request_id": pull(1)["id"]}
    neither = {**issue_comment(1, 3), "issue_id": None}
    for row in (both, neither):
        with pytest.raises(KeyConflict, match="one_parent"):
            planted.write(save_comments, [cast("Any", row)])


def test_comments_of_two_types_may_share_a_github_id(planted: Database) -> None:
    rows = [pull_comment(1, 1), issue_comment(1, 3)]
    assert planted.write(save_comments, rows) == Written(inserted=2)


def test_ids_beyond_32_bits_are_stored_whole(planted: Database) -> None:
    row: CommentRow = {**pull_comment(2**53, 1), "in_reply_to_github_id": 2**52}
    planted.write(save_comments, [row])
    table = tables.comments
    found = planted.read(
        lambda conn: conn.execute(select(table.c.github_id, table.c.in_reply_to_github_id)).one()
    )
    assert tuple(found) == (2**53, 2**52)


def test_a_body_of_sixty_thousand_characters_is_stored_whole(planted: Database) -> None:
    body = "é𝄞x" * 20_000
    planted.write(save_pull_requests, [{**pull(1), "body": body}])
    assert stored_pull(planted, 1).body == body


def test_nul_is_dropped_and_saving_it_again_changes_nothing(planted: Database) -> None:
    row: PullRequestRow = {**pull(1), "body": "a\x00b\ud800c"}
    assert planted.write(save_pull_requests, [row]) == Written(updated=1)
    assert stored_pull(planted, 1).body == "ab\ufffdc"
    assert planted.write(save_pull_requests, [row]) == Written(unchanged=1)


def test_a_null_author_is_stored_with_what_github_said(planted: Database) -> None:
    planted.write(save_reviews, [{**review(1, 1), "author_id": None, "author_login": "app[bot]"}])
    table = tables.reviews
    found = planted.read(
        lambda conn: conn.execute(select(table.c.author_id, table.c.author_login)).one()
    )
    assert tuple(found) == (None, "app[bot]")


def test_batches_larger_than_the_variable_limit_are_saved(planted: Database) -> None:
    rows = [pull(n) for n in range(1, 5_001)]
    assert planted.write(save_pull_requests, rows) == Written(inserted=4_998, unchanged=2)
    assert planted.read(count, tables.pull_requests) == 5_000


def test_a_batch_is_a_handful_of_statements(planted: Database) -> None:
    statements: list[str] = []

    def save_watched(conn: Connection, rows: Sequence[PullRequestRow]) -> Written:
        event.listen(
            conn, "before_cursor_execute", lambda *args: statements.append(cast("str", args[2]))
        )
        return save_pull_requests(conn, rows)

    planted.write(save_watched, [pull(n) for n in range(1, 401)])
    assert len([s for s in statements if "INSERT" in s]) <= 2
    assert len(statements) <= 5


def test_an_empty_batch_is_fine(db: Database) -> None:
    assert db.write(save_pull_requests, []) == Written()


def test_without_a_moment_the_wall_clock_is_read(db: Database) -> None:
    before = datetime.now(UTC)
    db.write(save_repositories, [repo()])
    synced = db.read(
        lambda conn: conn.execute(select(tables.repositories.c.row_synced_at)).scalar()
    )
    assert synced is not None
    assert before <= synced <= datetime.now(UTC)


def test_natural_keys_are_unique_in_the_database_itself(planted: Database) -> None:
    row = {**pull(1), "id": ids.pull_request_id(1, 1), "github_id": 1, "row_synced_at": T0}
    with pytest.raises(KeyConflict, match="Cannot write"):
        planted.write(lambda conn: conn.execute(insert(tables.pull_requests).values(row)))


def count(conn: Connection, table: Any) -> int:
    return conn.execute(select(func.count()).select_from(table)).scalar_one()


def scalar(conn: Connection, question: Any) -> Any:
    return conn.execute(question).scalar_one()
