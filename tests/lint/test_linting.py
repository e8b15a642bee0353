"""The door: files in, findings out."""

import json
from pathlib import Path

import pytest

import mainstem.lint
from mainstem.lint import RULES, Finding, NothingToLint, lint_paths, lint_source

BAD = 'import inngest\nclient = inngest.Inngest(app_id="shop")\n'


def test_the_door_is_this_wide() -> None:
    assert set(mainstem.lint.__all__) == {
        "RULES",
        "Finding",
        "NothingToLint",
        "Rule",
        "SentEvents",
        "Severity",
        "lint_paths",
        "lint_source",
        "sent_events",
    }


def test_our_own_code_breaks_no_rule() -> None:
    assert lint_paths([Path(mainstem.__file__).parent]) == []


def test_a_finding_names_place_function_and_mend() -> None:
    text = (
        "from mainstem.catalog import define\n"
        "ID = 'work'\n"
        "@define(id=ID, on=None)\n"
        "async def work(run, services):\n"
        "    run.step('a', print)\n"
    )
    assert lint_source(text, "shop/work.py") == [
        Finding(
            "lost-await",
            "shop/work.py",
            5,
            5,
            "work",
            "`run.step(...)` is not awaited.",
            "Write `await` before it.",
        )
    ]


def test_a_finding_is_json() -> None:
    (found,) = lint_source(BAD, "a.py")
    assert json.loads(json.dumps(found.as_json())) == {
        "rule": "client-at-import",
        "path": "a.py",
        "line": 2,
        "column": 10,
        "function_id": None,
        "message": "A client is made when this module is imported.",
        "mend": found.mend,
        "severity": "error",
    }


def test_a_finding_reads_as_one_line() -> None:
    (found,) = lint_source(BAD, "a.py")
    assert str(found).startswith("a.py:2:10: error[client-at-import] A client is made when")


def test_findings_sort_by_place() -> None:
    found = [
        Finding("b", "b.py", 1, 1, None, "", ""),
        Finding("b", "a.py", 10, 1, "x", "", ""),
        Finding("b", "a.py", 9, 1, None, "", ""),
        Finding("a", "a.py", 10, 1, None, "", ""),
    ]
    assert [(one.path, one.line, one.rule) for one in sorted(found)] == [
        ("a.py", 9, "b"),
        ("a.py", 10, "a"),
        ("a.py", 10, "b"),
        ("b.py", 1, "b"),
    ]


def test_folders_are_read_with_their_folders_but_not_what_is_installed(tmp_path: Path) -> None:
    for name in ("a.py", "in/b.py", ".hidden/c.py", "venv/d.py", "__pycache__/e.py", "f.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(BAD)
    (tmp_path / "venv" / "pyvenv.cfg").touch()
    found = [Path(one.path).relative_to(tmp_path).as_posix() for one in lint_paths([tmp_path])]
    assert found == ["a.py", "in/b.py"]


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(BAD)
    assert len(lint_paths([tmp_path, tmp_path / "a.py"])) == 1


def test_a_path_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NothingToLint, match="Name a Python file, or a folder that holds some"):
        lint_paths([tmp_path / "nowhere"])


@pytest.mark.parametrize("text", ["import inngest\ndef (", "import inngest\n\0"])
def test_what_is_not_python_is_a_finding(text: str) -> None:
    assert [one.rule for one in lint_source(text, "a.py")] == ["unreadable"]


def test_what_is_nested_too_deeply_is_a_finding() -> None:
    # Deep enough for any stack: frames are smaller under some interpreters and tracers.
    deep = "+".join(["1"] * 50_000)
    text = f"import mainstem.catalog as c\n@c.define(id='a')\nasync def a(run, s):\n    x = {deep}"
    assert [one.rule for one in lint_source(text)] == ["unreadable"]


def test_doubtful_escapes_and_a_byte_order_mark_are_read_over(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(f"{BAD}x = '\\d'\n", encoding="utf-8-sig")
    assert [one.rule for one in lint_paths([tmp_path])] == ["client-at-import"]


def test_a_helper_that_two_functions_share_belongs_to_none() -> None:
    text = """
from mainstem.catalog import define
async def helper(run):
    run.step("a", print)
@define(id="one", on=None)
async def one(run, services):
    await helper(run)
@define(id="two", on=None)
async def two(run, services):
    await helper(run)
"""
    shared = lint_source(text)
    alone = lint_source(text.partition('@define(id="two"')[0])
    assert [one.function_id for one in (*shared, *alone)] == [None, "one"]


def test_rules_have_ids_of_their_own_and_say_why_and_how() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert all(rule.title and rule.why.endswith(".") and rule.mend for rule in RULES)
