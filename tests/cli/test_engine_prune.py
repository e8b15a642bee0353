"""`mainstem engine prune`, as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mainstem.engine import Engine, EngineOptions

from .shell import call


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of an engine that has stopped."""
    (tmp_path / ".mainstem").mkdir()
    file = tmp_path / ".mainstem" / "engine.db"
    Engine.open(EngineOptions(str(file)))._loop.storage.close()
    return file


@pytest.mark.parametrize(
    "words",
    [
        ("engine", "prune", "--older-than", "7d"),
        ("engine", "prune", "--older-than", "7d", "--path", ".mainstem/engine.db"),
        ("engine", "prune", "--older-than", "7d", "--sqlite-dir", ".mainstem"),
        ("engine", "--path", ".mainstem/engine.db", "prune", "--older-than", "7d"),
    ],
)
def test_the_file_is_the_engines_own_or_the_one_that_is_named(
    tmp_path: Path, file: Path, words: tuple[str, ...]
) -> None:
    done = call(tmp_path, *words, "--json", "--vacuum")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told.pop("path") == ".mainstem/engine.db"
    assert told.pop("bytes_after") <= told.pop("bytes_before")
    counts = dict.fromkeys(("runs", "steps", "attempts", "logs", "events", "cancellations"), 0)
    assert told == {"dry_run": False, **counts}


def test_a_running_engine_is_told_with_what_to_do(tmp_path: Path, file: Path) -> None:
    engine = Engine.open(EngineOptions(str(file)))
    done = call(tmp_path, "engine", "prune", "--older-than", "7d")
    engine._loop.storage.close()
    assert done.returncode == 1
    assert "an engine is running on it. Stop it first, or start it with --retention" in done.stderr


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (("engine", "prune", "--older-than", "soon"), "--older-than"),
        (("engine", "--port", "0", "--no-persist", "--retention", "soon"), "--retention"),
    ],
)
def test_an_age_that_is_none_is_wrong_usage(
    tmp_path: Path, words: tuple[str, ...], option: str
) -> None:
    done = call(tmp_path, *words)
    assert done.returncode == 2
    said = " ".join(done.stderr.split())
    assert f"'{option}': 'soon' is not a duration such as '90s', '1h30m' or '7d'." in said


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = call(tmp_path, "engine", "prune", "--older-than", "7d", "--path", "none.db")
    assert done.returncode == 1
    assert "Cannot prune 'none.db': there is no such file. Name one with --path." in done.stderr
