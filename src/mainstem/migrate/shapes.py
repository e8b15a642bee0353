"""Where an expression stands: under which name its value is kept, and on what that depends."""

from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from mainstem.migrate.modules import Module

Statement = cst.Assign | cst.AnnAssign


@dataclass(frozen=True)
class Standing:
    """Where a value goes.

    `kind` is one of `name` (assigned to a name of the module or a class), `returned`, `element` (of
    a list that is assigned), `argument`, `other`. `node` is what binds or takes it.
    """

    kind: str
    name: str | None
    node: cst.CSTNode


def standing(module: Module, value: cst.CSTNode) -> Standing:
    """Where the value of the expression `value` goes."""
    parent = module.parent(value)
    if isinstance(parent, cst.Assign) and len(parent.targets) == 1:
        return Standing("name", module.absolute(parent.targets[0].target), parent)
    if isinstance(parent, cst.AnnAssign):
        return Standing("name", module.absolute(parent.target), parent)
    if isinstance(parent, cst.Return):
        return Standing("returned", None, parent)
    if isinstance(parent, cst.Element | cst.StarredElement):
        return Standing("element", None, parent)
    if isinstance(parent, cst.Arg):
        return Standing("argument", None, parent)
    return Standing("other", None, parent if parent is not None else value)


def condition(module: Module, node: cst.CSTNode, name: str) -> str | None:
    """Why `name` may not be there although `node` binds it; None when it always is.

    Goes from `node` outwards to the module, a class or a function's body. An `if` is fine when each
    of its branches binds the name.
    """
    inner = node
    for outer in module.around(node):
        if isinstance(outer, cst.FunctionDef | cst.Lambda | cst.Module):
            return None
        if isinstance(outer, cst.For | cst.While):
            return f"it is made in a loop ({module.place(outer)})"
        if isinstance(outer, cst.ListComp | cst.GeneratorExp | cst.SetComp | cst.DictComp):
            return f"it is made in a comprehension ({module.place(outer)})"
        if isinstance(outer, cst.Try | cst.TryStar | cst.With | cst.Match):
            word = type(outer).__name__.removesuffix("Star").lower()
            return f"it is made inside `{word}` ({module.place(outer)})"
        if isinstance(outer, cst.If) and inner is not outer.test:
            why = _depends_on_if(module, outer, name)
            if why is not None:
                return why
        inner = outer
    return None


def _depends_on_if(module: Module, found: cst.If, name: str) -> str | None:
    if "TYPE_CHECKING" in module.code(found.test):
        return f"it exists for type checkers only ({module.place(found)})"
    if _is_else_of_another(module, found):
        return None  # the outermost `if` is asked for all branches
    branch: cst.If | cst.Else | None = found
    while isinstance(branch, cst.If):
        if not _binds(branch.body, name):
            break
        branch = branch.orelse
    if isinstance(branch, cst.Else) and _binds(branch.body, name):
        return None
    return (
        f"it is made only under a condition ({module.place(found)}); a definition may be switched "
        "off per environment with `environments={'production': Override(off=True)}` instead"
    )


def _is_else_of_another(module: Module, found: cst.If) -> bool:
    parent = module.parent(found)
    return isinstance(parent, cst.If) and parent.orelse is found


def are_alternatives(module: Module, found: Sequence[cst.CSTNode]) -> bool:
    """Whether the nodes stand in different branches of one `if`, so that only one of them runs."""
    outermost, branches = [], []
    for node in found:
        around = [one for one in module.around(node) if isinstance(one, cst.If | cst.Else)]
        if not around:
            return False
        outermost.append(around[-1])
        branches.append(around[0])
    return len(set(outermost)) == 1 and len(set(branches)) == len(branches)


def _binds(body: cst.BaseSuite, name: str) -> bool:
    for statement in body.body:
        if isinstance(statement, cst.FunctionDef | cst.ClassDef) and statement.name.value == name:
            return True
        if isinstance(statement, cst.SimpleStatementLine):
            for small in statement.body:
                targets = (
                    [one.target for one in small.targets] if isinstance(small, cst.Assign)
                    else [small.target] if isinstance(small, cst.AnnAssign) else []
                )  # fmt: skip
                if any(isinstance(one, cst.Name) and one.value == name for one in targets):
                    return True
    return False


def plain_return(function: cst.FunctionDef) -> cst.Return | None:
    """The return of a function that does nothing else (a docstring aside), or None."""
    if function.asynchronous is not None or function.decorators:
        return None
    body = [one for one in _statements(function) if not is_docstring(one)]
    if len(body) == 1 and isinstance(body[0], cst.Return):
        return body[0]
    return None


def last_return(function: cst.FunctionDef) -> cst.Return | None:
    """The one return of a function that ends with it, or None when there are others or none."""
    statements = _statements(function)
    if function.asynchronous is not None or not statements:
        return None
    last = statements[-1]
    others = [
        node for statement in function.body.body for node in _own_nodes(statement)
        if isinstance(node, cst.Return | cst.Yield) and node is not last
    ]  # fmt: skip
    return last if isinstance(last, cst.Return) and not others else None


def _own_nodes(node: cst.CSTNode) -> list[cst.CSTNode]:
    """`node` and what is in it, functions within left out."""
    if isinstance(node, cst.FunctionDef | cst.Lambda | cst.ClassDef):
        return []
    found = [node]
    for child in node.children:
        found += _own_nodes(child)
    return found


def _statements(function: cst.FunctionDef) -> list[cst.BaseSmallStatement | cst.BaseStatement]:
    found: list[cst.BaseSmallStatement | cst.BaseStatement] = []
    for statement in function.body.body:
        if isinstance(statement, cst.SimpleStatementLine):
            found += statement.body
        else:
            found.append(statement)
    return found


def is_docstring(node: cst.CSTNode) -> bool:
    """Whether a statement is only a text."""
    return isinstance(node, cst.Expr) and isinstance(
        node.value, cst.SimpleString | cst.ConcatenatedString
    )


def argument(call: cst.Call, name: str, position: int | None = None) -> cst.Arg | None:
    """The argument of `call` given as `name=…`, or at `position`."""
    for each in call.args:
        if each.keyword is not None and each.keyword.value == name:
            return each
    if position is not None and position < len(call.args):
        each = call.args[position]
        if each.keyword is None and not each.star:
            return each
    return None


def in_main_guard(module: Module, node: cst.CSTNode) -> bool:
    """Whether `node` runs only when its file is the program: `if __name__ == "__main__":`."""
    return any(
        isinstance(outer, cst.If) and module.code(outer.test).startswith("__name__ ==")
        for outer in module.around(node)
    )


def list_around(module: Module, node: cst.CSTNode) -> str | None:
    """The name of the list of which `node` is an element: `NAME = [node, *others] + [more]`.

    None when it is in no list, or in one that is not simply assigned.
    """
    inner = node
    for outer in module.around(node):
        if isinstance(outer, cst.Assign | cst.AnnAssign):
            return standing(module, inner).name
        if not is_part_of_a_list(module, outer):
            return None
        inner = outer
    return None


def is_part_of_a_list(module: Module, node: cst.CSTNode) -> bool:
    """Whether `node` belongs to a list that is written out, joined or copied."""
    if isinstance(node, cst.Element | cst.StarredElement | cst.List | cst.Tuple):
        return True
    if isinstance(node, cst.BinaryOperation):
        return isinstance(node.operator, cst.Add)
    call = module.parent(node) if isinstance(node, cst.Arg) else node
    return isinstance(call, cst.Call) and module.absolute(call.func) in {
        "builtins.list",
        "builtins.tuple",
    }
