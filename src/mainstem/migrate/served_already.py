"""Calls by which Mainstem serves already: an earlier run of ours made them, most often."""

import ast
import re
from collections.abc import Iterable

from mainstem.migrate.sources import Source

_SERVING = re.compile(rb"\bmainstem\.serving\b|\bfrom\s+mainstem\s+import\s[^#]*?\bserving\b")
_ADAPTER = re.compile(r"mainstem\.serving\.\w+\.(?:serve|app|handler|worker)")


def served_already(sources: Iterable[Source]) -> tuple[Source, int] | None:
    """The first source that serves by Mainstem's adapters, and the line on which it does."""
    for source in sources:
        is_ours = source.name.partition(".")[0] == "mainstem"
        if is_ours or _SERVING.search(source.data) is None:
            continue
        lines = [
            node.lineno
            for node in ast.walk(ast.parse(source.data))
            if isinstance(node, ast.Call) and _ADAPTER.fullmatch(_name(source, node.func))
        ]
        if lines:
            return source, min(lines)
    return None


def _name(source: Source, node: ast.expr) -> str:
    """The dotted name that a chain of names stands for in `source`."""
    if isinstance(node, ast.Attribute):
        return f"{_name(source, node.value)}.{node.attr}"
    if isinstance(node, ast.Name):
        return source.imported_as.get(node.id, node.id)
    return ""
