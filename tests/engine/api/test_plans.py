"""No answer reads all there is: SQLite is asked how it runs each statement that an answer takes."""

from collections.abc import Sequence
from typing import Any

import pytest

from .busy import BUSY, CONFIGS, address, busy
from .desk import Desk, desk

# What is small by nature: as many rows as there are functions, apps or orders.
SMALL = ("functions", "f", "apps", "a", "rivals", "paused_functions", "CONSTANT")
# What a statement made itself: the values it was given (`w`), an inner SELECT with its own limit.
MADE = ("w", "json_each", "(subquery-1)")
TIME = {"since": "2029-12-31T00:00:00Z", "until": "2030-01-02T00:00:00Z"}


async def statements(at: Desk, path: str, query: Any) -> Sequence[str]:
    """What the engine asks its file to answer this."""
    seen: list[str] = []
    at.engine.reader.set_trace_callback(seen.append)
    try:
        answer = await at.api.get(path, params=query)
    finally:
        at.engine.reader.set_trace_callback(None)
    assert answer.status_code == 200, answer.text
    return [each for each in seen if each.startswith(("SELECT", "WITH"))]


def scans(at: Desk, statement: str) -> list[str]:
    """The steps of a plan that read a whole table or index."""
    rows = at.engine.reader.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
    return [
        row["detail"]
        for row in rows
        if row["detail"].startswith("SCAN") and row["detail"].split()[1] not in SMALL + MADE
    ]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/v1/runs", {"limit": 1, **TIME}),
        ("/v1/runs", {"limit": 1, "function": "t-works", "cursor": "0" * 26}),
        ("/v1/runs", {"status": "FAILED,RUNNING", **TIME}),
        ("/v1/runs", {"status": "RUNNING", "function": "t-works"}),
        ("/v1/runs", {"status": "FAILED", "app": "t", **TIME}),
        ("/v1/runs", {"event": "01Q3DCBD00FZZ1F69N7WQYTXPN", **TIME}),
        ("/v1/runs/{run_id}", {}),
        ("/v1/runs/{run_id}/trace", {}),
        ("/v1/runs/{run_id}/jobs", {}),
        ("/v1/runs/{run_id}/logs", {}),
        ("/v1/events", {"name": "works", "runs": "true"}),
        ("/v1/events", {"internal": "true", "received_after": 1, "received_before": 1 << 42}),
        ("/v1/events/{event_id}", {}),
        ("/v1/events/{event_id}/runs", {}),
        ("/v1/apps", {}),
        ("/v1/functions", {}),
        ("/v1/functions/runs", {}),
        ("/v1/functions/{function}", {}),
        ("/v1/queue", {"function": "t-bounces"}),
        ("/v1/cancellations", {}),
    ],
    ids=str,
)
async def test_an_answer_seeks_in_indexes(path: str, query: Any) -> None:
    async with desk(BUSY, CONFIGS) as at:
        asked = await statements(at, address(path, await busy(at)), query)
        assert asked
        for statement in asked:
            assert scans(at, statement) == [], statement


async def test_replaying_and_cancelling_seek_too() -> None:
    async with desk(BUSY, CONFIGS) as at:
        values = await busy(at)
        seen: list[str] = []
        at.engine.reader.set_trace_callback(seen.append)
        await at.post(f"/v1/runs/{values['run_id']}/replay", {"from": "failure"})
        order = {"app_id": "t", "started_before": at.clock.now() + 1}
        await at.post("/v1/cancellations", order)
        at.engine.reader.set_trace_callback(None)
        asked = [each for each in seen if each.startswith(("SELECT", "UPDATE", "DELETE"))]
        assert len(asked) > 20
        for statement in asked:
            assert scans(at, statement) == [], statement


async def test_the_python_door_seeks_too() -> None:
    async with desk(BUSY, CONFIGS) as at:
        values = await busy(at)
        seen: list[str] = []
        at.engine.reader.set_trace_callback(seen.append)
        assert len(at.engine.runs(event=values["event_id"])) == 1
        assert at.engine.runs(function="t-works", limit=1)
        at.engine.reader.set_trace_callback(None)
        assert [scans(at, each) for each in seen] == [[], []]
