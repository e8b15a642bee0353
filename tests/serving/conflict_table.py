"""The table of docs/conflicts.md: what each conflict is answered with, held to what is said."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from mainstem.settings import key_hash

from .conflict_stage import OTHER_EVENT_KEY, OTHER_KEY
from .house import EVENT_KEY, SIGNING_KEY

DOCUMENT = Path(__file__).parents[2] / "docs" / "conflicts.md"
IMPOSSIBLE = "cannot happen"

# No error may hold one of these: keys, what is left of them without a prefix, their hashes.
_SECRETS = (
    *(key.rpartition("-")[2] for key in (SIGNING_KEY, OTHER_KEY)),
    *(key_hash("signing", key) for key in (SIGNING_KEY, OTHER_KEY)),
    EVENT_KEY,
    OTHER_EVENT_KEY,
)


@cache
def table() -> dict[tuple[str, str], tuple[str, str]]:
    """Cause and mend by conflict and by who answers, as the document has them."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for conflict, by, cause, mend in _rows(DOCUMENT.read_text(encoding="utf-8")):
        assert (conflict, by) not in found, f"{conflict} is twice in the table"
        found[conflict, by] = cause, mend
    return found


def told(conflict: str, by: str, text: str) -> None:
    """Expect `text` to say what the table says that it says: cause, then mend, and no secret."""
    cause, mend = table()[conflict, by]
    rest = _plain(text)
    for fragment in (*_fragments(cause), *_fragments(mend)):
        assert fragment in rest, f"{conflict}: no {fragment!r} in {rest!r} of {_plain(text)!r}"
        rest = rest.partition(fragment)[2]
    shown = [secret for secret in _SECRETS if secret in text]
    assert shown == [], f"{conflict}: a secret is shown"


def impossible(conflict: str) -> None:
    """Expect the table to say that `conflict` cannot happen; the test shows it."""
    assert (conflict, IMPOSSIBLE) in table()


def proved(*sources: Path) -> set[tuple[str, str]]:
    """Every line that the tests in `sources` hold, read from their calls of the two above."""
    return {call for source in sources for call in _calls(source)}


def _calls(source: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        words = [one.value for one in node.args if isinstance(one, ast.Constant)]
        if node.func.id == "told" and len(words) == 2:
            yield str(words[0]), str(words[1])
        if node.func.id == "impossible":
            yield str(words[0]), IMPOSSIBLE


def _rows(text: str) -> Iterator[tuple[str, str, str, str]]:
    conflict = ""
    for line in text.splitlines():
        if not line.startswith("|") or line.startswith(("|---", "| conflict |")):
            continue
        name, by, cause, mend = (_plain(cell) for cell in line.strip("|").split("|"))
        conflict = name or conflict
        yield conflict, by, cause, mend


def _fragments(cell: str) -> list[str]:
    return [piece.strip() for piece in cell.split("…") if piece.strip()]


def _plain(text: str) -> str:
    # `signkey-…` is said with the dots by the settings themselves.
    text = text.replace("'signkey-…'", "'signkey-' dots")
    return re.sub(r"\s+", " ", text.replace("`", "")).strip()
