"""The document on the checklist names every row, and a test that is there for each."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DOCUMENT = ROOT / "docs" / "engine-conformance.md"
REFERENCE = ROOT.parent / "shared" / "reference" / "inngest-protocol.md"
ROWS = 55
_ROW = re.compile(r"^\| (\d+) \|.*\| (.*?) \|$", re.MULTILINE)


@cache
def named_in(path: str) -> frozenset[str]:
    """The names of the tests in a file below `tests/engine`."""
    tree = ast.parse((ROOT / "tests" / "engine" / path).read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(each.name for each in tree.body if isinstance(each, kinds))


def test_no_row_is_missing() -> None:
    rows = _ROW.findall(DOCUMENT.read_text(encoding="utf-8"))
    assert [int(number) for number, _ in rows] == list(range(1, ROWS + 1))


def test_every_row_names_tests_that_exist() -> None:
    for number, cell in _ROW.findall(DOCUMENT.read_text(encoding="utf-8")):
        named = [each.split("::") for each in re.findall(r"`([^`]+)`", cell)]
        assert named, f"row {number} names no test"
        for path, name in named:
            assert name in named_in(path), f"row {number}: there is no {name} in {path}"


@pytest.mark.skipif(not REFERENCE.is_file(), reason="the reference is not beside the checkout")
def test_the_checklist_has_no_other_rows() -> None:
    text = REFERENCE.read_text(encoding="utf-8").partition("## 19. ")[2].partition("\n## ")[0]
    numbers = [int(number) for number, _ in _ROW.findall(text)]
    assert numbers == list(range(1, ROWS + 1))
