"""What a database holds."""

from mainstem.store import Database, database_stats, ids, mark_deleted, table_counts

from .rows import REPO_GITHUB_ID, T0


def test_stats_count_rows_and_what_is_gone(planted: Database) -> None:
    planted.write(mark_deleted, "pull_request", ids=[ids.pull_request_id(REPO_GITHUB_ID, 1)], at=T0)
    found = planted.read(database_stats)
    assert {name: each.rows for name, each in found.tables.items()} == planted.read(table_counts)
    assert found.tables["pull_requests"].deleted == 1


def test_stats_tell_when_a_table_was_last_written(planted: Database) -> None:
    found = planted.read(database_stats).tables
    assert found["pull_requests"].newest == T0
    assert found["reviews"].newest is None


def test_stats_tell_sizes_and_the_server(planted: Database) -> None:
    found = planted.read(database_stats)
    size = found.tables["pull_requests"].size_bytes
    assert found.size_bytes > 100_000
    assert size is None or 0 < size < found.size_bytes
    assert found.dialect == planted.dialect
    assert found.server
