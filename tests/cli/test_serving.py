"""The commands that serve until they are stopped."""

import json
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from mainstem.functions import catalogue

from .shell import call, running, stopped, until

SIGNED_AS = {"preview": "branch", "staging": "staging", "production": "prod"}
DISCOVERED = '{"owner": "octo", "repo": "hello"}'


def address(line: str) -> str:
    return next(word for word in line.split() if word.startswith("http://"))


def functions_at(engine: str) -> list[Any]:
    answer = httpx.get(f"{engine}/dev", timeout=10).raise_for_status()
    return list(answer.json()["functions"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_dev_runs_engine_and_endpoint_synced_and_stops_when_told(
    number: int, tmp_path: Path
) -> None:
    with running(tmp_path, "dev", "--port", "0", "--engine-port", "0") as process:
        told = until(process, "Engine ")
        engine = address(told)
        endpoint = address(until(process, "Endpoint "))
        assert f"({len(catalogue())} functions, " in told
        assert len(functions_at(engine)) >= len(catalogue())
        health = httpx.get(endpoint.replace("/api/inngest", "/healthz"), timeout=10)
        code, out, err = stopped(process, number)
    assert health.json()["ok"]
    assert (code, out) == (0, "")
    assert "Traceback" not in err
    assert (tmp_path / ".mainstem" / "engine.db").is_file()


def test_an_event_sent_to_dev_starts_a_run(tmp_path: Path) -> None:
    with running(tmp_path, "dev", "--port", "0", "--engine-port", "0") as process:
        engine = address(until(process, "Engine "))
        until(process, "Ctrl-C")
        done = call(
            tmp_path, "send", "update/pr.activity", "--json",
            "--data", '{"repositoryId": "00000000-0000-0000-0000-000000000001"}',
            INNGEST_BASE_URL=engine,
        )  # fmt: skip
        event = json.loads(done.stdout)["ids"][0]
        runs = httpx.get(f"{engine}/v1/events/{event}/runs", timeout=10).json()["data"]
    assert done.returncode == 0
    assert len(runs) == 1


def test_a_sent_event_is_confirmed_to_people_too(tmp_path: Path) -> None:
    with running(tmp_path, "engine", "--port", "0", "--no-persist") as server:
        engine = address(until(server, "Engine "))
        words = ("send", "discover/repository.new", "--data", DISCOVERED)
        done = call(tmp_path, *words, INNGEST_BASE_URL=engine)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Sent discover/repository.new: 0")


def test_serve_and_engine_find_each_other(tmp_path: Path) -> None:
    with running(tmp_path, "engine", "--port", "0", "--no-persist") as server:
        engine = address(until(server, "Engine "))
        until(server, "Ctrl-C")
        with running(tmp_path, "serve", "--port", "0", INNGEST_BASE_URL=engine) as process:
            endpoint = address(until(process, "Endpoint "))
            until(process, "Ctrl-C")
            synced = httpx.put(endpoint, timeout=20)
            assert len(functions_at(engine)) >= len(catalogue())
            assert stopped(process)[0] == 0
        assert stopped(server)[0] == 0
    assert synced.json()["ok"]
    assert not (tmp_path / ".mainstem").exists()


@pytest.mark.parametrize("environment", ["preview", "staging", "production"])
def test_a_cloud_engine_with_the_same_keys_serves_an_environment_that_needs_them(
    environment: str, tmp_path: Path
) -> None:
    keys = {
        "MAINSTEM_ENV": environment,
        "INNGEST_EVENT_KEY": "an-event-key",
        "INNGEST_SIGNING_KEY": f"signkey-{SIGNED_AS[environment]}-{'ab' * 16}",
    }
    if environment != "production":
        keys["INNGEST_ENV"] = environment
    words = ("engine", "--cloud", "--port", "0", "--no-persist")
    with running(tmp_path, *words, **keys) as server:
        engine = address(until(server, "Engine "))
        until(server, "Ctrl-C")
        there = {**keys, "INNGEST_BASE_URL": engine}
        with running(tmp_path, "serve", "--port", "0", **there) as process:
            endpoint = address(until(process, "Endpoint "))
            until(process, "Ctrl-C")
            synced = httpx.put(endpoint, timeout=20)
            done = call(tmp_path, "send", "discover/repository.new", "--data", DISCOVERED, **there)
    assert synced.json()["ok"]
    assert (done.returncode, done.stderr) == (0, "")


def test_a_cloud_engine_without_a_key_is_a_wrong_setting(tmp_path: Path) -> None:
    done = call(tmp_path, "engine", "--cloud", "--port", "0", MAINSTEM_ENV="local")
    assert done.returncode == 2
    assert "INNGEST_SIGNING_KEY: it is not set, and a cloud-mode engine" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_engine_says_which_apps_it_could_not_sync(tmp_path: Path) -> None:
    app = "http://127.0.0.1:1/api/inngest"
    words = ("engine", "--port", "0", "--path", "e.db", "-u", app)
    with running(tmp_path, *words) as server:
        assert "not synced: it cannot be reached" in until(server, "App ")
        until(server, "Ctrl-C")
        assert stopped(server)[0] == 0
    assert (tmp_path / "e.db").is_file()


def test_an_event_that_nobody_takes_is_one_line(tmp_path: Path) -> None:
    done = call(
        tmp_path, "send", "discover/repository.new", "--data", DISCOVERED,
        INNGEST_BASE_URL="http://127.0.0.1:1",
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert "Is the server running (`mainstem dev`)" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_simulate_for_people_names_its_address_and_sums_up(tmp_path: Path) -> None:
    with running(tmp_path, "simulate", "--generate", "5", "--pulls", "2", "--port", "0") as process:
        until(process, "Ctrl-C")
        assert process.stdout is not None
        url = address(process.stdout.readline())
        httpx.get(f"{url}/repos/riverside/harbour", timeout=10).raise_for_status()
        code, out, _ = stopped(process)
    assert code == 0
    assert "1 requests: 1 REST, 0 GraphQL for 0 points" in out
    assert "1  GET /repos/{owner}/{repo}" in out


def test_simulate_says_where_it_is_and_in_the_end_what_it_was_asked(tmp_path: Path) -> None:
    words = ("simulate", "--generate", "5", "--pulls", "2", "--port", "0", "--json")
    with running(tmp_path, *words) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        httpx.get(f"{told['url']}/repos/riverside/harbour", timeout=10).raise_for_status()
        code, out, _ = stopped(process)
    assert told["repositories"] == ["riverside/harbour"]
    assert (code, json.loads(out)["log"]["requests"]) == (0, 1)
