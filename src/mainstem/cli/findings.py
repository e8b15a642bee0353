"""Findings as people read them: the level, what it is about, what was found and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from mainstem.registration import Finding

_STYLES = {"breaking": "red", "error": "red", "warning": "yellow", "note": "dim"}
_INDENT = 10


def print_findings(findings: Iterable[Finding], console: Console) -> None:
    """Print `findings` in the order given, each with what to do indented below it."""
    from rich.padding import Padding
    from rich.text import Text

    for one in findings:
        console.print(Text(f"{one.level:<{_INDENT}}", _STYLES[one.level]), end="")
        console.print(Text(f"{one.code}  {one.subject}"), soft_wrap=True)
        for text in (one.message, one.remedy):
            if text:
                console.print(Padding(Text(text), (0, 0, 0, _INDENT)))
