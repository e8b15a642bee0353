"""What the journeys share: the command as users run it, and the recording where it lies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .recorded import RECORDING, Recorded
from .recorded import load as load_recorded

Mainstem = Callable[..., "subprocess.CompletedProcess[str]"]


def environment() -> dict[str, str]:
    """The machine's variables without those that Mainstem or the SDK would read.

    Coverage's are out too: whole captures take twice as long under it, and the rooms' own tests
    measure the same lines.
    """
    ours = ("MAINSTEM_", "INNGEST_", "GITHUB_", "GH_", "DATABASE_URL", "CI", "PYTEST_", "COVERAGE_")
    return {k: v for k, v in os.environ.items() if not k.startswith(ours)} | {
        "MAINSTEM_ENV": "test"
    }


def command(*arguments: str) -> list[str]:
    return [str(Path(sys.executable).with_name("mainstem")), *arguments]


@pytest.fixture
def mainstem(tmp_path: Path) -> Mainstem:
    """Run `mainstem …` in an empty folder to its end."""

    def run(*arguments: str, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*arguments),
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return run


def result(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The JSON that a successful command printed."""
    assert done.returncode == 0, done.stderr[-4000:]
    parsed: dict[str, Any] = json.loads(done.stdout)
    return parsed


@pytest.fixture(scope="session")
def recorded() -> Recorded:
    """The recorded repository's own facts."""
    if not RECORDING.is_dir():
        pytest.skip(f"the recorded repository is not beside the checkout ({RECORDING.name})")
    return load_recorded()
