"""Rule `step-id-in-parallel`: the branches of a group, and the ids of the steps in them.

A branch is one callable of `parallel(...)`. Branches made in a comprehension or a loop are one
piece of source and many branches: their ids must depend on what is looped over, and a lambda that
reads the loop's variable sees its last value in every branch.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from mainstem.lint.body import Body
from mainstem.lint.findings import Finding
from mainstem.lint.steps import StepCall, is_partial, step_call, steps_in
from mainstem.lint.tree import FunctionNode, NamedFunction, arguments_of, parameters, walk

_RULE = "step-id-in-parallel"
_COMPREHENSIONS = ast.ListComp | ast.GeneratorExp | ast.SetComp


@dataclass(frozen=True)
class _Branch:
    """One callable; `each` are the names that differ from copy to copy, None for a single one."""

    node: ast.expr
    each: frozenset[str] | None = None


@dataclass(frozen=True)
class _Id:
    """A step id in a branch: its expression, the place to report, and the helper it is in."""

    step_id: ast.expr
    place: ast.AST
    helper: FunctionNode | None = None


def repeated_ids(body: Body) -> Iterator[Finding]:
    """Every step id that two branches of one group use."""
    for group in body.steps:
        if group.kind == "parallel":
            yield from _group(body, group)


def _group(body: Body, group: StepCall) -> Iterator[Finding]:
    taken: dict[str, int] = {}
    for number, branch in enumerate(_branches(body, group.node.args[group.skip :])):
        own: set[str] = set()
        for found in _ids(body, branch.node):
            if branch.each is not None:
                yield from _copies(body, branch, found)
            step_id = _text(found.step_id)
            if step_id is None:
                continue
            own.add(step_id)
            if taken.get(step_id, number) != number:
                yield body.finding(
                    _RULE,
                    found.place,
                    f"Step id '{step_id}' is used in two branches of one parallel group.",
                )
        for step_id in own:
            taken.setdefault(step_id, number)


def _copies(body: Body, branch: _Branch, found: _Id) -> Iterator[Finding]:
    """What is wrong with an id in a branch that is made many times over."""
    each, names = branch.each or frozenset(), _names(found.step_id)
    is_made_in_helper = found.helper is not None and _text(found.step_id) is None
    if is_made_in_helper or names & each or not _is_plain(found.step_id):
        # Made of what the helper is given, of the loop's item, or of what a function gives.
        yield from _late(body, branch, found)
        return
    given = _defaults(branch.node)
    is_by_default = any(_names(value) & each for name, value in given.items() if name in names)
    if not is_by_default and not names & set(_own_names(body, branch.node)):
        yield body.finding(
            _RULE,
            found.place,
            f"Step id `{ast.unparse(found.step_id)}` is the same in every branch made by this "
            "loop.",
        )


def _late(body: Body, branch: _Branch, found: _Id) -> Iterator[Finding]:
    """A lambda that reads what the loop binds: the loop has ended before any branch runs."""
    if not isinstance(branch.node, ast.Lambda):
        return
    read = found.step_id if found.helper is None else branch.node.body
    late = _names(read) & (branch.each or frozenset()) - set(_defaults(branch.node))
    if late:
        name, told = min(late), ast.unparse(found.step_id)
        yield body.finding(
            _RULE,
            found.place,
            f"Step id `{told}` reads '{name}' when the branch runs, and by then the loop has "
            "ended: every branch has the last one's id.",
            mend=f"Bind it with a default, `lambda {name}={name}: ...`, or use `partial`.",
        )


def _text(step_id: ast.expr) -> str | None:
    found = step_id.value if isinstance(step_id, ast.Constant) else None
    return found if isinstance(found, str) else None


def _is_plain(step_id: ast.expr) -> bool:
    """Whether an id is made of names and strings alone, so that nothing else can vary in it."""
    plain = ast.Name | ast.Constant | ast.JoinedStr | ast.FormattedValue | ast.Attribute
    return all(isinstance(node, plain) for node in walk(step_id))


def _names(node: ast.AST) -> set[str]:
    return {one.id for one in walk(node) if isinstance(one, ast.Name)}


def _defaults(branch: ast.expr) -> dict[str, ast.expr]:
    if not isinstance(branch, ast.Lambda):
        return {}
    given = branch.args
    names = [one.arg for one in (*given.posonlyargs, *given.args)]
    found = dict(zip(names[len(names) - len(given.defaults) :], given.defaults, strict=True))
    for one, value in zip(given.kwonlyargs, given.kw_defaults, strict=True):
        if value is not None:
            found[one.arg] = value
    return found


def _own_names(body: Body, branch: ast.expr) -> list[str]:
    """Names that a branch binds itself, other than by default."""
    function = body.function(branch)
    if function is None:
        return []
    stored = [
        node.id
        for node in walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    return stored if isinstance(branch, ast.Lambda) else [*stored, *parameters(function)]


def _branches(
    body: Body, given: list[ast.expr], each: frozenset[str] | None = None
) -> Iterator[_Branch]:
    for node in given:
        if isinstance(node, ast.Starred):
            yield from _branches(body, [node.value], each)
        elif isinstance(node, ast.Tuple | ast.List):
            yield from _branches(body, node.elts, each)
        elif isinstance(node, _COMPREHENSIONS):
            targets = {name for one in node.generators for name in _names(one.target)}
            yield _Branch(node.elt, frozenset(targets))
        elif isinstance(node, ast.Call) and _is_collection(node):
            yield from _branches(body, node.args[:1], each)
        elif isinstance(node, ast.BinOp):
            yield from _branches(body, [node.left, node.right], each)
        elif isinstance(node, ast.Name) and node.id in body.bindings:
            yield from _named(body, node)
        else:
            yield _Branch(node, each)


def _is_collection(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Name) and node.func.id in {"tuple", "list"}


def _named(body: Body, name: ast.Name) -> Iterator[_Branch]:
    """What was collected under a name before the group runs."""
    values = body.bindings[name.id]
    if len(values) != 1:
        return  # which of them it is depends on the way taken
    if isinstance(values[0], ast.Lambda):
        yield _Branch(values[0])
        return
    if isinstance(values[0], ast.Name):
        return
    yield from _branches(body, values)
    for node in body.of(ast.Call):
        if (
            isinstance(node.func, ast.Attribute)
            and node.func.attr == "append"
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == name.id
            and node.args
        ):
            yield _Branch(node.args[0], _loop_names(body, node))


def _loop_names(body: Body, node: ast.AST) -> frozenset[str] | None:
    """What varies where a branch is appended: all that the loop around it binds."""
    loops = [
        one for one in body.ancestors(node) if isinstance(one, ast.For | ast.AsyncFor | ast.While)
    ]
    if not loops:
        return None
    return frozenset(
        one.id
        for one in walk(loops[-1])
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
    )


def _ids(body: Body, branch: ast.expr) -> Iterator[_Id]:
    """The ids of the steps in a branch, through one level of helpers."""
    if direct := step_call(branch, body.contexts, body.module):
        if direct.step_id is not None:
            yield _Id(direct.step_id, branch)
        return
    if isinstance(branch, ast.Call) and (helper := _called(body, branch)):
        yield from _in_helper(body, branch, helper)
        return
    function = None if is_partial(branch, body.module) else body.function(branch)
    if function is None:
        return
    for node in walk(function):
        if node in body.callables:
            continue
        step = body.step_nodes.get(node)
        if step is not None and step.step_id is not None:
            yield _Id(step.step_id, step.node)
        elif isinstance(node, ast.Call) and step is None and (helper := _called(body, node)):
            yield from _in_helper(body, node, helper)


def _called(body: Body, call: ast.Call) -> NamedFunction | None:
    """The helper that a call hands the context to, or the handler's own function, which has it."""
    if helper := body.helper(call):
        return helper
    own = body.function(call.args[0] if is_partial(call, body.module) else call.func)
    return own if isinstance(own, NamedFunction) and own in body.parents else None


def _in_helper(body: Body, call: ast.Call, helper: NamedFunction) -> Iterator[_Id]:
    skip = 1 if is_partial(call, body.module) else 0
    given = arguments_of(call, helper, skip=skip)
    contexts = body.handed_to(call, helper).contexts
    if helper in body.parents:
        contexts = body.contexts | contexts
    for step in steps_in(helper, contexts, body.module):
        step_id = step.step_id
        if isinstance(step_id, ast.Name) and isinstance(given.get(step_id.id), ast.Constant):
            yield _Id(given[step_id.id], call, helper)
        elif step_id is not None:
            yield _Id(step_id, call, helper)
