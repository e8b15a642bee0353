"""Whatever there is and whatever is asked: the pages together are what a plain look finds."""

import asyncio
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mainstem.engine import Engine, EngineOptions, RunStatus
from mainstem.engine.api import paging
from mainstem.engine.api.run_listing import RunFilter, find_runs
from mainstem.engine.ids import UlidSource
from mainstem.engine.registration import read_registration

from .desk import registered

SLUGS = ("t-a", "t-b", "u-a")
T0 = 1_900_000_000_000
STATUSES = st.sampled_from(RunStatus)


@dataclass(frozen=True)
class Row:
    """A run in short."""

    id: str
    slug: str
    status: RunStatus
    created: int


def stored(engine: Engine, drawn: list[tuple[str, RunStatus, int]]) -> list[Row]:
    """Runs of these functions and states, each so long after the one before it."""
    ulids, now, rows = UlidSource(), T0, []
    sql = engine.reader
    sql.execute("DELETE FROM runs")
    sql.execute("DELETE FROM run_events")
    for slug, status, later in drawn:
        now += later
        rows.append(Row(ulids.next(now), slug, status, now))
        sql.execute(
            "INSERT INTO runs (id, function_id, slug, app_id, status, created, position, events,"
            " groups, max_attempts) VALUES (?, '', ?, '', ?, ?, 0, '{}', '[]', 1)",
            (rows[-1].id, slug, status, now),
        )
        sql.execute("INSERT INTO run_events VALUES (?, ?)", (f"e{later}", rows[-1].id))
    return rows[::-1]


@pytest.fixture(scope="module")
def engine() -> Engine:
    """Two apps, one with two functions."""
    opened = Engine.open(EngineOptions())
    for app, names in (("t", "ab"), ("u", "a")):
        body = {**registered(names, {}), "appname": app, "url": f"http://{app}/x"}
        for function in body["functions"]:
            function["id"] = f"{app}-{function['name']}"
        asyncio.run(opened.register(read_registration(body)))
    return opened


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    drawn=st.lists(st.tuples(st.sampled_from(SLUGS), STATUSES, st.integers(0, 2)), max_size=40),
    statuses=st.lists(STATUSES, max_size=3).map(tuple),
    function=st.none() | st.sampled_from(SLUGS),
    app=st.sampled_from([None, None, "t", "u"]),
    event=st.sampled_from([None, None, None, "e0", "e2"]),
    since=st.none() | st.integers(0, 40),
    until=st.none() | st.integers(0, 40),
    limit=st.integers(1, 7),
    bound=st.integers(1, 12),
)
def test_the_pages_together_are_what_was_asked_for(
    engine: Engine,
    drawn: list[tuple[str, RunStatus, int]],
    statuses: tuple[RunStatus, ...],
    function: str | None,
    app: str | None,
    event: str | None,
    since: int | None,
    until: int | None,
    limit: int,
    bound: int,
) -> None:
    rows = stored(engine, drawn)
    began = None if since is None else T0 + since
    ended = None if until is None else T0 + until
    laters = {row.id: f"e{later}" for row, (_, _, later) in zip(rows, drawn[::-1], strict=True)}
    expected = [
        row.id
        for row in rows
        if (not statuses or row.status in statuses)
        and function in (None, row.slug)
        and (app is None or row.slug.startswith(f"{app}-"))
        and event in (None, laters[row.id])
        and (began is None or row.created >= began)
        and (ended is None or row.created < ended)
    ]
    wanted = RunFilter(statuses, function, app, event, began, ended)
    found: list[str] = []
    cursor = None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paging, "MAX_LOOKED_AT", bound)
        patch.setattr(paging, "_CHUNK", 3)
        for _ in range(100):
            page = find_runs(engine.reader, wanted, cursor=cursor, limit=limit)
            assert len(page.items) <= limit
            found += [row["id"] for row in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
    assert found == expected
    assert cursor is None
