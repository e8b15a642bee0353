"""`mainstem engine` with keys and branch environments, met by a real app."""

from __future__ import annotations

from pathlib import Path

import httpx

from .shell import call, running, until

OLD, NEW = "signkey-prod-" + "ab" * 16, "signkey-prod-" + "cd" * 16
CLOUD = ("engine", "--cloud", "--port", "0", "--no-persist")
KEYS = {
    "INNGEST_SIGNING_KEY": NEW,
    "INNGEST_SIGNING_KEY_FALLBACK": OLD,
    "INNGEST_EVENT_KEY": "e" * 32,
}
APP = {
    "appname": "t",
    "url": "http://127.0.0.1:9/x",
    "functions": [
        {
            "id": "t-f",
            "name": "f",
            "triggers": [{"event": "a"}],
            "steps": {"step": {"runtime": {"url": "http://127.0.0.1:9/x"}}},
        }
    ],
}


def address(line: str) -> str:
    return next(word for word in line.split() if word.startswith("http://"))


def register(engine: str, key: str, env: str) -> httpx.Response:
    headers = {"authorization": f"Bearer {key}", "x-inngest-env": env}
    return httpx.post(f"{engine}/fn/register", json=APP, headers=headers, timeout=10)


def test_a_cloud_engine_takes_either_key_and_apps_of_its_environment_only(tmp_path: Path) -> None:
    with running(tmp_path, *CLOUD, "--env", "blue", MAINSTEM_ENV="production", **KEYS) as server:
        engine = address(until(server, "Engine "))
        until(server, "Ctrl-C")
        told = [register(engine, key, "blue").status_code for key in (NEW, OLD, "other")]
        refused = register(engine, NEW, "green")
    assert told == [200, 200, 401]
    assert refused.status_code == 400
    assert "'green' and this server is the environment 'blue'" in refused.json()["error"]


def test_a_branch_environment_without_cloud_is_wrong_usage(tmp_path: Path) -> None:
    done = call(tmp_path, "engine", "--env", "blue", "--port", "0")
    assert done.returncode == 2
    assert "only a cloud-mode server has branch environments; add --cloud" in " ".join(
        done.stderr.split()
    )
