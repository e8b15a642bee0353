"""A kill -9 at any moment loses nothing and repeats nothing that was memoised."""

import time
from pathlib import Path

import httpx

from mainstem.engine import Engine, EngineOptions, RunStatus

from .processes import free_port, process, wait_for, wait_for_lines

_RUNS = 20


def test_runs_survive_an_engine_that_is_killed_again_and_again(tmp_path: Path) -> None:
    path, ledger = tmp_path / "engine.db", tmp_path / "ledger"
    port, app_port = free_port(), free_port()
    origin = f"http://127.0.0.1:{port}"
    with process("durable_app.py", str(app_port), origin, str(ledger)):
        with process("durable_engine.py", str(port), str(path)):
            wait_for(f"{origin}/health")
            wait_for(f"http://127.0.0.1:{app_port}/api/inngest")
            httpx.put(f"http://127.0.0.1:{app_port}/api/inngest", timeout=10)
            events = [{"name": "durable/go", "data": {"run": n}} for n in range(_RUNS)]
            answer = httpx.post(f"{origin}/e/key", json=events, timeout=10).json()
            assert len(answer["ids"]) == _RUNS
            wait_for_lines(ledger, 8)
        for lines in (30, 55):
            with process("durable_engine.py", str(port), str(path)):
                wait_for_lines(ledger, lines)
        with process("durable_engine.py", str(port), str(path)):
            wait_for_lines(ledger, 4 * _RUNS)
            _wait_until_done(origin, answer["ids"])
    _expect_all_done_once(path, ledger)


def _wait_until_done(origin: str, event_ids: list[str]) -> None:
    deadline = time.monotonic() + 20
    waiting = list(event_ids)
    while waiting and time.monotonic() < deadline:
        runs = httpx.get(f"{origin}/v1/events/{waiting[0]}/runs", timeout=5).json()["data"]
        if runs and runs[0]["ended_at"]:
            waiting.pop(0)
        else:
            time.sleep(0.02)
    assert not waiting


def _expect_all_done_once(path: Path, ledger: Path) -> None:
    engine = Engine.open(EngineOptions(str(path)))
    runs = [engine.run(run.id) for run in engine.runs()]
    assert [run.status for run in runs] == [RunStatus.COMPLETED] * _RUNS
    assert all(run.output == ["first", "left", "right", "last"] for run in runs)
    assert all(len(run.steps) == 4 for run in runs)
    # A step may run twice only if its answer was under way when the engine was killed: at most
    # two calls at a time and three kills.
    lines = ledger.read_text().splitlines()
    assert len(lines) - len(set(lines)) <= 2 * 3
    engine._loop.storage.close()
