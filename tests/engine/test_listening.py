"""Who hears an event: found by the value a condition asks for, the same as by asking everybody."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mainstem.engine.events import FINISHED, Event
from mainstem.engine.expressions import is_match, key_at, narrow
from mainstem.engine.expressions.parser import parse
from mainstem.engine.expressions.shapes import shape_of
from mainstem.engine.pauses import Pause, PauseKind, insert_pause, pauses_for
from mainstem.engine.storage import MEMORY, Storage

from .flow.scene import Call, Scene, function

Json = Any

SCALARS = st.sampled_from(
    (
        *(0, 1, -1, 2**53, 2**53 + 1, 0.0, -0.0, 1.0, 2.5, 2.0**53, 1e300, 10**300, True, False),
        *("", "a", "1", "1.0", "true", "null", "é", "\ud800", "a" * 300, None),
    )
)
VALUES = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(st.just("d"), SCALARS)
DATA = st.dictionaries(st.sampled_from("abc"), VALUES) | VALUES
EVENTS = st.fixed_dictionaries({"name": st.just("go")}, optional={"data": DATA})
SIDES = st.sampled_from(
    [f"{of}.data{path}" for of in ("event", "async") for path in (".a", '["b"]', ".c.d", "", "[0]")]
    + ["event", "async", "event.data.a[async.data.b]", "1", "1.0", "-1", "true", "'a'", "null", "0"]
)
COMPARED = st.builds(
    "{} {} {}".format, SIDES, st.sampled_from(["==", "==", "==", "!=", "<"]), SIDES
)
OTHERS = st.sampled_from(
    (
        "has(event.data.a)",
        "has(event.name)",
        "has(async.data.a)",
        "size(event.data.c) > 0",
        "event.data.c.exists(x, x == async.data.a)",
        "async.data.c.exists(event, event == 1)",
        "[event.data.a][0] == async.data.a",
        "event.data.a == async.data.a == true",
        "1 / async.data.a > 0",
        "event.data.a",
        "now() > 0",
    )
)
CONDITIONS = st.recursive(
    COMPARED | OTHERS,
    lambda inner: (
        st.builds("{} && {}".format, inner, inner)
        | st.builds("({} || {})".format, inner, inner)
        | st.builds("({})".format, inner)
        | st.builds("!({})".format, inner)
    ),
    max_leaves=4,
)


@pytest.fixture(scope="module")
def sql() -> Iterator[sqlite3.Connection]:
    with closing(Storage(MEMORY)) as storage:
        yield storage.connection


def arm(
    sql: sqlite3.Connection, number: int, condition: str | None, first: Json, name: str = "go"
) -> None:
    """Let a run wait whose first event is this one."""
    run_id = f"r{number}"
    sql.execute(
        "INSERT INTO runs (id, function_id, slug, app_id, status, created, position, events,"
        " groups, max_attempts) VALUES (?, '', '', '', 'RUNNING', 0, 0, ?, '[]', 1)",
        (run_id, json.dumps(first)),
    )
    insert_pause(sql, Pause(PauseKind.WAIT, run_id, name, 10, "w", condition))


def candidates(sql: sqlite3.Connection, body: Json) -> list[Pause]:
    return pauses_for(sql, Event("e", {"id": "e", "ts": 0, **body}), 1)


@settings(max_examples=250, deadline=None)
@given(CONDITIONS, EVENTS, EVENTS)
@example("event.data.a == async.data.a", {"data": {"a": 1}}, {"data": {"a": 1.0}})
@example("event.data.a == async.data.a", {"data": {"a": 1}}, {"data": {"a": True}})
@example("event.data.a == async.data.a", {"data": {"a": None}}, {"data": {}})
@example("event.data.a == async.data.a", {"data": {}}, {"data": {"a": None}})
@example("null == async.data.a", {}, {"data": {}})
@example("async.data.a == 1 || event.data.a == 2", {"data": {"a": 2}}, {"data": {"a": 3}})
@example("event.data.c.d == 1 && event.data == async", {"data": {"c": {"d": 1}}}, {"c": {"d": 1}})
def test_what_a_condition_says_is_the_same_when_it_is_found_by_its_key(
    condition: str, first: Json, new: Json
) -> None:
    left = narrow(condition, lambda: first)
    is_found = left.path is None or key_at(left.path, new) == left.key
    part = first if left.part is None else json.loads(json.dumps(left.part))
    assert (is_found and is_match(condition, part, new)) == is_match(condition, first, new)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.none() | CONDITIONS, EVENTS), max_size=8), EVENTS)
def test_all_who_hear_an_event_are_found_in_the_order_in_which_they_began_to_listen(
    sql: sqlite3.Connection, waits: list[tuple[str | None, Json]], new: Json
) -> None:
    sql.execute("BEGIN")
    try:
        for number, (condition, first) in enumerate(waits):
            arm(sql, number, condition, first)
        found = [int(pause.run_id[1:]) for pause in candidates(sql, new)]
    finally:
        sql.execute("ROLLBACK")
    assert found == sorted(set(found))
    body = {"id": "e", "ts": 0, **new}
    hearing = [n for n, (text, first) in enumerate(waits) if is_match(text, first, body, now=1)]
    assert [n for n in found if n in hearing] == hearing


@pytest.mark.parametrize(
    ("condition", "fields"),
    [
        ("event.data.id == async.data.id", ("data", "id")),
        ("async.data.id == event.data.other", ("data", "id")),
        ("async.data.id == '7'", ("data", "id")),
        ("async.data.ok == true && event.data.id == async.data['id']", ("data", "id")),
        ("(async.data.n > 3 && async.data.id == 7) && async.data.m < 4", ("data", "id")),
        ("async.data.id == 7 || async.data.n == 1", None),
        ("!(async.data.id == 7)", None),
        ("async.data.id == async.data.other", None),
        ("async.data.lines[0] == 7", None),
        ("async.data.id != 7", None),
    ],
)
def test_a_condition_is_found_by_a_value_that_it_cannot_do_without(
    condition: str, fields: tuple[str, ...] | None
) -> None:
    equalities = shape_of(parse(condition)).equalities
    assert (equalities[0].fields if equalities else None) == fields


def test_a_value_that_is_missing_leaves_it_to_the_next_one() -> None:
    condition = "event.data.a == async.data.a && async.data.b == event.data.b"
    left = narrow(condition, lambda: {"data": {"b": 7}})
    assert (left.path, left.key) == ('["data", "b"]', "7")


def test_an_event_is_compared_with_those_only_whom_its_value_may_wake(
    sql: sqlite3.Connection,
) -> None:
    sql.execute("BEGIN")
    try:
        for number in range(20):
            arm(sql, number, "event.data.n == async.data.n", {"data": {"n": number, "more": "x"}})
        arm(sql, 20, "async.data.k == 'k' && async.data.n > event.data.n", {"data": {"n": 3}})
        arm(sql, 21, "async.data.n > event.data.n", {"data": {"n": 3, "more": "x" * 9000}})
        insert_pause(sql, Pause(PauseKind.INVOKE, "r0", FINISHED, 10, "i", correlation="c"))
        found = candidates(sql, {"name": "go", "data": {"n": 7}})
        of_the_end = candidates(sql, {"name": FINISHED, "data": {}})
    finally:
        sql.execute("ROLLBACK")
    assert [(pause.run_id, pause.first) for pause in found] == [
        ("r7", '{"data":{"n":7}}'),
        ("r21", '{"data":{"n":3}}'),
    ]
    assert of_the_end == []


@pytest.mark.parametrize("size", [1, 9000], ids=["kept", "read from the run"])
@pytest.mark.parametrize("is_old", [False, True], ids=["new", "of an older release"])
def test_a_wait_wakes_whatever_is_kept_beside_it(tmp_path: Path, size: int, is_old: bool) -> None:
    condition = "event.data.text == async.data.text && event.data.n == async.data.n"
    op = {"op": "WaitForEvent", "id": "w", "name": "go", "displayName": "w"}
    wait = {**op, "opts": {"event": "go", "timeout": "1h", "if": condition}}

    def reply(call: Call) -> tuple[int, Json]:
        return (200, "woken") if call.body["steps"] else (206, [wait])

    with closing(Scene(tmp_path / "x.db", [function("a")], reply)) as scene:
        scene.send(*({"name": "a", "data": {"n": n, "text": "x" * size}} for n in range(2)))
        if is_old:
            with scene.engine.work() as work:
                work.sql.execute(
                    "UPDATE pauses SET match_path = NULL, match_key = NULL, first = NULL"
                )
        scene.send({"name": "go", "data": {"n": 1, "text": "x" * size}})
        assert [(run.status, run.output) for run in scene.runs()] == [
            ("RUNNING", None),
            ("COMPLETED", "woken"),
        ]
