"""Ignores: what they let pass, and when they are findings themselves."""

import pytest

from mainstem.lint import lint_source

BAD = 'client = inngest.Inngest(app_id="shop")'


def rules_of(text: str) -> list[str]:
    return [one.rule for one in lint_source(f"import inngest\n{text}\n", "a.py")]


def test_without_an_ignore_it_is_found() -> None:
    assert rules_of(BAD) == ["client-at-import"]


@pytest.mark.parametrize(
    "text",
    [
        f"{BAD}  # mainstem: ignore[client-at-import] the example of the old way",
        f"{BAD}  # mainstem: ignore[client-at-import]: the example of the old way",
        f"{BAD}  # noqa: E501  # mainstem: ignore[client-at-import] the old way",
        f"# mainstem: ignore[client-at-import] the example of the old way\n{BAD}",
        f"# mainstem: ignore[client-at-import] the old way,\n# which this file shows\n{BAD}",
    ],
)
def test_an_ignore_with_a_reason_lets_it_pass(text: str) -> None:
    assert rules_of(text) == []


def test_an_ignore_without_a_reason_is_a_finding() -> None:
    assert rules_of(f"{BAD}  # mainstem: ignore[client-at-import]") == ["ignore-without-reason"]


def test_an_ignore_that_suppresses_nothing_is_a_finding() -> None:
    assert rules_of("x = 1  # mainstem: ignore[client-at-import] why") == ["unused-ignore"]


def test_an_ignore_of_another_rule_lets_nothing_pass() -> None:
    found = rules_of(f"{BAD}  # mainstem: ignore[lost-await] why")
    assert sorted(found) == ["client-at-import", "unused-ignore"]


def test_an_ignore_of_an_unknown_rule_is_named() -> None:
    found = lint_source("import inngest\nx = 1  # mainstem: ignore[lost-awaits] why\n", "a.py")
    assert found[0].message == "There is no rule 'lost-awaits'."


def test_an_ignore_of_everything_lets_nothing_pass() -> None:
    assert sorted(rules_of(f"{BAD}  # mainstem: ignore why")) == [
        "client-at-import",
        "unused-ignore",
    ]


def test_several_rules_are_separated_by_commas() -> None:
    found = rules_of(f"{BAD}  # mainstem: ignore[client-at-import, lost-await] why")
    assert found == ["unused-ignore"]


def test_the_line_below_the_next_is_not_covered() -> None:
    found = rules_of(f"# mainstem: ignore[client-at-import] why\nx = 1\n{BAD}")
    assert sorted(found) == ["client-at-import", "unused-ignore"]


def test_an_ignore_in_a_string_is_no_comment() -> None:
    assert rules_of("x = '# mainstem: ignore[client-at-import]'") == []
