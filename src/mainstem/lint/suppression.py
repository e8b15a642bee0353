"""`# mainstem: ignore[rule-id] reason`: one finding that is let pass, and why.

It stands on the line of the finding, or alone on the line above it. Several ids are separated by
commas. An ignore without a reason, and one that suppresses nothing, are findings themselves.
"""

import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from mainstem.lint.findings import Finding
from mainstem.lint.rules import BY_ID

_MARK = re.compile(r"#\s*mainstem:\s*ignore(?:\[(?P<rules>[^\]]*)\])?(?P<reason>.*)")


@dataclass
class _Ignore:
    line: int
    column: int
    rules: tuple[str, ...]
    reason: str
    is_alone: bool
    used: set[str] = field(default_factory=set)


def without_ignored(findings: Sequence[Finding], text: str, path: str) -> list[Finding]:
    """The findings that no comment lets pass, and those about the comments."""
    if "mainstem:" not in text:
        return list(findings)
    ignores = list(_ignores(text))
    kept = []
    lines = text.splitlines()
    for found in findings:
        covering = [one for one in ignores if _covers(one, found, lines)]
        for one in covering:
            one.used.add(found.rule)
        if not covering:
            kept.append(found)
    for one in ignores:
        kept += _about(one, path)
    return kept


def _ignores(text: str) -> Iterator[_Ignore]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.COMMENT or not (mark := _MARK.search(token.string)):
            continue
        line, column = token.start
        rules = tuple(one.strip() for one in (mark["rules"] or "").split(",") if one.strip())
        reason = mark["reason"].strip(" \t:-\N{EM DASH}\N{EN DASH}#")
        yield _Ignore(line, column, rules, reason, not token.line[:column].strip())


def _covers(ignore: _Ignore, found: Finding, lines: list[str]) -> bool:
    if found.rule not in ignore.rules:
        return False
    if ignore.line == found.line:
        return True
    between = lines[ignore.line : found.line - 1]
    return (
        ignore.is_alone
        and ignore.line < found.line
        and all(line.lstrip().startswith("#") for line in between)
    )


def _about(ignore: _Ignore, path: str) -> Iterator[Finding]:
    def finding(rule: str, message: str) -> Finding:
        mend = BY_ID[rule].mend
        return Finding(rule, path, ignore.line, ignore.column + 1, None, message, mend)

    if not ignore.rules:
        yield finding("unused-ignore", "This ignore names no rule, so it suppresses nothing.")
    for rule in ignore.rules:
        if rule not in BY_ID:
            yield finding("unused-ignore", f"There is no rule '{rule}'.")
        elif rule not in ignore.used:
            yield finding("unused-ignore", f"Nothing here breaks the rule '{rule}'.")
    if ignore.used and not ignore.reason:
        yield finding(
            "ignore-without-reason", f"{', '.join(ignore.rules)} is ignored, unexplained."
        )
