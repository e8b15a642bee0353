"""`mainstem manifest` writes the catalogue down, and tells when the file is another."""

import json
from pathlib import Path

import pytest

from .shell import call
from .shopfront import written

HERE = {"MAINSTEM_ENV": "test", "MAINSTEM_APP_ID": "shop"}


def test_what_is_printed_is_what_is_written(tmp_path: Path) -> None:
    catalog = written(tmp_path)
    printed = call(tmp_path, "manifest", "--catalog", catalog, **HERE)
    wrote = call(tmp_path, "manifest", "--catalog", catalog, "--write", "m.json", **HERE)
    assert (tmp_path / "m.json").read_text() == printed.stdout
    assert wrote.stdout == "Wrote m.json: 3 functions, 2 events.\n"
    assert list(json.loads(printed.stdout)["functions"]) == ["send-bill", "send-receipt", "tidy-up"]


def test_a_file_that_is_current_passes(tmp_path: Path) -> None:
    catalog = written(tmp_path)
    call(tmp_path, "manifest", "--catalog", catalog, "--write", "m.json", **HERE)
    done = call(tmp_path, "manifest", "--catalog", catalog, "--check", "m.json", **HERE)
    assert (done.returncode, done.stdout) == (0, "m.json is current.\n")


def test_a_file_that_is_not_fails_with_the_difference(tmp_path: Path) -> None:
    call(tmp_path, "manifest", "--catalog", written(tmp_path), "--write", "m.json", **HERE)
    other = written(tmp_path, ("retries=3", "retries=5"))
    done = call(tmp_path, "manifest", "--catalog", other, "--check", "m.json", **HERE)
    assert done.returncode == 1
    assert '-        "retries": 3' in done.stdout
    assert '+        "retries": 5' in done.stdout
    assert "mainstem manifest --write m.json" in done.stderr


def test_the_answer_for_programs_says_whether_it_is_current(tmp_path: Path) -> None:
    call(tmp_path, "manifest", "--catalog", written(tmp_path), "--write", "m.json", **HERE)
    other = written(tmp_path, ("retries=3", "retries=5"))
    done = call(tmp_path, "manifest", "--catalog", other, "--check", "m.json", "--json", **HERE)
    assert json.loads(done.stdout)["is_current"] is False


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--write", "a", "--check", "b"), 2, "choose one of them"),
        (("--check", "gone.json"), 1, "mainstem manifest --write gone.json"),
        (("--write", "no/such/folder.json"), 1, "Choose a folder that is there"),
    ],
)
def test_what_cannot_be_done_says_what_to_do(
    tmp_path: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    done = call(tmp_path, "manifest", "--catalog", written(tmp_path), *words, **HERE)
    assert done.returncode == code
    assert said in done.stderr


def test_our_own_manifest_is_current() -> None:
    root = Path(__file__).parents[2]
    done = call(root, "manifest", "--check", "mainstem.manifest.json", MAINSTEM_ENV="test")
    assert done.returncode == 0, done.stdout + done.stderr
