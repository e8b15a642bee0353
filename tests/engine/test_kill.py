"""A kill -9 at any moment loses nothing and repeats nothing that was memoised."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from mainstem.engine import Engine, EngineOptions, RunStatus

_HERE = Path(__file__).parent
_RUNS = 20


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def _process(script: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    # Coverage of a process that is killed is never written: do not let it start measuring.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("COVERAGE")}
    process = subprocess.Popen([sys.executable, str(_HERE / script), *arguments], env=environment)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            httpx.get(url, timeout=1)
        except httpx.HTTPError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"nothing answers at {url}")


def _wait_for_lines(ledger: Path, count: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if ledger.exists() and len(ledger.read_text().splitlines()) >= count:
            return
        time.sleep(0.005)
    raise AssertionError(f"there are still fewer than {count} lines in {ledger}")


def test_runs_survive_an_engine_that_is_killed_again_and_again(tmp_path: Path) -> None:
    path, ledger = tmp_path / "engine.db", tmp_path / "ledger"
    port, app_port = _free_port(), _free_port()
    origin = f"http://127.0.0.1:{port}"
    with _process("durable_app.py", str(app_port), origin, str(ledger)):
        with _process("durable_engine.py", str(port), str(path)):
            _wait_for(f"{origin}/health")
            _wait_for(f"http://127.0.0.1:{app_port}/api/inngest")
            httpx.put(f"http://127.0.0.1:{app_port}/api/inngest", timeout=10)
            events = [{"name": "durable/go", "data": {"run": n}} for n in range(_RUNS)]
            answer = httpx.post(f"{origin}/e/key", json=events, timeout=10).json()
            assert len(answer["ids"]) == _RUNS
            _wait_for_lines(ledger, 8)
        for lines in (30, 55):
            with _process("durable_engine.py", str(port), str(path)):
                _wait_for_lines(ledger, lines)
        with _process("durable_engine.py", str(port), str(path)):
            _wait_for_lines(ledger, 4 * _RUNS)
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
