"""Rule `swallowed-step-error`: what is caught around steps.

The SDK leaves a handler by raising `ResponseInterrupt` or `SkipInterrupt` out of the step call;
both are `BaseException`, so `except Exception` lets them pass. What `except Exception` does catch
is `StepError`, raised on each replay after the last attempt, and `NonRetriableError` and
`RetryAfterError` from inside the step.
"""

import ast
from collections.abc import Iterator

from mainstem.lint.body import Body
from mainstem.lint.findings import Finding
from mainstem.lint.tree import FunctionNode, walk, walk_shallow

_RULE = "swallowed-step-error"
_INTERRUPTS = "It catches the interrupts by which the SDK ends a request, and the step is lost."


def swallowed_errors(body: Body) -> Iterator[Finding]:
    """Broad handlers, `suppress` and `finally` around steps."""
    tries: list[ast.Try | ast.TryStar] = [*body.of(ast.Try), *body.of(ast.TryStar)]
    for node in tries:
        if any(_makes_steps(body, one) for one in node.body):
            for handler in node.handlers:
                yield from _handler(body, handler)
        around = [*node.body, *node.orelse, *node.handlers]
        if node.finalbody and any(_makes_steps(body, one) for one in around):
            yield from _finally(body, node)
    blocks: list[ast.With | ast.AsyncWith] = [*body.of(ast.With), *body.of(ast.AsyncWith)]
    for block in blocks:
        yield from _suppress(body, block)


def _makes_steps(body: Body, node: ast.AST) -> bool:
    """Whether a step runs there; what a step runs itself is not a step."""
    if body.step_around(node) is not None:
        return False
    return not isinstance(node, FunctionNode) and body.makes_steps(node)


def _handler(body: Body, handler: ast.ExceptHandler) -> Iterator[Finding]:
    caught = _broadest(body, handler.type)
    raises = [node for node in _own(handler) if isinstance(node, ast.Raise)]
    if caught == "BaseException":
        if not any(_raises_again(one, handler.name) for one in raises):
            told = "`except:`" if handler.type is None else "`except BaseException`"
            yield body.finding(
                _RULE,
                handler,
                f"{told} around a step does not raise again. {_INTERRUPTS}",
                mend="Catch `StepError` instead, or end with a bare `raise`.",
            )
        return
    if caught != "Exception" or raises or _looks_at_it(handler):
        return
    goes_on = any(body.makes_steps(one) for one in handler.body)
    yield body.finding(
        _RULE,
        handler,
        "`except Exception` around a step passes over whatever failed.",
        severity="warning" if goes_on else "error",
    )


def _raises_again(node: ast.Raise, name: str | None) -> bool:
    return node.exc is None or (isinstance(node.exc, ast.Name) and node.exc.id == name)


def _looks_at_it(handler: ast.ExceptHandler) -> bool:
    """Whether the error is used, by its name or through `sys.exc_info` and the like.

    A line in the log is no look: nothing comes of it.
    """
    for node in handler.body:
        if _is_log(node):
            continue
        for one in walk(node):
            if isinstance(one, ast.Name) and one.id == handler.name and handler.name:
                return True
            if isinstance(one, ast.Attribute) and one.attr in {"exc_info", "format_exc"}:
                return True
    return False


def _is_log(node: ast.stmt) -> bool:
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
        return False
    func = node.value.func
    if isinstance(func, ast.Name):
        return func.id == "print"
    levels = {"debug", "info", "warning", "error", "exception", "critical", "log"}
    return isinstance(func, ast.Attribute) and func.attr in levels


def _own(handler: ast.ExceptHandler) -> Iterator[ast.AST]:
    for statement in handler.body:
        if not isinstance(statement, FunctionNode):
            yield from walk_shallow(statement)


def _broadest(body: Body, caught: ast.expr | None) -> str:
    if caught is None:
        return "BaseException"
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    found = {one.id for one in names if isinstance(one, ast.Name) and one.id not in body.bound}
    return next((name for name in ("BaseException", "Exception") if name in found), "")


def _suppress(body: Body, node: ast.With | ast.AsyncWith) -> Iterator[Finding]:
    for item in node.items:
        call = item.context_expr
        if not isinstance(call, ast.Call) or body.qualified(call.func) != "contextlib.suppress":
            continue
        caught = _broadest(body, ast.Tuple(elts=call.args, ctx=ast.Load()))
        if caught and any(_makes_steps(body, one) for one in node.body):
            more = f" {_INTERRUPTS}" if caught == "BaseException" else ""
            yield body.finding(
                _RULE, call, f"`suppress({caught})` around a step passes over what failed.{more}"
            )


def _finally(body: Body, node: ast.Try | ast.TryStar) -> Iterator[Finding]:
    for statement in node.finalbody:
        for one in walk_shallow(statement):
            if isinstance(statement, FunctionNode):
                break
            in_loop = any(isinstance(up, ast.For | ast.While) for up in _up_to(body, one, node))
            if isinstance(one, ast.Return) or (
                isinstance(one, ast.Break | ast.Continue) and not in_loop
            ):
                word = type(one).__name__.lower()
                yield body.finding(
                    _RULE,
                    one,
                    f"`{word}` in a `finally` around a step drops what was raised. {_INTERRUPTS}",
                    mend=f"Move the `{word}` out of the `finally`.",
                )


def _up_to(body: Body, node: ast.AST, end: ast.AST) -> Iterator[ast.AST]:
    for one in body.ancestors(node):
        if one is end:
            return
        yield one
