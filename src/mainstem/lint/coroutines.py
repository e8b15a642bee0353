"""Rules `step-in-step`, `lost-await` and `blocking-call`: how steps and coroutines are called."""

import ast
from collections.abc import Iterator

from mainstem.lint.body import Body
from mainstem.lint.findings import Finding
from mainstem.lint.steps import StepCall, context_of, is_partial, steps_in
from mainstem.lint.tree import FunctionNode, NamedFunction, arguments_of, walk_shallow

_BLOCKING = {
    "time.sleep": "Sleep with `await run.sleep(...)` between steps, `asyncio.sleep` within one.",
    "urllib.request.urlopen": "",
    "subprocess.run": "Use `asyncio.create_subprocess_exec`.",
    "subprocess.call": "Use `asyncio.create_subprocess_exec`.",
    "subprocess.check_call": "Use `asyncio.create_subprocess_exec`.",
    "subprocess.check_output": "Use `asyncio.create_subprocess_exec`.",
    "os.system": "Use `asyncio.create_subprocess_exec`.",
    "socket.create_connection": "Use `asyncio.open_connection`.",
}
_VERBS = {"get", "post", "put", "patch", "delete", "head", "options", "request"}
# A value of these nodes is used at once; a coroutine there is surely not awaited.
_USED_AT_ONCE = (
    ast.Attribute | ast.Subscript | ast.Compare | ast.BoolOp | ast.BinOp | ast.UnaryOp
    | ast.FormattedValue | ast.If | ast.While | ast.For | ast.comprehension
)  # fmt: skip


def nested_steps(body: Body) -> Iterator[Finding]:
    """Steps that are called while another one runs."""
    for step in body.steps:
        outer = body.step_around(step.node)
        if outer is not None and step.skip == 0:
            yield _nested(body, step.node, outer)
    for call, helper in body.helpers:
        outer = body.step_around(call)
        contexts = body.handed_to(call, helper).contexts
        if outer is not None and steps_in(helper, contexts, body.module):
            yield _nested(body, call, outer)
    for step in body.steps:
        work = body.works[step]
        if isinstance(work, NamedFunction) and work not in body.callables:
            yield from _handed_the_context(body, step, work)
        elif step.callable is not None and context_of_method(body, step.callable):
            yield _nested(body, step.callable, step)


def context_of_method(body: Body, node: ast.expr) -> bool:
    """Whether a step's callable is a step method itself: `run.step("a", run.step, ...)`."""
    return isinstance(node, ast.Attribute) and bool(
        context_of(node.value, body.contexts)
        and node.attr in {"step", "run", "send", "send_event", "sleep", "invoke", "parallel"}
    )


def _handed_the_context(body: Body, step: StepCall, work: NamedFunction) -> Iterator[Finding]:
    """`run.step("a", helper, run)`, where the helper makes steps."""
    call, skip = step.node, step.skip + 2
    if isinstance(step.callable, ast.Call) and is_partial(step.callable, body.module):
        call, skip = step.callable, 1
    contexts = {
        name: kind
        for name, value in arguments_of(call, work, skip=skip).items()
        if (kind := context_of(value, body.contexts))
    }
    if contexts and steps_in(work, contexts, body.module):
        yield _nested(body, step.node, step, helper=work.name)


def _nested(body: Body, node: ast.AST, outer: StepCall, helper: str = "") -> Finding:
    told = outer.constant_id
    name = f"step '{told}'" if told else f"the step in line {outer.node.lineno}"
    how = f", in '{helper}'," if helper else ""
    return body.finding("step-in-step", node, f"A step is called{how} while {name} runs.")


def lost_awaits(body: Body) -> Iterator[Finding]:
    """Steps, groups and helpers in coroutines whose coroutine nobody awaits."""
    if not isinstance(body.root, ast.AsyncFunctionDef):
        return
    for step in body.steps:
        if not step.skip and _is_lost(body, step.node):
            told = ast.unparse(step.node.func)
            yield body.finding("lost-await", step.node, f"`{told}(...)` is not awaited.")
    for call, helper in body.helpers:
        is_coroutine = isinstance(helper, ast.AsyncFunctionDef)
        if is_coroutine and not is_partial(call, body.module) and _is_lost(body, call):
            told = f"The call of '{helper.name}' is not awaited."
            yield body.finding("lost-await", call, told)


def _is_lost(body: Body, node: ast.Call) -> bool:
    parent = body.parents[node]
    if isinstance(parent, ast.Await):
        return False
    if isinstance(parent, ast.Expr):
        return True
    owner = body.owner(node)
    if not isinstance(owner, ast.AsyncFunctionDef):
        return False
    if isinstance(parent, ast.Return):
        return True
    if isinstance(parent, ast.Assign):
        target = parent.targets[0]
        if isinstance(target, ast.Tuple):
            return True
        return isinstance(target, ast.Name) and not _is_awaited_later(body, target.id)
    if isinstance(parent, ast.For) and parent.iter is not node:
        return False
    return isinstance(parent, _USED_AT_ONCE)


def _is_awaited_later(body: Body, name: str) -> bool:
    """Whether a name that holds a coroutine is awaited, or handed to something that may do it."""
    for node in body.of(ast.Name):
        if node.id == name and isinstance(node.ctx, ast.Load):
            parent = body.parents[node]
            if isinstance(
                parent,
                ast.Await | ast.Call | ast.List | ast.Tuple | ast.Starred | ast.Dict | ast.keyword,
            ):
                return True
    return False


def blocking_calls(body: Body) -> Iterator[Finding]:
    """Calls that block, in a coroutine; a plain function run as a step blocks it as well."""
    if not isinstance(body.root, ast.AsyncFunctionDef):
        return
    for call in body.of(ast.Call):
        if body.qualified(call.func):
            owner = body.owner(call)
            if isinstance(owner, ast.AsyncFunctionDef) or owner in body.callables:
                yield from _blocking(body, call, owner)
    works = dict.fromkeys(one for one in body.works.values() if one not in body.callables)
    for work in works:
        if isinstance(work, NamedFunction):
            for node in walk_shallow(work):
                if isinstance(node, ast.Call):
                    yield from _blocking(body, node, work)


def _blocking(body: Body, node: ast.Call, owner: FunctionNode) -> Iterator[Finding]:
    name = body.qualified(node.func)
    room, _, verb = name.partition(".")
    mend = _BLOCKING.get(name)
    if mend is None and not (room in {"requests", "httpx"} and verb in _VERBS):
        return
    is_coroutine = isinstance(owner, ast.AsyncFunctionDef)
    where = "in a coroutine" if is_coroutine else "in a plain function that a coroutine calls"
    yield body.finding(
        "blocking-call",
        node,
        f"`{name}` blocks {where}.",
        mend=mend or ("Use `httpx.AsyncClient`." if mend is None else None),
        severity="error" if is_coroutine else "warning",
    )
