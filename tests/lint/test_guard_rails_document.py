"""`docs/guard-rails.md` says what the rules are, and its examples do what it says of them."""

import re
from pathlib import Path

import pytest

from mainstem.lint import RULES, Rule, lint_paths, lint_source

TEXT = (Path(__file__).parents[2] / "docs" / "guard-rails.md").read_text(encoding="utf-8")
INTRODUCTION, _, CHAPTER = TEXT.partition("\n# Rules\n")
SECTIONS = dict(re.findall(r"^## ([a-z-]+)\n(.*?)(?=^## |\Z)", CHAPTER, re.MULTILINE | re.DOTALL))
EXAMPLE = re.compile(r"```python\n(.*?)```", re.DOTALL)
IMPORTS = """\
import time, uuid
import httpx, inngest, requests
from functools import partial
from mainstem.catalog import StepError, define, event
from shop.events import InvoiceWanted, OrderShipped
"""


def in_one_line(text: str) -> str:
    return " ".join(text.split())


def test_the_document_has_a_section_for_each_rule_in_their_order() -> None:
    assert list(SECTIONS) == [rule.id for rule in RULES]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_section_says_what_why_and_how(rule: Rule) -> None:
    section = in_one_line(SECTIONS[rule.id])
    assert section.startswith(f"{rule.title}. {rule.why}")
    assert section.endswith(rule.mend)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_bad_example_breaks_its_rule_and_no_other(rule: Rule) -> None:
    bad, _ = EXAMPLE.findall(SECTIONS[rule.id])
    assert {one.rule for one in lint_source(IMPORTS + bad)} == {rule.id}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_good_example_breaks_none(rule: Rule) -> None:
    _, good = EXAMPLE.findall(SECTIONS[rule.id])
    assert lint_source(IMPORTS + good) == []


def test_the_example_of_an_ignore_lets_pass_what_it_names() -> None:
    _, ignored = EXAMPLE.findall(INTRODUCTION)
    assert lint_source(IMPORTS + ignored) == []
    assert [one.rule for one in lint_source(IMPORTS + ignored.partition("#")[0])] == [
        "client-at-import"
    ]


def test_the_example_of_the_call_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text('import inngest\nc = inngest.Inngest(app_id="a")\n')
    monkeypatch.chdir(tmp_path)
    call, _ = EXAMPLE.findall(INTRODUCTION)
    exec(call, {})
    assert capsys.readouterr().out.splitlines() == [str(one) for one in lint_paths([Path("src")])]
