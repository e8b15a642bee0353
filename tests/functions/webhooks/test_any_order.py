"""However a pull request's deliveries are ordered, and however often they come: the same rows."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

import databases
from mainstem.functions.capture.rows import Rows
from mainstem.functions.capture.storing import store_batch
from mainstem.functions.home import Home
from mainstem.functions.webhooks.applying import apply_told
from mainstem.github.webhooks import PullTold, delivery_of, read_told
from mainstem.simulate import Delivery, World, changes, follow, generate
from mainstem.store import Database, ids, tables, track_repository

from .posting import NOW, OWN_TIMES, save_home

COMPUTED = {"mergeable", "mergeable_state", "deleted_at"}


@cache
def history() -> tuple[World, tuple[Delivery, ...]]:
    """What a pull request's life told, from its opening to its end, each word of it at its time."""
    world = generate(3, 4)
    home, told = world.repository, list[Delivery]()
    stop = follow(world, told.append)
    people = list(world.users)
    author, reader, other = people[:3]
    number = changes.open_pull(home, "A new quay", user=author)["number"]
    changes.label(home, number, "bug")
    changes.add_comment(home, number, "first", user=reader)
    comment = changes.add_comment(home, number, "second", user=other)
    changes.edit_comment(home, comment["id"], "second, put better")
    review = changes.add_review(
        home, number, user=reader, state="CHANGES_REQUESTED", body="Not yet."
    )
    changes.edit_review(home, review["id"], body="Not quite yet.")
    remark = changes.add_review_comment(home, number, "This plank is loose.", user=reader)
    changes.force_push(home, number)
    changes.delete_comment(home, remark["id"], kind="review_comments")
    changes.dismiss_review(home, review["id"])
    changes.edit_item(home, number, title="A new quay, with bollards")
    changes.delete_comment(home, comment["id"])
    changes.close(home, number, merged_by=author)
    stop()
    return world, tuple(told)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with Database(databases.fresh(tmp_path_factory.mktemp("order") / "order.db")) as opened:
        world, _ = history()
        save_home(opened, world.repository)
        owner, name = world.repository.full_name.split("/")
        row_id = ids.repository_id(world.repository.id)
        opened.write(track_repository, row_id, owner=owner, name=name, at=NOW)
        yield opened


class Undone(Exception):  # noqa: N818  no error: what was done is to be undone
    pass


def outcome_of(database: Database, told: list[Delivery]) -> dict[str, Any]:
    """The rows after these deliveries, and what they ask for, on an otherwise empty database."""
    found: dict[str, Any] = {}

    def apply_all(conn: Connection) -> None:
        waiting, asked = told, False
        for _ in range(2):
            later = []
            for made in waiting:
                delivery = delivery_of(made.guid, made.event, None, made.payload)
                outcome = apply_told(conn, delivery, read_told(delivery), NOW, NOW)
                asked |= bool(outcome.ask)
                if outcome.status == "waiting":
                    later.append(made)
            if asked:
                store_truth(conn)
            waiting = later
        assert waiting == []
        for name in ("contributors", "pull_requests", "reviews", "comments"):
            table = tables.metadata.tables[name]
            rows = conn.execute(select(table).order_by(table.c.id)).mappings()
            found[name] = [
                {key: value for key, value in row.items() if key not in OWN_TIMES | COMPUTED}
                | {"is_gone": row.get("deleted_at") is not None}
                for row in rows
            ]
        raise Undone

    with pytest.raises(Undone):
        database.write(apply_all)
    return found


def store_truth(conn: Connection) -> None:
    """What the pull request's capture stores, as far as it does not come with a delivery."""
    world, told = history()
    last = [one for one in told if one.event == "pull_request"][-1]
    read = read_told(delivery_of(last.guid, last.event, None, last.payload))
    assert isinstance(read, PullTold)
    owner, name = world.repository.full_name.split("/")
    home = Home(ids.repository_id(world.repository.id), world.repository.id, owner, name, None)
    store_batch(conn, Rows(home).pulls([read.pull]), NOW)


@cache
def true_outcome(database: Database) -> dict[str, Any]:
    return outcome_of(database, list(history()[1]))


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(order=st.permutations(range(len(history()[1]))), twice=st.integers(0, 12))
def test_any_order_ends_in_the_rows_of_the_true_order(
    database: Database, order: list[int], twice: int
) -> None:
    _, told = history()
    shuffled = [told[place] for place in order]
    shuffled.append(shuffled[twice])
    assert outcome_of(database, shuffled) == true_outcome(database)


def test_what_is_deleted_is_gone_and_what_is_dismissed_stays_so(database: Database) -> None:
    found = outcome_of(database, list(reversed(history()[1])))
    assert sorted(row["is_gone"] for row in found["comments"]) == [False, True, True]
    assert ("DISMISSED", "Not quite yet.") in [
        (row["state"], row["body"]) for row in found["reviews"]
    ]
