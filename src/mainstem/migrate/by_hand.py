"""Places that somebody has to look at, marked by a comment that stays until somebody has.

`--write` puts `# mainstem: by hand: …` above the statement, and each later run reports it, since by
then nothing else tells. `# mainstem: migrated` there says that it has been looked at.
"""

import io
import re
import tokenize
from dataclasses import dataclass

import libcst as cst

from mainstem.migrate.modules import Module
from mainstem.migrate.rewriting import Rewriting
from mainstem.migrate.sources import Source

_MARK = "# mainstem: by hand: "
_DONE = "mainstem: migrated"
_ASKED = re.compile(rb"^\s*# mainstem: by hand: ", re.MULTILINE)


@dataclass(frozen=True)
class ByHand:
    """One place, and why it is to be looked at."""

    file: str
    line: int
    what: str
    why: str


class Marks:
    """The places of one plan."""

    def __init__(self, rewriting: Rewriting) -> None:
        self._rewriting = rewriting
        self._found: dict[tuple[str, str, int], ByHand] = {}

    def add(self, module: Module, node: cst.CSTNode, what: str, why: str) -> None:
        """Name a place and mark it, unless somebody has looked at it already."""
        statement = _statement(module, node)
        key = (module.name, what, module.line(statement))
        if key in self._found or _is_seen(module, statement, node, what):
            return
        self._found[key] = ByHand(module.shown, module.line(node), what, why)
        line = cst.EmptyLine(comment=cst.Comment(f"{_MARK}{what}"))

        def marked(found: cst.CSTNode) -> cst.CSTNode:
            leading = list(getattr(found, "leading_lines", ()))
            return found.with_changes(leading_lines=[*leading, line])

        self._rewriting.of(module).change(statement, marked)

    def all(self) -> list[ByHand]:
        """The places of this plan and those that an earlier one has marked."""
        earlier = [
            one
            for source in self._rewriting.project.sources.values()
            if _ASKED.search(source.data) is not None
            for one in _marked(source, self._rewriting.project.shown(source))
        ]
        return [*self._found.values(), *earlier]


def _statement(module: Module, node: cst.CSTNode) -> cst.CSTNode:
    """The innermost thing around `node` that can have a comment above it."""
    for outer in module.around(node):
        if hasattr(outer, "leading_lines"):
            return outer
    return node


def _is_seen(module: Module, statement: cst.CSTNode, node: cst.CSTNode, what: str) -> bool:
    """Whether a comment at the statement, or just above it, says that it is done or marked."""
    lines = module.source.data.decode("utf-8", "replace").splitlines()
    first, last = module.line(statement), module.line(node)
    above = first - 2
    while above >= 0 and lines[above].lstrip().startswith("#"):
        above -= 1
    said = lines[above + 1 : last]
    return any(_DONE in one or one.strip() == f"{_MARK}{what}" for one in said)


def _marked(source: Source, shown: str) -> list[ByHand]:
    """The marks in `source`; those that stand in a text are none."""
    why = "what it says names an app that is gone; put it right and take the comment away"
    tokens = tokenize.tokenize(io.BytesIO(source.data).readline)
    return [
        ByHand(shown, each.start[0] + 1, each.string.removeprefix(_MARK), why)
        for each in tokens
        if each.type == tokenize.COMMENT and each.string.startswith(_MARK)
    ]
