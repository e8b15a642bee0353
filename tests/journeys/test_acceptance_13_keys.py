"""Scenario 13: production without keys refuses to start; development needs none; preview signs."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from mainstem.clients import client_for
from mainstem.settings import load_settings

from .conftest import command, environment

KEYS = {
    "INNGEST_EVENT_KEY": "an-event-key",
    "INNGEST_SIGNING_KEY": "signkey-branch-0123456789abcdef0123456789abcdef",
}


def start(tmp_path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """`mainstem serve` where it may not start."""
    return subprocess.run(
        command("serve", "--port", "0"),
        cwd=tmp_path,
        env=environment() | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("name", ["production", "staging", "preview"])
def test_scenario_13_without_keys_a_deployed_environment_refuses_to_start(
    tmp_path: Path, name: str
) -> None:
    refused = start(tmp_path, MAINSTEM_ENV=name)
    assert refused.returncode == 2
    assert "INNGEST_EVENT_KEY" in refused.stderr
    assert "INNGEST_SIGNING_KEY" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["local", "test"])
def test_scenario_13_development_needs_no_keys(name: str) -> None:
    settings = load_settings({"MAINSTEM_ENV": name})
    assert settings.inngest_dev
    assert not client_for(settings).is_production


@pytest.mark.parametrize("name", ["production", "staging", "preview"])
def test_scenario_13_preview_signs_as_production_does(name: str) -> None:
    own = {"production": "prod", "staging": "test", "preview": "branch"}[name]
    key = KEYS["INNGEST_SIGNING_KEY"].replace("branch", own)
    keys = {**KEYS, "INNGEST_SIGNING_KEY": key}
    if name == "preview":
        keys["INNGEST_ENV"] = "a-branch"  # a branch key needs its branch
    settings = load_settings({"MAINSTEM_ENV": name, **keys})
    client = client_for(settings)
    assert client.is_production
    assert client.signing_key == key
