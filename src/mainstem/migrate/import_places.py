"""Where a new import goes among those that a file has: beside those of its kind, in their order.

By custom a file imports the standard library first, then what is installed, then its own modules,
with an empty line between the three.
"""

import sys
from collections.abc import Sequence

import libcst as cst

from mainstem.migrate.modules import dotted

Line = cst.BaseStatement | cst.SimpleStatementLine


def with_import(tree: cst.Module, line: str, ours: frozenset[str]) -> cst.Module:
    """`tree` with the import statement `line`. `ours` are the top names of the project itself."""
    body = list(tree.body)
    end = _end_of_imports(body)
    new = cst.parse_statement(line)
    merged = _merged(body, end, new)
    if merged is not None:
        return tree.with_changes(body=merged)
    kind = _kind(new, ours)
    kinds = {i: _kind(body[i], ours) for i in range(end) if _is_import(body[i])}
    alike = [index for index, each in kinds.items() if each == kind]
    if alike:
        return tree.with_changes(body=_among(body, alike, new))
    before = [index for index, each in kinds.items() if each < kind]
    if before:
        return tree.with_changes(body=_as_a_group(body, before[-1] + 1, new))
    after = [index for index, each in kinds.items() if each > kind]
    return tree.with_changes(body=_as_a_group(body, after[0] if after else end, new))


def _among(body: Sequence[Line], alike: list[int], new: Line) -> list[Line]:
    """In front of the first that comes later in the alphabet, or behind the last."""
    for index in alike:
        if _order(body[index]) > _order(new):
            blank, rest = _leading(body[index])
            new = new.with_changes(leading_lines=blank)
            moved = body[index].with_changes(leading_lines=rest)
            return [*body[:index], new, moved, *body[index + 1 :]]
    last = alike[-1] + 1
    return [*body[:last], new, *body[last:]]


def _as_a_group(body: Sequence[Line], index: int, new: Line) -> list[Line]:
    """As a group of its own in front of the statement `index`."""
    empty = cst.EmptyLine(indent=False)
    if index > 0:
        new = new.with_changes(leading_lines=[empty])
    if index < len(body):
        blank, rest = _leading(body[index])
        following = body[index].with_changes(leading_lines=[*(blank or [empty]), *rest])
        return [*body[:index], new, following, *body[index + 1 :]]
    return [*body, new]


def _leading(statement: Line) -> tuple[list[cst.EmptyLine], list[cst.EmptyLine]]:
    """The empty lines above a statement, and what follows them: comments."""
    lines = list(getattr(statement, "leading_lines", ()))
    count = next((i for i, line in enumerate(lines) if line.comment is not None), len(lines))
    return lines[:count], lines[count:]


def _kind(statement: Line, ours: frozenset[str]) -> int:
    root = _source(statement).partition(".")[0]
    if root == "__future__":
        return 0
    if not root or root in ours:
        return 3
    return 1 if root in sys.stdlib_module_names else 2


def _order(statement: Line) -> tuple[bool, bool, str]:
    """Plain imports first, then `from … import` by name, relative ones last."""
    source = _source(statement)
    return not _is_plain(statement), not source, source


def _source(statement: Line) -> str:
    """The module that an import statement is about; empty for a relative one."""
    small = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) else None
    if isinstance(small, cst.Import):
        return dotted(small.names[0].name)
    if isinstance(small, cst.ImportFrom) and small.module is not None and not small.relative:
        return dotted(small.module)
    return ""


def _is_plain(statement: Line) -> bool:
    return isinstance(statement, cst.SimpleStatementLine) and isinstance(
        statement.body[0], cst.Import
    )


def _merged(body: Sequence[Line], end: int, new: Line) -> list[Line] | None:
    """`body` with the names of `new` put into an import from the same module, if there is one."""
    small = new.body[0] if isinstance(new, cst.SimpleStatementLine) else None
    if not isinstance(small, cst.ImportFrom) or isinstance(small.names, cst.ImportStar):
        return None
    for index in range(end):
        line = body[index]
        old = line.body[0] if isinstance(line, cst.SimpleStatementLine) else None
        if (
            isinstance(line, cst.SimpleStatementLine)
            and len(line.body) == 1
            and isinstance(old, cst.ImportFrom)
            and not isinstance(old.names, cst.ImportStar)
            and old.lpar is None
            and _source(line) == _source(new)
        ):
            names = sorted([*old.names, *small.names], key=lambda each: str(each.evaluated_name))
            comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
            linked = [each.with_changes(comma=comma) for each in names]
            linked[-1] = linked[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
            changed = line.with_changes(body=[old.with_changes(names=linked)])
            return [*body[:index], changed, *body[index + 1 :]]
    return None


def _end_of_imports(body: Sequence[Line]) -> int:
    """Where the statement after the last import of the file's head is."""
    end = 0
    for index, statement in enumerate(body):
        if _is_import(statement):
            end = index + 1
        elif index == 0 and _is_docstring(statement):
            end = 1
        elif not isinstance(statement, cst.If | cst.Try):
            break
    return end


def _is_import(statement: Line) -> bool:
    return isinstance(statement, cst.SimpleStatementLine) and all(
        isinstance(small, cst.Import | cst.ImportFrom) for small in statement.body
    )


def _is_docstring(statement: Line) -> bool:
    return (
        isinstance(statement, cst.SimpleStatementLine)
        and isinstance(statement.body[0], cst.Expr)
        and isinstance(statement.body[0].value, cst.SimpleString | cst.ConcatenatedString)
    )
