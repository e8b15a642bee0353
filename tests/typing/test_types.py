"""What users see typed, checked by mypy and pyright: what holds, and what an editor must refuse.

A file under `cases/` says on its offending line, in a comment, which error mypy must give there
(`# error: [code] part of the message`), and must have no other. Pyright must find an error on the
same lines and on no others; its words are its own. (`basedpyright` is pyright's checker in a wheel;
pyright itself is fetched when it first runs.)
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from mypy import api

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
CASES = sorted((HERE / "cases").glob("*.py"))
_EXPECTED = re.compile(r"#\s*error: \[(?P<code>[a-z-]+)\] (?P<text>.+)$")
_FOUND = re.compile(r"(?P<path>[^:]+):(?P<line>\d+): error: (?P<text>.+?)\s+\[(?P<code>[a-z-]+)\]$")


@pytest.fixture(scope="module")
def found() -> dict[str, list[tuple[int, str, str]]]:
    """mypy's errors in all files of this folder, by file: line, code, text. One run for all."""
    files = [str(path) for path in (HERE / "holds.py", *CASES)]
    report, trouble, _ = api.run(
        ["--strict", "--config-file", str(HERE / "mypy.ini"), "--cache-dir",
         str(ROOT / ".mypy_cache" / "typing"), "--no-error-summary", *files]
    )  # fmt: skip
    assert not trouble
    errors: dict[str, list[tuple[int, str, str]]] = {}
    for line in report.splitlines():
        if match := _FOUND.match(line):
            place = errors.setdefault(Path(match["path"]).name, [])
            place.append((int(match["line"]), match["code"], match["text"]))
    return errors


def test_types_hold_from_the_events_name_to_the_result(
    found: dict[str, list[tuple[int, str, str]]],
) -> None:
    assert found.get("holds.py") is None


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_mistake_is_an_error_in_the_editor(
    case: Path, found: dict[str, list[tuple[int, str, str]]]
) -> None:
    expected = {
        number: match
        for number, line in enumerate(case.read_text().splitlines(), 1)
        if (match := _EXPECTED.search(line))
    }
    assert expected, "the case names no error"
    errors = found.get(case.name, [])
    assert [(line, code) for line, code, _ in errors] == [
        (line, match["code"]) for line, match in expected.items()
    ]
    for line, _, text in errors:
        assert expected[line]["text"] in text


@pytest.fixture(scope="module")
def pyrights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[int]]:
    """The lines of pyright's errors in all files of this folder, by file. One run for all."""
    project = tmp_path_factory.mktemp("pyright")
    (project / "pyrightconfig.json").write_text(
        json.dumps(
            {
                "include": [str(HERE / "holds.py"), str(HERE / "cases")],
                "extraPaths": [str(ROOT / "src")],
                "typeCheckingMode": "standard",
                "pythonVersion": "3.11",
            }
        )
    )
    done = subprocess.run(
        [sys.executable, "-m", "basedpyright", "-p", str(project), "--outputjson",
         "--pythonpath", sys.executable],
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] == len(CASES) + 1
    errors: dict[str, set[int]] = {}
    for found in report["generalDiagnostics"]:
        if found["severity"] == "error":
            lines = errors.setdefault(Path(found["file"]).name, set())
            lines.add(found["range"]["start"]["line"] + 1)
    return errors


def test_pyright_agrees_on_what_holds(pyrights: dict[str, set[int]]) -> None:
    assert pyrights.get("holds.py") is None


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_pyright_agrees_on_the_mistake(case: Path, pyrights: dict[str, set[int]]) -> None:
    lines = case.read_text().splitlines()
    assert pyrights.get(case.name) == {
        number for number, line in enumerate(lines, 1) if _EXPECTED.search(line)
    }
