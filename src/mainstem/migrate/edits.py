"""What is to change in one file, gathered first and then done in one pass.

Comments and blank lines stay: those above a statement that goes are handed to the next one.
"""

from collections.abc import Callable, Sequence
from typing import cast

import libcst as cst

from mainstem.migrate.bodies import Emptying, without_remark
from mainstem.migrate.imports import Imports
from mainstem.migrate.modules import Module

Change = Callable[[cst.CSTNode], cst.CSTNode]


class Edits:
    """The changes to one module."""

    def __init__(self, module: Module, ours: frozenset[str], busy: frozenset[str]) -> None:
        self.module = module
        self.imports = Imports(module, ours, busy)
        self.changes: dict[cst.CSTNode, list[Change]] = {}
        self.removed: set[cst.CSTNode] = set()
        self.about: dict[cst.CSTNode, str] = {}
        """Statements that take a remark above them along, with the name that it may be about."""
        self.inserted: dict[cst.CSTNode, list[str]] = {}
        self.appended: list[str] = []

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (
            self.changes or self.removed or self.inserted or self.appended or self.imports.has_work
        )

    def change(self, node: cst.CSTNode, how: Change) -> None:
        """Put `how(node)` in the place of `node`; several changes are made one after another."""
        self.changes.setdefault(node, []).append(how)

    def put(self, node: cst.CSTNode, code: str) -> None:
        """Put the expression `code` in the place of `node`."""
        self.changes[node] = [lambda _: cst.parse_expression(code)]

    def remove(self, node: cst.CSTNode, *, about: str | None = None) -> None:
        """Take a small statement, or an element of a list, out.

        A remark just above it goes too when it is `about` that name, or a client of the SDK.
        """
        self.removed.add(node)
        if about is not None:
            self.about[node] = about

    def insert_before(self, statement: cst.CSTNode | None, line: str) -> None:
        """Put a statement of its own in front of one of the module's own level, or at the end."""
        if statement is None:
            self.appended.append(line)
        else:
            self.inserted.setdefault(statement, []).append(line)

    def rendered(self) -> bytes:
        """The file with everything done."""
        tree = self.module.tree.visit(_Rewriter(self))
        data = self.imports.done(tree).bytes
        return data if data.strip() else b""


