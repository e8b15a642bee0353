"""Awkward code is rewritten rightly or refused with a reason, never wrong.

Each case is compared in text, run a second time, and executed before and after under the real SDK.
"""

import functools
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mainstem.cli.migrate import refusal
from mainstem.migrate import Action, Plan, plan_migration

from .awkward import Case, case, migrated, names, put, read, registered, said


@dataclass(frozen=True)
class Done:
    """A case, and what became of it."""

    case: Case
    folder: Path
    plan: Plan


_kept: list[tempfile.TemporaryDirectory[str]] = []


@functools.cache
def _migrated(name: str) -> Done:
    _kept.append(tempfile.TemporaryDirectory(prefix="awkward-"))
    folder = Path(_kept[-1].name).resolve()
    snippet = case(name)
    put(folder, snippet.before)
    return Done(snippet, folder, migrated(folder))


@pytest.fixture(params=names())
def done(request: pytest.FixtureRequest) -> Done:
    return _migrated(request.param)


@pytest.fixture(scope="module", autouse=True)
def _tidied() -> Iterator[None]:
    yield
    for folder in _kept:
        folder.cleanup()
    _kept.clear()
    _migrated.cache_clear()


def test_the_code_becomes_what_it_should_and_nothing_else_is_touched(done: Done) -> None:
    assert read(done.folder) == {**done.case.before, **done.case.after}


def test_everything_found_is_told_with_its_reason(done: Done) -> None:
    assert [said(item) for item in done.plan.items] == done.case.says


def test_settings_and_what_there_is_to_know_are_told(done: Done) -> None:
    told = (done.plan.settings, done.plan.notes[1:])
    wanted = (done.case.settings, done.case.notes)
    assert all(want is None or want == said for want, said in zip(wanted, told, strict=True))


def test_a_second_run_changes_nothing_and_finds_only_what_was_refused(done: Done) -> None:
    again = plan_migration([done.folder], base=done.folder, refusal=refusal)
    left = done.plan.having(Action.REFUSE, Action.ADOPT, Action.BY_HAND)
    assert again.changes == {}
    assert [(item.file, item.kind, item.what) for item in again.items] == [
        (item.file, item.kind, item.what) for item in left
    ]
    assert again.is_clean == (not left)


def test_written_twice_the_files_are_as_after_once_and_the_catalogue_binds(
    done: Done, tmp_path: Path
) -> None:
    put(tmp_path, once := read(done.folder))
    migrated(tmp_path)
    assert read(tmp_path) == once
    if done.case.after:
        first = registered(done.folder, done.plan, is_after=True)
        assert registered(tmp_path, done.plan, is_after=True) == first


@pytest.mark.parametrize("name", [name for name in names() if case(name).after])
def test_what_is_registered_is_the_same_before_and_after(name: str, tmp_path: Path) -> None:
    done = _migrated(name)
    put(tmp_path, done.case.before)
    before = registered(tmp_path, done.plan, is_after=False)
    assert registered(done.folder, done.plan, is_after=True) == before


def test_there_are_at_least_thirty_cases_of_which_some_are_refused() -> None:
    refusing = [name for name in names() if any("refuse" in line for line in case(name).says)]
    assert len(names()) >= 36
    assert 10 <= len(refusing) < len(names())
