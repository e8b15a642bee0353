"""Calls that have become too wide for their file, broken onto lines as a formatter would."""

from collections.abc import Sequence

import libcst as cst
from libcst import matchers

from mainstem.migrate.modules import Module

_USUAL = (88, 100, 120)


def width_of(module: Module) -> int:
    """How wide the lines of a file may be: the least usual limit that it keeps to."""
    widest = max(map(len, module.source.data.decode("utf-8", "replace").splitlines()), default=0)
    return next((limit for limit in _USUAL if widest <= limit), widest)


def fitted(module: Module, place: cst.Call, call: cst.Call) -> cst.Call:
    """`call`, which stands at `place`, with its arguments on lines of their own if it is too wide.

    All of them on one line within the brackets where they fit there, else one on each. What has a
    remark beside an argument is left as it is.
    """
    indent = _indent_of(module, place)
    width = width_of(module)
    lines = module.tree.code_for_node(call).split("\n")
    widths = [module.column(place)[1] + len(lines[0]), *(indent + len(one) for one in lines[1:])]
    if max(widths) <= width or not call.args or matchers.findall(call, matchers.Comment()):
        return call
    step = module.tree.default_indent
    last = call.args[-1]
    has_trailing_comma = isinstance(last.comma, cst.Comma)
    bare = [_bare(each) for each in call.args]
    inner = ", ".join(module.tree.code_for_node(one) for one in bare)
    fits = indent + len(step) + len(inner) <= width and "\n" not in inner
    if fits and not has_trailing_comma:
        joined = [_followed(one, cst.SimpleWhitespace(" ")) for one in bare[:-1]]
        joined.append(bare[-1].with_changes(whitespace_after_arg=_line("")))
        return _laid_out(call, joined, step)
    between = [_followed(one, _line(step)) for one in bare[:-1]]
    return _laid_out(call, [*between, _followed(bare[-1], _line(""))], step)


def _indent_of(module: Module, node: cst.CSTNode) -> int:
    """The column at which the statement around `node` begins."""
    for outer in module.around(node):
        if hasattr(outer, "leading_lines"):
            return module.column(outer)[1]
    return 0


def _bare(argument: cst.Arg) -> cst.Arg:
    nothing = cst.SimpleWhitespace("")
    return argument.with_changes(comma=cst.MaybeSentinel.DEFAULT, whitespace_after_arg=nothing)


def _followed(argument: cst.Arg, space: cst.BaseParenthesizableWhitespace) -> cst.Arg:
    return argument.with_changes(comma=cst.Comma(whitespace_after=space))


def _line(indent: str) -> cst.ParenthesizedWhitespace:
    """A line break, with `indent` after that of the block."""
    return cst.ParenthesizedWhitespace(indent=True, last_line=cst.SimpleWhitespace(indent))


def _laid_out(call: cst.Call, args: Sequence[cst.Arg], step: str) -> cst.Call:
    return call.with_changes(args=args, whitespace_before_args=_line(step))