class _Rewriter(Emptying):
    def __init__(self, edits: Edits) -> None:
        super().__init__()
        self._edits = edits

    def on_leave(
        self, original_node: cst.CSTNodeT, updated_node: cst.CSTNodeT
    ) -> cst.CSTNodeT | cst.RemovalSentinel | cst.FlattenSentinel[cst.CSTNodeT]:
        result = super().on_leave(original_node, updated_node)
        for change in self._edits.changes.get(original_node, ()):
            assert isinstance(result, cst.CSTNode)  # noqa: S101  what changes is not removed
            result = cast("cst.CSTNodeT", change(result))
        lines = self._edits.inserted.get(original_node)
        if lines and isinstance(result, cst.CSTNode):
            new = [cst.parse_statement(line) for line in lines]
            leading = list(getattr(result, "leading_lines", ()))
            count = next((i for i, one in enumerate(leading) if one.comment), len(leading))
            new[0] = new[0].with_changes(leading_lines=leading[:count])
            rest = [cst.EmptyLine(indent=False), *leading[count:]] if leading[count:] else []
            result = result.with_changes(leading_lines=rest)
            return cst.FlattenSentinel([*cast("Sequence[cst.CSTNodeT]", new), result])
        return result

    def leave_SimpleStatementLine(  # noqa: N802  libcst's name
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.SimpleStatementLine:
        pairs = zip(original_node.body, updated_node.body, strict=True)
        body = [new for old, new in pairs if old not in self._edits.removed]
        if len(body) == len(original_node.body):
            return updated_node
        if not body:
            about = self._edits.about.get(original_node.body[0])
            if about is not None and len(original_node.body) == 1:
                return self.emptied(without_remark(updated_node, about))
            return self.emptied(updated_node)
        body[-1] = body[-1].with_changes(semicolon=cst.MaybeSentinel.DEFAULT)
        return updated_node.with_changes(body=body)

    def leave_Module(  # noqa: N802
        self, original_node: cst.Module, updated_node: cst.Module
    ) -> cst.Module:
        module = super().leave_Module(original_node, updated_node)
        if not self._edits.appended:
            return module
        new = [cst.parse_statement(line) for line in self._edits.appended]
        new[0] = new[0].with_changes(leading_lines=[cst.EmptyLine(indent=False)] * 2)
        return module.with_changes(body=[*module.body, *new], has_trailing_newline=True)

    def leave_List(  # noqa: N802
        self, original_node: cst.List, updated_node: cst.List
    ) -> cst.List:
        pairs = zip(original_node.elements, updated_node.elements, strict=True)
        elements = [new for old, new in pairs if old not in self._edits.removed]
        if len(elements) == len(original_node.elements):
            return updated_node
        if elements and original_node.elements[-1] in self._edits.removed:
            last = updated_node.elements[-1]
            elements[-1] = elements[-1].with_changes(comma=last.comma)
        return updated_node.with_changes(elements=elements)


def with_argument(call: cst.Call, keyword: str, names: Sequence[str]) -> cst.Call:
    """`call` with `names` in front in its list argument `keyword`, which is added if missing."""
    arguments = list(call.args)
    for index, each in enumerate(arguments):
        if each.keyword is not None and each.keyword.value == keyword:
            arguments[index] = each.with_changes(value=_in_front(each.value, names))
            return call.with_changes(args=arguments)
    value = cst.parse_expression(f"[{', '.join(names)}]")
    equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
    new = cst.Arg(value, keyword=cst.Name(keyword), equal=equal)
    unpacked = [index for index, each in enumerate(arguments) if each.star == "**"]
    if not arguments:
        return call.with_changes(args=[new])
    if unpacked:
        return call.with_changes(args=_inserted(arguments, unpacked[0], new))
    return call.with_changes(args=_appended(arguments, new))


def _in_front(value: cst.BaseExpression, names: Sequence[str]) -> cst.BaseExpression:
    comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    new = [cst.Element(cst.parse_expression(name), comma) for name in names]
    if isinstance(value, cst.List):
        if not value.elements:
            new[-1] = new[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
        return value.with_changes(elements=[*new, *value.elements])
    if isinstance(value, cst.Name) and value.value == "None":
        return cst.parse_expression(f"[{', '.join(names)}]")
    return cst.List([*new, cst.StarredElement(value)])


def _plain(comma: cst.Comma | cst.MaybeSentinel) -> cst.Comma | cst.MaybeSentinel:
    """`comma` with its line break and indent, without remarks beside or below it."""
    if not isinstance(comma, cst.Comma):
        return comma
    space = comma.whitespace_after
    if isinstance(space, cst.ParenthesizedWhitespace):
        line = space.first_line.with_changes(comment=None, whitespace=cst.SimpleWhitespace(""))
        space = space.with_changes(first_line=line, empty_lines=[])
    return comma.with_changes(whitespace_after=space)


_SPACED = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))


def _inserted(arguments: list[cst.Arg], index: int, new: cst.Arg) -> list[cst.Arg]:
    comma = _plain(arguments[index - 1].comma) if index > 0 else _SPACED
    return [*arguments[:index], new.with_changes(comma=comma), *arguments[index:]]


def _appended(arguments: list[cst.Arg], new: cst.Arg) -> list[cst.Arg]:
    last = arguments[-1]
    between = _plain(arguments[-2].comma) if len(arguments) > 1 else _SPACED
    if isinstance(last.comma, cst.Comma):
        if len(arguments) == 1:
            return [last, new.with_changes(comma=_plain(last.comma))]
        # A remark after the last argument stays beside it.
        space = last.comma.whitespace_after
        if isinstance(space, cst.ParenthesizedWhitespace) and space.first_line.comment is not None:
            wide = between.whitespace_after if isinstance(between, cst.Comma) else None
            if isinstance(between, cst.Comma) and isinstance(wide, cst.ParenthesizedWhitespace):
                between = between.with_changes(
                    whitespace_after=wide.with_changes(first_line=space.first_line)
                )
        ended = _plain(last.comma)
        return [*arguments[:-1], last.with_changes(comma=between), new.with_changes(comma=ended)]
    new = new.with_changes(whitespace_after_arg=last.whitespace_after_arg)
    nothing = cst.SimpleWhitespace("")
    changed = last.with_changes(comma=between, whitespace_after_arg=nothing)
    return [*arguments[:-1], changed, new]
