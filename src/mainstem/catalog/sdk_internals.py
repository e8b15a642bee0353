"""What this room uses of the SDK beyond its public surface, in one place.

Each of these has no public counterpart in any release of 0.5. They are looked at here alone, and
a release that has moved one is told by name (`UnknownSdk`) instead of half working.
"""

import inspect
from collections.abc import Callable, Collection
from typing import Any, Final

import inngest

from mainstem.errors import UnknownSdk

Context = inngest.Context | inngest.ContextSync


NO_OUTPUT_TYPE: Final = (
    inspect.signature(inngest.Function.__init__).parameters["output_type"].default
)
"""What the SDK keeps as the output type of a function that was given none."""


def memo_ids(ctx: Context) -> Collection[str]:
    """The hashed ids of the memos that this call has and has not yet met. Raises `UnknownSdk`."""
    found = getattr(getattr(getattr(ctx.step, "_execution", None), "_memos", None), "_memos", None)
    if not isinstance(found, dict):
        raise UnknownSdk("tell which steps a run has done", missing="StepMemos._memos")
    return found.keys()


def on_step(ctx: Context, seen: Callable[[Any], None]) -> None:
    """Have `seen` called with the SDK's `StepInfo` of every step that the handler comes to.

    It is called before the step is looked up, done or reported. Raises `UnknownSdk`.
    """
    execution: Any = getattr(ctx.step, "_execution", None)
    report = getattr(execution, "report_step", None)
    if not callable(report):
        raise UnknownSdk("watch the steps of a run", missing="Execution.report_step")

    def watched(step_info: Any) -> Any:
        seen(step_info)
        return report(step_info)

    execution.report_step = watched


def serialises(client: inngest.Inngest) -> bool:
    """Whether results of a client's functions pass through a serializer."""
    return getattr(client, "_serializer", None) is not None


def serving_client(ctx: Context, otherwise: inngest.Inngest) -> inngest.Inngest:
    """The client of the endpoint that a call came through; `otherwise` where that can't be told."""
    found = getattr(ctx.step, "_client", None)
    return found if isinstance(found, inngest.Inngest) else otherwise


def parts_of(function: inngest.Function[Any]) -> dict[str, Any]:
    """A function's handler, failure handler, middleware and output type. Raises `UnknownSdk`."""
    attempted = f"adopt function '{getattr(function, 'local_id', function)}'"
    opts = getattr(function, "_opts", None)
    found = {
        "handler": getattr(function, "_handler", None),
        "middleware": getattr(function, "_middleware", None),
        "output_type": getattr(function, "_output_type", parts_of),
        "on_failure": getattr(opts, "on_failure", parts_of),
    }
    if not callable(found["handler"]):
        raise UnknownSdk(attempted, missing="Function._handler")
    if not isinstance(found["middleware"], list):
        raise UnknownSdk(attempted, missing="Function._middleware")
    for name, where in (
        ("output_type", "Function._output_type"),
        ("on_failure", "_opts.on_failure"),
    ):
        if found[name] is parts_of:
            raise UnknownSdk(attempted, missing=where)
    return found
