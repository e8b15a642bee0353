"""The options of `mainstem engine`: typed, from INNGEST_ variables, or from inngest.json."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from mainstem.cli import engine as command
from mainstem.engine import EngineOptions, Watch

from .shell import call, running, stopped, until, variables

APP = "http://127.0.0.1:9/api/inngest"
KEY = "signkey-prod-" + "ab" * 16
# An app's process, in production by the variables it has.
SENDER = """
import inngest
print(inngest.Inngest(app_id="shop").send_sync(inngest.Event(name="a"))[0])
try:
    inngest.Inngest(app_id="shop", event_key="other").send_sync(inngest.Event(name="a"))
except Exception as error:
    print(error)
"""


def address(line: str) -> str:
    return next(word for word in line.split() if word.startswith("http://"))


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[EngineOptions, Watch]]:
    """What engines would have been started with; none is."""
    kept: list[tuple[EngineOptions, Watch]] = []

    async def keep(_: Any, options: EngineOptions, watched: Watch) -> None:
        kept.append((options, watched))

    monkeypatch.setattr(command, "_serve", keep)
    return kept


Started = list[tuple[EngineOptions, Watch]]


def test_variables_of_inngest_mean_what_they_mean_there(tmp_path: Path, started: Started) -> None:
    done = call(
        tmp_path,
        "engine",
        INNGEST_PORT="0",
        INNGEST_HOST="localhost",
        INNGEST_SDK_URL=f"{APP},http://127.0.0.1:10/x",
        INNGEST_NO_DISCOVERY="true",
        INNGEST_NO_POLL="1",
        INNGEST_POLL_INTERVAL="7",
        INNGEST_RETRY_INTERVAL="3",
        INNGEST_PERSIST="false",
        INNGEST_QUEUE_WORKERS="12",
    )
    assert done.returncode == 0, done.stderr
    ((options, watched),) = started
    assert (options.host, options.path) == ("localhost", ":memory:")
    assert (options.retry_interval, options.max_parallel_calls) == (3, 12)
    assert watched.urls == (APP, "http://127.0.0.1:10/x")
    assert (watched.discover, watched.poll, watched.interval) == (False, False, 7)


def test_what_is_typed_wins_over_a_variable_and_that_over_the_file(
    tmp_path: Path, started: Started
) -> None:
    said = {"port": 0, "sdk-url": [APP], "poll-interval": 9, "retry-interval": 9, "persist": False}
    (tmp_path / "inngest.json").write_text(json.dumps({**said, "$schema": "x", "sdk-ulr": "y"}))
    folder = tmp_path / "below"
    folder.mkdir()
    done = call(
        folder,
        *("engine", "--retry-interval", "1"),
        INNGEST_RETRY_INTERVAL="2",
        INNGEST_POLL_INTERVAL="2",
    )
    assert "not known here, and passed over: $schema, sdk-ulr (is it sdk-url?)" in done.stderr
    ((options, watched),) = started
    assert (options.retry_interval, watched.interval, watched.urls) == (1, 2, (APP,))


def test_without_options_apps_are_looked_for_and_polled_and_the_state_is_kept(
    tmp_path: Path, started: Started
) -> None:
    call(tmp_path, "engine", "--port", "0")
    ((options, watched),) = started
    assert options.path == ".mainstem/engine.db"
    assert (watched.discover, watched.poll, watched.interval) == (True, True, 5)


def test_a_server_with_keys_neither_looks_for_apps_nor_polls_unasked(
    tmp_path: Path, started: Started
) -> None:
    keys = ("--signing-key", KEY, "--event-key", "one,two", "--event-key", "three")
    call(tmp_path, "engine", "--port", "0", *keys)
    call(tmp_path, "engine", "--port", "0", *keys, "--poll-interval", "60")
    (options, watched), (_, polling) = started
    assert (options.server_kind, options.signing_key) == ("cloud", KEY)
    assert options.event_keys == {"one", "two", "three"}
    assert (watched.discover, watched.poll) == (False, False)
    assert (polling.poll, polling.interval) == (True, 60)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--event-key", "k"), "only a cloud-mode server looks at event keys"),
        (("--log-level", "loud"), "'loud' is no level; choose debug, info, warn or error"),
        (("--config", "none.json"), "cannot read 'none.json'"),
        (("--config", "inngest.yaml"), "only JSON is read; write it as inngest.json"),
        (("--port", "x"), "Input should be a valid integer"),
        (("-u", "x"), "'x' is no address of an app; it is like http://127.0.0.1:3000/api/inngest"),
        (("-u", "ftp://127.0.0.1/x"), "is no address of an app"),
        (("-u", "http://127.0.0.1:99999/x"), "is no address of an app"),
    ],
)
def test_what_cannot_be_meant_is_wrong_usage(
    tmp_path: Path, started: Started, words: tuple[str, ...], said: str
) -> None:
    done = call(tmp_path, "engine", *words)
    assert (done.returncode, started) == (2, [])
    assert said in " ".join(done.stderr.split())


def test_a_file_in_a_folder_that_is_not_there_is_refused_and_no_folder_made(
    tmp_path: Path,
) -> None:
    done = call(tmp_path, "engine", "--port", "0", "--path", "none/x.db")
    assert done.returncode == 1
    assert "No such file or directory" in done.stderr
    assert "choose a path in a folder that is there" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_beyond_this_machine_it_does_not_start_without_a_token(
    tmp_path: Path, started: Started
) -> None:
    done = call(tmp_path, "engine", "--host", "0.0.0.0", "--port", "0")
    assert (done.returncode, started) == (1, [])
    assert "Cannot start the engine on '0.0.0.0'" in done.stderr
    assert "(`--api-token`" in done.stderr
    assert "(`--signing-key`" in done.stderr
    call(
        tmp_path,
        *("engine", "--host", "0.0.0.0", "--port", "0"),
        MAINSTEM_ENGINE_TOKEN="secret",
    )
    assert started[0][0].api_token == "secret"


def test_what_has_no_meaning_here_is_taken_with_a_word(tmp_path: Path, started: Started) -> None:
    done = call(tmp_path, "engine", "--port", "0", "--tick", "10", "--connect-gateway-port", "1")
    assert len(started) == 1
    assert "--tick is taken and does nothing" in done.stderr
    assert "--connect-gateway-port is taken and does nothing" in done.stderr


def test_a_production_client_with_keys_works_against_it_by_its_base_url(tmp_path: Path) -> None:
    words = ("engine", "--signing-key", KEY, "--event-key", "ek", "--port", "0", "--no-persist")
    with running(tmp_path, *words) as server:
        origin = address(until(server, "Engine "))
        done = subprocess.run(
            [sys.executable, "-c", SENDER],
            env=variables(INNGEST_BASE_URL=origin, INNGEST_EVENT_KEY="ek", INNGEST_SIGNING_KEY=KEY),
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
        headers = {"authorization": f"Bearer {KEY}"}
        (event,) = httpx.get(f"{origin}/v1/events", headers=headers, timeout=10).json()["data"]
        code, _, _ = stopped(server)
    assert done.stdout.split("\n")[:2] == [event["internal_id"], "Event key not found"]
    assert code == 0


def test_what_an_app_gave_up_is_dropped_by_a_command(tmp_path: Path) -> None:
    function = {
        "id": "shop-old",
        "name": "old",
        "triggers": [{"event": "a"}],
        "steps": {"step": {"runtime": {"url": APP}}},
    }
    words = ("engine", "--port", "0", "--no-persist", "--no-discovery", "--poll-interval", "0.2")
    with running(tmp_path, *words) as server:
        origin = address(until(server, "Engine "))
        with httpx.Client(base_url=origin) as asking:
            # The run is retried for want of an app at this address, and so is there to be dropped.
            body: dict[str, Any] = {"appname": "shop", "url": APP, "functions": [function]}
            asking.post("/fn/register", json=body).raise_for_status()
            asking.post("/e/k", json={"name": "a"}).raise_for_status()
            asking.post("/fn/register", json={**body, "functions": []}).raise_for_status()
        first = call(tmp_path, "engine", "drop", "shop", "old", "--url", origin)
        second = call(tmp_path, "engine", "drop", "shop", "old", "--url", origin)
        third = call(tmp_path, "engine", "drop", "shop", "old", "--url", origin, "--json")
        away = until(server, "does not answer any more")
    assert (first.stdout, second.stdout) == (
        "1 run of old cancelled.\n",
        "0 runs of old cancelled.\n",
    )
    assert json.loads(third.stdout) == {"app": "shop", "function": "old", "cancelled": 0}
    assert APP in away


def test_dropping_says_what_is_wrong(tmp_path: Path) -> None:
    done = call(tmp_path, "engine", "drop", "shop", "old", "--url", "http://127.0.0.1:9")
    assert done.returncode == 1
    assert "Cannot reach the engine at http://127.0.0.1:9" in done.stderr
    with running(tmp_path, "engine", "--port", "0", "--no-persist", "--no-discovery") as server:
        origin = address(until(server, "Engine "))
        done = call(tmp_path, "engine", "drop", "shop", "old", "--url", origin)
    assert (done.returncode, "HTTP 404" in done.stderr) == (1, True)


def test_an_engine_loads_no_library_that_it_does_not_need_at_rest() -> None:
    """They would be most of its memory: it has to stay small beside what people develop."""
    code = (
        "import sys, uvicorn, mainstem.cli.engine, mainstem.engine, mainstem.cli.plain_logs;"
        "print(*sorted(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={name: value for name, value in variables().items() if "COV" not in name},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    heavy = {"alembic", "cel", "fastapi", "graphql", "httpx", "inngest", "jinja2", "pydantic"}
    heavy |= {"aiohttp", "google.protobuf", "rich", "sqlalchemy", "structlog", "mainstem.settings"}
    assert heavy.isdisjoint(done.stdout.split())
