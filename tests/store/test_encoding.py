"""What the drivers are given is what SQLAlchemy would give them."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from mainstem.store import (
    Database,
    NaiveTime,
    ids,
    save_comments,
    save_github_events,
    save_pull_requests,
    tables,
)
from mainstem.store.encoding import encoded, encoder_of

from .rows import REPO, T0, pull, pull_comment

EAST = timezone(timedelta(hours=5, minutes=30))
VALUES: list[tuple[Any, Any]] = [
    (tables.pull_requests.c.id, UUID(int=5)),
    (tables.pull_requests.c.created_at, T0),
    (tables.pull_requests.c.created_at, datetime(2024, 3, 1, 1, 2, 3, 40, EAST)),
    (tables.pull_requests.c.body, "a\x00b\ud800"),
    (tables.pull_requests.c.labels, ["é", {"b": 1, "a": None}]),
    (tables.pull_requests.c.draft, True),
    (tables.pull_requests.c.github_id, 2**60),
    (tables.workspace_metrics_history.c.metric_date, date(2024, 2, 29)),
]


@pytest.mark.parametrize(("column", "value"), VALUES)
def test_sqlite_is_given_what_sqlalchemy_gives_it(column: Any, value: Any) -> None:
    from mainstem.store.columns import dump_json

    dialect = sqlite.dialect()
    dialect._json_serializer = dump_json
    theirs = column.type.dialect_impl(dialect).bind_processor(dialect)
    ours = encoded([value, None], encoder_of(column, dialect))
    assert ours == [theirs(value) if theirs else value, None]


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()])  # type: ignore[no-untyped-call]
def test_a_time_without_a_zone_is_refused(dialect: Any) -> None:
    encoder = encoder_of(tables.pull_requests.c.created_at, dialect)
    with pytest.raises(NaiveTime, match="it has no zone"):
        encoded([datetime(2024, 1, 1)], encoder)  # noqa: DTZ001


def test_every_kind_of_value_comes_back_as_it_went_in(planted: Database) -> None:
    given: Any = {
        **pull(1, updated=datetime(2024, 3, 2, 1, 2, 3, 456_789, EAST)),
        "body": 'quote " brace { comma , back\\slash \n NULL é𝄞',
        "draft": True,
        "additions": 2**31 - 1,
        "labels": ["b", 'a"{', "é"],
        "assignees": [],
        "merged_at": None,
    }
    planted.write(save_pull_requests, [given])
    table = tables.pull_requests
    row = planted.read(lambda conn: conn.execute(select(table).where(table.c.number == 1)).one())
    assert {key: getattr(row, key) for key in given} == given
    assert row.updated_at.tzinfo is UTC


def test_a_column_of_nothing_but_null_is_stored(planted: Database) -> None:
    rows: list[Any] = [
        {**pull_comment(n, 1), "line": None, "author_id": None, "path": None} for n in range(3)
    ]
    assert planted.write(save_comments, rows).inserted == 3
    nothing: Any = {**pull(1), "labels": None, "closed_at": None, "draft": None}
    assert planted.write(save_pull_requests, [nothing]).unchanged == 1


def test_numbers_of_very_different_size_share_a_column(planted: Database) -> None:
    rows: list[Any] = [
        {**pull_comment(n + 1, 1), "in_reply_to_github_id": number}
        for n, number in enumerate([1, None, 70_000, 2**62])
    ]
    planted.write(save_comments, rows)
    column = tables.comments.c.in_reply_to_github_id
    found = planted.read(lambda conn: conn.execute(select(column)).scalars().all())
    assert set(found) == {1, None, 70_000, 2**62}


def test_documents_of_any_shape_are_stored(planted: Database) -> None:
    payloads = [{"a": [1, 2.5, None, 'x\\"{']}, [], "text", 5, None]
    rows: list[Any] = [
        {
            "id": ids.github_event_id(str(n)),
            "event_id": str(n),
            "event_type": "WatchEvent",
            "repository_id": REPO,
            "payload": payload,
            "created_at": T0,
        }
        for n, payload in enumerate(payloads)
    ]
    planted.write(save_github_events, rows)
    assert planted.write(save_github_events, rows).unchanged == len(rows)
    table = tables.github_events_cache
    question = select(table.c.payload).order_by(table.c.event_id)
    assert planted.read(lambda conn: conn.execute(question).scalars().all()) == payloads
