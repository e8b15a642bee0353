"""Walking syntax trees, quickly: `ast.walk` is half of the time that a lint takes."""

import ast
from collections.abc import Iterator

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
NamedFunction = ast.FunctionDef | ast.AsyncFunctionDef

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
# Marks for loading, storing and operators, and what is never a node.
_NO_PARTS = {
    "annotation", "arg", "asname", "attr", "ctx", "id", "kind", "level", "module", "n", "name",
    "op", "ops", "returns", "s", "simple", "type_comment", "type_params",
}  # fmt: skip
_LEAVES = (ast.Name, ast.Constant)
_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {}


def children(node: ast.AST) -> list[ast.AST]:
    """The parts of a node in order, without operators, contexts and annotations."""
    kind = node.__class__
    fields = _FIELDS.get(kind)
    if fields is None:
        fields = _FIELDS[kind] = tuple(name for name in kind._fields if name not in _NO_PARTS)
    parts: list[ast.AST] = []
    for name in fields:
        value = getattr(node, name, None)
        if value.__class__ is list:
            parts += [part for part in value if isinstance(part, ast.AST)]
        elif isinstance(value, ast.AST):
            parts.append(value)
    return parts


def walk(node: ast.AST) -> list[ast.AST]:
    """A node and all below it in the order of the text.

    The rules come back to functions again and again, so a function keeps its list. (Keeping one
    with every node takes longer than walking.)
    """
    is_function = isinstance(node, _FUNCTIONS)
    if is_function and "_line" in node.__dict__:
        known: list[ast.AST] = node.__dict__["_line"]
        return known
    line = [node]
    if not isinstance(node, _LEAVES):
        _lay(node, line)
    if is_function:
        node.__dict__["_line"] = line
    return line


def _lay(node: ast.AST, line: list[ast.AST]) -> None:
    for part in children(node):
        line.append(part)
        if not isinstance(part, _LEAVES):
            _lay(part, line)


def lay(node: ast.AST, line: list[ast.AST], parents: dict[ast.AST, ast.AST]) -> None:
    """Add all that is below a node to `line`, in order of the text, and to `parents`."""
    for part in children(node):
        parents[part] = node
        line.append(part)
        if not isinstance(part, _LEAVES):
            lay(part, line, parents)


def keep(function: FunctionNode, below: list[ast.AST]) -> None:
    """Let `walk` give what a body has laid already; decorators and defaults are not in it."""
    function.__dict__["_line"] = [function, *below]


def walk_shallow(node: ast.AST) -> Iterator[ast.AST]:
    """As `walk`; functions and lambdas below are given but not entered."""
    stack = [node]
    while stack:
        found = stack.pop()
        yield found
        if found is node or not isinstance(found, _FUNCTIONS):
            stack.extend(reversed(children(found)))


def own_expressions(node: ast.stmt) -> list[ast.AST]:
    """The expressions of a statement itself, not those of the blocks in it."""
    return [
        part
        for part in children(node)
        if not isinstance(part, ast.stmt | ast.excepthandler | ast.match_case)
    ]


def blocks_of(node: ast.stmt) -> list[list[ast.stmt]]:
    """The blocks in a compound statement, those of functions and classes apart."""
    blocks = [
        block
        for name in ("body", "orelse", "finalbody")
        if isinstance(block := getattr(node, name, None), list)
    ]
    blocks += [handler.body for handler in getattr(node, "handlers", ())]
    blocks += [case.body for case in getattr(node, "cases", ())]
    return blocks


def bindings_of(node: ast.AST) -> list[tuple[ast.expr, ast.expr]]:
    """What a node binds to what: targets with values, or with what is looped over."""
    if isinstance(node, ast.Assign):
        return [(target, node.value) for target in node.targets]
    if isinstance(node, ast.AnnAssign | ast.NamedExpr | ast.AugAssign):
        return [(node.target, node.value)] if node.value is not None else []
    if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
        return [(node.target, node.iter)]
    return []


def parameters(node: FunctionNode) -> list[str]:
    """The names of a function's parameters: by position, then by keyword, then the rest."""
    found = node.args
    names = [one.arg for one in (*found.posonlyargs, *found.args, *found.kwonlyargs)]
    return names + [one.arg for one in (found.vararg, found.kwarg) if one]


def arguments_of(call: ast.Call, callee: FunctionNode, *, skip: int = 0) -> dict[str, ast.expr]:
    """Which expression each parameter of `callee` gets; `skip` positions are the call's own."""
    names = [one.arg for one in (*callee.args.posonlyargs, *callee.args.args)]
    if names and names[0] in {"self", "cls"}:
        names = names[1:]
    given = dict(zip(names, call.args[skip:], strict=False))
    given.update({word.arg: word.value for word in call.keywords if word.arg})
    return given
