"""Taking statements out of a body without losing the comments above them."""

import re
from collections.abc import Sequence

import libcst as cst


class Emptying(cst.CSTTransformer):
    """A transformer that takes out the lines handed to `emptied`."""

    def __init__(self) -> None:
        super().__init__()
        # The lines themselves are kept, so that no id is used again.
        self._emptied: dict[int, cst.CSTNode] = {}

    def emptied(self, line: cst.SimpleStatementLine) -> cst.SimpleStatementLine:
        """A stand-in for `line`, which goes as soon as the body around it is left."""
        stand_in = line.with_changes(body=[cst.Pass()])
        self._emptied[id(stand_in)] = stand_in
        return stand_in

    def leave_IndentedBlock(  # noqa: N802  libcst's name
        self,
        original_node: cst.IndentedBlock,
        updated_node: cst.IndentedBlock,
    ) -> cst.IndentedBlock:
        """The block without them; one that is left with nothing says `pass`."""
        body, rest = self._without(updated_node.body)
        if body and not _begins_blank(original_node.body[0]):
            body[0] = _without_blank_start(body[0])
        if not body:
            body, rest = [cst.SimpleStatementLine([cst.Pass()], leading_lines=rest)], []
        return updated_node.with_changes(body=body, footer=[*rest, *updated_node.footer])

    def leave_Module(  # noqa: N802
        self,
        original_node: cst.Module,
        updated_node: cst.Module,
    ) -> cst.Module:
        """The module without them."""
        body, rest = self._without(updated_node.body)
        if body and not updated_node.header and not _begins_blank(original_node.body[0]):
            # What came first may be gone: the file does not begin with empty lines.
            body[0] = _without_blank_start(body[0])
        return updated_node.with_changes(body=body, footer=[*rest, *updated_node.footer])

    def _without(
        self, body: Sequence[cst.BaseStatement]
    ) -> tuple[list[cst.BaseStatement], list[cst.EmptyLine]]:
        """`body` without the lines, and the comments that no statement is left to carry."""
        kept: list[cst.BaseStatement] = []
        waiting: list[cst.EmptyLine] = []
        for statement in body:
            leading = list(getattr(statement, "leading_lines", ()))
            if id(statement) in self._emptied:
                waiting += leading
                continue
            if waiting and (_has_comment(waiting) or not leading):
                statement = statement.with_changes(leading_lines=[*waiting, *leading])  # noqa: PLW2901
            waiting = []
            kept.append(statement)
        return kept, waiting if _has_comment(waiting) else []


def without_remark(line: cst.SimpleStatementLine, name: str) -> cst.SimpleStatementLine:
    """`line` without the remark just above it, when that is about `name` or a client of the SDK.

    A heading (`# --- Inngest ---`) and whatever speaks of other things stay, for what comes next.
    """
    leading = list(line.leading_lines)
    begin = len(leading)
    while begin > 0 and leading[begin - 1].comment is not None:
        begin -= 1
    remark = " ".join(one.comment.value for one in leading[begin:] if one.comment is not None)
    is_about = re.search(rf"\b(?:client|inngest|{re.escape(name)})\b", remark, re.IGNORECASE)
    if is_about is None or re.search(r"[-=#*~]{3}|\bmainstem:", remark) is not None:
        return line
    return line.with_changes(leading_lines=leading[:begin])


def _has_comment(lines: Sequence[cst.EmptyLine]) -> bool:
    return any(line.comment is not None for line in lines)


def _begins_blank(statement: cst.CSTNode) -> bool:
    leading = list(getattr(statement, "leading_lines", ()))
    return bool(leading) and leading[0].comment is None


def _without_blank_start(statement: cst.BaseStatement) -> cst.BaseStatement:
    leading = list(getattr(statement, "leading_lines", ()))
    while leading and leading[0].comment is None:
        leading.pop(0)
    return statement.with_changes(leading_lines=leading)
