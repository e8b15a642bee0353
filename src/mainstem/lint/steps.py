"""Step calls: how they are recognised, and what their parts are.

A *step call* is a call through the context: `run.step(...)`, `ctx.step.run(...)`,
`ctx.group.parallel(...)`, and `partial(run.step, ...)`, which makes one later.
"""

import ast
from dataclasses import dataclass

from mainstem.lint.handlers import Context
from mainstem.lint.source import Module
from mainstem.lint.tree import FunctionNode, walk

_OF_RUN = {
    "step": "run",
    "send": "send",
    "sleep": "sleep",
    "sleep_until": "sleep",
    "wait_for_event": "wait",
    "invoke": "invoke",
    "parallel": "parallel",
}
_OF_STEP = {
    "run": "run",
    "send_event": "send",
    "sleep": "sleep",
    "sleep_until": "sleep",
    "wait_for_event": "wait",
    "invoke": "invoke",
    "invoke_by_id": "invoke",
}
_CALLS = {
    Context.RUN: _OF_RUN,
    Context.STEP: _OF_STEP,
    Context.GROUP: {"parallel": "parallel"},
    Context.AI: {"infer": "infer"},
}
_PARTS = {
    (Context.RUN, "ctx"): Context.CTX,
    (Context.CTX, "step"): Context.STEP,
    (Context.CTX, "group"): Context.GROUP,
    (Context.STEP, "ai"): Context.AI,
}


@dataclass(frozen=True, eq=False)
class StepCall:
    """One call through the context. `skip` positions belong to `partial`, not to the step."""

    node: ast.Call
    kind: str
    skip: int = 0

    @property
    def step_id(self) -> ast.expr | None:
        """The expression of the step's id; None for a parallel group."""
        if self.kind == "parallel":
            return None
        args = self.node.args[self.skip :]
        return args[0] if args else self._word("step_id")

    @property
    def constant_id(self) -> str | None:
        """The id, where it is a plain string."""
        found = self.step_id
        if isinstance(found, ast.Constant) and isinstance(found.value, str):
            return found.value
        return None

    @property
    def callable(self) -> ast.expr | None:
        """What the step runs, of a step that runs something of ours."""
        if self.kind != "run":
            return None
        args = self.node.args[self.skip :]
        return args[1] if len(args) > 1 else self._word("handler")

    @property
    def handed(self) -> list[ast.expr]:
        """What the step is given to work with, apart from its id and its callable."""
        first = self.skip + (2 if self.kind == "run" else 1)
        words = [word.value for word in self.node.keywords if word.arg not in _CONFIGURATION]
        return [*self.node.args[first:], *words]

    def _word(self, name: str) -> ast.expr | None:
        return next((word.value for word in self.node.keywords if word.arg == name), None)


_CONFIGURATION = {"step_id", "handler", "output_type", "function", "timeout", "app_id"}


def context_of(node: ast.AST, contexts: dict[str, Context]) -> Context | None:
    """What an expression stands for, of the things through which steps are made."""
    if isinstance(node, ast.Name):
        return contexts.get(node.id)
    if isinstance(node, ast.Attribute):
        owner = context_of(node.value, contexts)
        return _PARTS.get((owner, node.attr)) if owner else None
    return None


def step_call(node: ast.AST, contexts: dict[str, Context], module: Module) -> StepCall | None:
    """The step call that a node is, if it is one."""
    if not isinstance(node, ast.Call):
        return None
    if kind := _kind(node.func, contexts):
        return StepCall(node, kind)
    if node.args and is_partial(node, module) and (kind := _kind(node.args[0], contexts)):
        return StepCall(node, kind, skip=1)
    return None


def is_partial(node: ast.AST, module: Module) -> bool:
    """Whether a node is a call of `functools.partial` with something to call."""
    return (
        isinstance(node, ast.Call)
        and bool(node.args)
        and module.qualified(node.func) == "functools.partial"
    )


def _kind(func: ast.expr, contexts: dict[str, Context]) -> str | None:
    if not isinstance(func, ast.Attribute):
        return None
    owner = context_of(func.value, contexts)
    return _CALLS.get(owner, {}).get(func.attr) if owner else None


def steps_in(
    function: FunctionNode, contexts: dict[str, Context], module: Module
) -> list[StepCall]:
    """The step calls of a helper, given which of its parameters are contexts."""
    found = (step_call(node, contexts, module) for node in walk(function))
    return [step for step in found if step]
