"""Years of use in a minute: runs that have ended, written straight into the engine's file.

Each run has what a run of the one-step function leaves: its event and the one that told of its
end, a step with its memo, two attempts, and the key that keeps its event from starting it twice,
which still counts (it does for 24 hours; the worst case is that all do).
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from served_app import APP_ID

_HOUR = 3_600_000
_SPAN = 12 * _HOUR
_CHUNK = 5_000
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = tuple(high + low for high in _ALPHABET for low in _ALPHABET)
_TEXT = "an ordinary event " * 4
_MEMO = json.dumps({"data": {"number": 0, "text": "what a step found out " * 4}})
_STEP = hashlib.sha1(b"work", usedforsecurity=False).hexdigest()

Row = dict[str, Any]


def fill(path: Path, runs: int) -> float:
    """Add that many runs of the last hours to a file that no engine has open; seconds it took."""
    began = time.perf_counter()
    sql = sqlite3.connect(path, isolation_level=None)
    try:
        slug = f"{APP_ID}-one"
        function, app = sql.execute(
            "SELECT id, app_id FROM functions WHERE slug = ?", (slug,)
        ).fetchone()
        # Nothing else is in the file that a crash could cost.
        sql.execute("PRAGMA synchronous=OFF")
        sql.execute("PRAGMA cache_size=-200000")
        newest = time.time_ns() // 1_000_000 - _HOUR
        rows = (
            _rows_of(number, newest - _SPAN + number * _SPAN // runs, function, slug, app)
            for number in range(runs)
        )
        while chunk := list(islice(rows, _CHUNK)):
            sql.execute("BEGIN")
            for table, of_table in _by_table(chunk):
                _insert(sql, table, of_table)
            sql.execute("COMMIT")
        sql.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        sql.close()
    return time.perf_counter() - began


def count_runs(path: Path) -> int:
    """How many runs a file holds."""
    sql = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return int(sql.execute("SELECT count(*) FROM runs").fetchone()[0])
    finally:
        sql.close()


def _by_table(chunk: Sequence[dict[str, list[Row]]]) -> Iterator[tuple[str, list[Row]]]:
    for table in chunk[0]:
        yield table, [row for of_run in chunk for row in of_run[table]]


def _insert(sql: sqlite3.Connection, table: str, rows: Sequence[Row]) -> None:
    names = list(rows[0])
    marks = ",".join("?" * len(names))
    sql.executemany(
        f"INSERT INTO {table} ({','.join(names)}) VALUES ({marks})",
        [tuple(row.values()) for row in rows],
    )


def _ulid(at: int, number: int) -> str:
    """An id of that millisecond; `number` keeps those of one apart and in order."""
    value = (at << 80) | (number << 20)
    # The last twenty bits are zero.
    return "".join([_PAIRS[(value >> shift) & 1023] for shift in range(120, 10, -10)]) + "0000"


def _event_row(internal_id: str, name: str, at: int, data: str, *, internal: bool) -> Row:
    return {
        "internal_id": internal_id,
        "id": internal_id,
        "name": name,
        "received": at,
        "body": f'{{"data":{data},"id":"{internal_id}","name":"{name}","ts":{at},"user":{{}}}}',
        "is_internal": internal,
    }


def _rows_of(number: int, at: int, function: str, slug: str, app: str) -> dict[str, list[Row]]:
    data = f'{{"n":-{number},"customer":"c-1024","text":"{_TEXT}"}}'
    event = _event_row(_ulid(at, 4 * number), "bench/one", at, data, internal=False)
    run_id = _ulid(at, 4 * number + 1)
    told = f'{{"event":{event["body"]},"function_id":"{slug}","run_id":"{run_id}","result":1}}'
    finished = _event_row(
        _ulid(at + 9, 4 * number + 2), "inngest/function.finished", at + 9, told, internal=True
    )
    run = {
        "id": run_id,
        "function_id": function,
        "slug": slug,
        "app_id": app,
        "status": "COMPLETED",
        "created": at,
        "position": at,
        "started": at + 1,
        "ended": at + 9,
        "output": "1",
        "events": event["body"],
        "groups": "[]",
        "version": 1,
        "max_attempts": 4,
        "state_bytes": len(_MEMO),
    }
    step = {
        "run_id": run_id,
        "id": _STEP,
        "position": 0,
        "name": "work",
        "op": "StepRun",
        "status": "completed",
        "attempt": 0,
        "is_race": 0,
        "queued": at + 1,
        "started": at + 1,
        "ended": at + 5,
        "memo": _MEMO,
        "stack_index": 0,
    }
    attempts = [
        {
            "run_id": run_id,
            "number": 2 * number + which,
            "kind": kind,
            "step_id": None,
            "attempt": 0,
            "generation": 1,
            "started": at + 1 + 4 * which,
            "ended": at + 5 + 4 * which,
            "outcome": outcome,
            "detail": detail,
        }
        for which, (kind, outcome, detail) in enumerate(
            [("start", "reported", f'[["StepRun", "{_STEP}"]]'), ("discover", "returned", None)]
        )
    ]
    key = {"function_id": function, "key": event["id"], "expires": at + 24 * _HOUR}
    return {
        "events": [event, finished],
        "runs": [run],
        "run_events": [{"event_id": event["internal_id"], "run_id": run_id}],
        "steps": [step],
        "attempts": attempts,
        "start_keys": [key],
    }
