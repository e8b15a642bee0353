"""Rules `duplicate-step-id` and `unordered-loop-step`: ids that the SDK has to number."""

import ast
from collections.abc import Iterator

from mainstem.lint.body import Body
from mainstem.lint.findings import Finding
from mainstem.lint.steps import StepCall
from mainstem.lint.tree import FunctionNode, bindings_of, walk

_COMPREHENSIONS = ast.ListComp | ast.GeneratorExp | ast.SetComp | ast.DictComp
_LOOPS = ast.For | ast.AsyncFor | ast.While | _COMPREHENSIONS
_LISTINGS = {"os.listdir", "os.scandir", "glob.glob", "glob.iglob"}
_OF_PATH = {"iterdir", "glob", "rglob"}
_OF_SET = {"union", "intersection", "difference", "symmetric_difference"}


def duplicates(body: Body) -> Iterator[Finding]:
    """One id for different work, one after the other in one run."""
    first: dict[str, list[StepCall]] = {}
    for step in body.steps:
        step_id = step.constant_id
        if step_id is None or _is_repeated(body, step):
            continue
        for earlier in first.get(step_id, ()):
            if _work(earlier) != _work(step) and not _exclude(body, earlier, step):
                yield body.finding(
                    "duplicate-step-id",
                    step.node,
                    f"Step id '{step_id}' is that of other work in line {earlier.node.lineno}.",
                    severity="warning",
                )
                break
        first.setdefault(step_id, []).append(step)


def unordered_loops(body: Body) -> Iterator[Finding]:
    """Steps in a loop over a set or a listing, with an id that is the same each time."""
    if not body.of(ast.For) and not body.of(ast.AsyncFor):
        return
    for step in body.steps:
        if step.step_id is None:
            continue
        names = _names(step.step_id)
        for loop in body.ancestors(step.node):
            if isinstance(loop, FunctionNode):
                break
            if not isinstance(loop, ast.For | ast.AsyncFor):
                continue
            if is_unordered(body, loop.iter) and not names & _made_of_the_item(loop):
                yield body.finding(
                    "unordered-loop-step",
                    step.node,
                    f"Step {ast.unparse(step.step_id)} runs once for each of "
                    f"`{ast.unparse(loop.iter)}`, which has no order of its own.",
                    severity="warning",
                )
                break


def _made_of_the_item(loop: ast.For | ast.AsyncFor) -> set[str]:
    """Names that hold the loop's item or what is made of it, and not merely its place in line."""
    target = loop.target
    if (
        isinstance(target, ast.Tuple)
        and isinstance(loop.iter, ast.Call)
        and isinstance(loop.iter.func, ast.Name)
        and loop.iter.func.id == "enumerate"
    ):
        target = target.elts[-1]
    found = _names(target)
    for node in walk(loop):
        for name, value in bindings_of(node):
            if _names(value) & found:
                found |= _names(name)
    return found


def _names(node: ast.AST) -> set[str]:
    return {one.id for one in walk(node) if isinstance(one, ast.Name)}


def is_unordered(body: Body, node: ast.expr) -> bool:
    """Whether an iterable surely has no stable order: sets of strings, listings of folders."""
    if isinstance(node, ast.Set):
        return not all(
            isinstance(one, ast.Constant) and isinstance(one.value, int) for one in node.elts
        )
    if isinstance(node, ast.SetComp):
        return True
    if isinstance(node, ast.Name):
        values = body.bindings.get(node.id, ())
        return len(values) == 1 and is_unordered(body, values[0])
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.BitOr | ast.BitAnd | ast.Sub | ast.BitXor) and (
            is_unordered(body, node.left) or is_unordered(body, node.right)
        )
    return isinstance(node, ast.Call) and _gives_unordered(body, node)


def _gives_unordered(body: Body, call: ast.Call) -> bool:
    func = call.func
    if isinstance(func, ast.Name) and func.id not in body.bound:
        if func.id in {"set", "frozenset"}:
            return True
        if func.id in {"list", "tuple", "enumerate", "iter", "reversed"}:
            return bool(call.args) and is_unordered(body, call.args[0])
    if isinstance(func, ast.Attribute):
        if func.attr in _OF_SET:
            return is_unordered(body, func.value)
        if func.attr in _OF_PATH and isinstance(func.value, ast.Call):
            return body.qualified(func.value.func) == "pathlib.Path"
    return body.qualified(func) in _LISTINGS


def _is_repeated(body: Body, step: StepCall) -> bool:
    """Whether a step may run more than once, or beside others: those have rules of their own."""
    for one in body.ancestors(step.node):
        if one is body.root:
            return False
        if isinstance(one, FunctionNode | _LOOPS):
            return True
    return False


def _work(step: StepCall) -> str:
    """What a step does: its kind, and the callable without what it is handed."""
    work = step.callable
    if work is None:
        return step.kind if step.kind != "send" else ast.dump(step.node)
    if isinstance(work, ast.Call) and work.args:  # partial(f, ...)
        work = work.args[0]
    return f"{step.kind} {ast.dump(work)}"


def _exclude(body: Body, one: StepCall, other: StepCall) -> bool:
    """Whether at most one of two steps runs in a run: ways that part, or one that leaves."""
    chain = [one.node, *body.ancestors(one.node)]
    places = {node: number for number, node in enumerate(chain)}
    previous: ast.AST = other.node
    for node in body.ancestors(other.node):
        if node in places:
            before = chain[places[node] - 1]
            return _parted(node, before, previous) or _leaves(chain[: places[node]])
        previous = node
    return False


def _parted(common: ast.AST, before: ast.AST, after: ast.AST) -> bool:
    if isinstance(common, ast.IfExp):
        return common.test not in (before, after)
    if isinstance(common, ast.Match):
        return isinstance(before, ast.match_case) and isinstance(after, ast.match_case)
    if isinstance(common, ast.If):
        return (before in common.body) != (after in common.body) and common.test is not before
    if isinstance(common, ast.Try | ast.TryStar):
        return isinstance(before, ast.ExceptHandler) and isinstance(after, ast.ExceptHandler)
    return False


def _leaves(chain: list[ast.AST]) -> bool:
    """Whether the way through the inner nodes of `chain` ends in a return or a raise."""
    for node in chain:
        if isinstance(node, ast.Return):
            return True
        blocks = [getattr(node, name, None) for name in ("body", "orelse", "finalbody")]
        for block in blocks:
            if not isinstance(block, list) or not any(one in chain for one in block):
                continue
            if any(isinstance(one, ast.Return | ast.Raise) for one in block):
                return True
    return False
