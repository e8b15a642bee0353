"""What holds for any rows, in any order, however they are split into batches."""

from collections.abc import Iterator, Sequence
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, select

from databases import empty
from mainstem.store import Database, PullRequestRow, Written, save_pull_requests, tables
from mainstem.store.upsert import Rule, fold, in_chunks

from .rows import T0, plant, pull

TEXT = st.text(max_size=8)
COUNT = st.none() | st.integers(0, 9)
OPTIONAL: dict[str, Any] = {
    "body": st.none() | TEXT,
    "additions": COUNT,
    "commits": COUNT,
    "draft": st.none() | st.booleans(),
    "author_login": st.none() | TEXT,
}
STATES = st.lists(
    st.tuples(st.integers(1, 4), st.integers(0, 50), st.fixed_dictionaries(OPTIONAL)),
    max_size=12,
    unique_by=lambda state: (state[0], state[1]),
)
EXAMPLES = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def lite(sqlite_template: Path, tmp_path: Path) -> Any:
    copy = tmp_path / "store.db"
    copy.write_bytes(sqlite_template.read_bytes())
    with Database(f"sqlite:///{copy}") as database:
        plant(database)
        yield database


@pytest.fixture
def other(postgres_url: str) -> Iterator[Database]:
    with Database(postgres_url) as database:
        plant(database)
        yield database
        database.write(empty)


def whole(number: int, minutes: int, values: dict[str, Any]) -> PullRequestRow:
    row: Any = {**pull(number, updated=T0 + timedelta(minutes=minutes)), **values}
    return row  # type: ignore[no-any-return]


def saved(db: Database, batches: Sequence[Sequence[PullRequestRow]]) -> list[Any]:
    """What is stored after the batches, starting from nothing; without our own time stamp."""

    return saved_and_told(db, batches)[0]


def saved_and_told(
    db: Database, batches: Sequence[Sequence[PullRequestRow]]
) -> tuple[list[Any], list[Written]]:
    """The same, and what each save said that it did."""

    def run(conn: Connection) -> tuple[list[Any], list[Written]]:
        table = tables.pull_requests
        conn.execute(delete(table))
        told = [save_pull_requests(conn, batch) for batch in batches]
        columns = [column for column in table.c if column.name != "row_synced_at"]
        rows = conn.execute(select(*columns).order_by(table.c.number))
        return [tuple(row) for row in rows], told

    return db.write(run)


@EXAMPLES
@given(states=STATES, data=st.data())
def test_any_order_and_any_split_of_batches_gives_the_same_rows(
    lite: Database, states: list[Any], data: st.DataObject
) -> None:
    rows = [whole(*state) for state in states]
    shuffled = data.draw(st.permutations(rows))
    size = data.draw(st.integers(1, 12))
    assert saved(lite, [rows]) == saved(lite, list(in_chunks(shuffled, size)))


@EXAMPLES
@given(states=STATES, kept=st.sets(st.sampled_from(sorted(OPTIONAL))))
def test_a_subset_of_keys_never_blanks(lite: Database, states: list[Any], kept: set[str]) -> None:
    rows = [whole(*state) for state in states]
    fewer: list[Any] = [
        {key: value for key, value in row.items() if key not in OPTIONAL or key in kept}
        for row in rows
    ]
    assert saved(lite, [rows, fewer]) == saved(lite, [rows])


@EXAMPLES
@given(states=STATES)
def test_folding_is_what_saving_one_after_another_leaves(lite: Database, states: list[Any]) -> None:
    rows = [whole(*state) for state in states]
    assert saved(lite, [rows]) == saved(lite, [[row] for row in rows])


@given(states=STATES)
def test_folding_gives_each_id_once_and_in_order(states: list[Any]) -> None:
    rule = Rule(tables.pull_requests, ("github_id",), newest_by="updated_at")
    folded = [row["id"] for row in fold(rule, [dict(whole(*state)) for state in states])]
    assert folded == sorted(set(folded))


PARTS = st.lists(
    st.lists(
        st.tuples(
            st.integers(1, 4),
            st.integers(0, 50),
            st.fixed_dictionaries(
                {},
                optional={
                    **OPTIONAL,
                    "title": TEXT,
                    "labels": st.none() | st.lists(TEXT, max_size=3),
                    "merged_at": st.none() | st.datetimes(timezones=st.just(UTC)),
                },
            ),
        ),
        max_size=5,
    ),
    max_size=4,
)


@EXAMPLES
@given(batches=PARTS)
def test_both_databases_keep_and_tell_the_same(
    lite: Database, other: Database, batches: list[Any]
) -> None:
    rows = [[whole(*state) for state in batch] for batch in batches]
    assert saved_and_told(lite, rows) == saved_and_told(other, rows)


@EXAMPLES
@given(batches=PARTS)
def test_saving_the_newest_again_changes_nothing(
    lite: Database, other: Database, batches: list[Any]
) -> None:
    rows = [whole(number, 50, values) for batch in batches for number, _, values in batch]
    for db in (lite, other):
        _, told = saved_and_told(db, [rows, rows])
        assert told[1].changed == 0
        assert told[1].unchanged == told[0].inserted
