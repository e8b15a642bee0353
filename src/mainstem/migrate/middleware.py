"""A client's middleware: can it be moved to functions, and does it touch what is sent?"""

from dataclasses import dataclass

import libcst as cst

from mainstem.migrate.finds import Client
from mainstem.migrate.modules import Chain, Module, Project

_BASES = frozenset({"inngest.Middleware", "inngest.MiddlewareSync"})
_SENDING = frozenset({"before_send_events", "after_send_events"})


@dataclass(frozen=True)
class Wraps:
    """The middleware around a run: dotted names of classes, or why they cannot be named."""

    client: Client
    names: tuple[str, ...]
    why: str | None = None


def wraps_of(project: Project, client: Client) -> Wraps:
    """What a client wraps around every run of the functions that it serves."""
    if client.changed is not None:
        return Wraps(client, (), f"some is added at {client.changed}")
    value = client.options.get("middleware")
    if len(client.calls) > 1 and value is not None:
        return Wraps(client, (), "the client is made in more than one way")
    if value is None or client.module.code(value) == "None":
        return Wraps(client, ())
    names = _named(project, client.module, value)
    if names is None:
        told = client.module.code(value)
        return Wraps(client, (), f"`{told}` is not a list of classes by name")
    return Wraps(client, tuple(names))


def _named(project: Project, module: Module, value: cst.BaseExpression) -> list[str] | None:
    if isinstance(value, Chain):
        name = project.resolve(module, value)
        there, rest = project.split(name) if name is not None else (None, "")
        bindings = [] if there is None else there.bindings(rest)
        listed = there.value_of(bindings[0]) if there is not None and len(bindings) == 1 else None
        return _named(project, there, listed) if there is not None and listed is not None else None
    if not isinstance(value, cst.List | cst.Tuple):
        return None
    names = []
    for element in value.elements:
        name = project.resolve(module, element.value) if isinstance(element.value, Chain) else None
        if name is None or isinstance(element, cst.StarredElement) or "<locals>" in name:
            return None
        there, rest = project.split(name)
        if (there is not None and len(there.bindings(rest)) != 1) or "." not in name:
            return None
        names.append(name)
    return names


def touches_sends(project: Project, wraps: Wraps) -> str | None:
    """Why events sent through the client are not the same without its middleware, or None."""
    if wraps.why is not None:
        return wraps.why
    for name in wraps.names:
        module, rest = project.split(name)
        bindings = [] if module is None else module.bindings(rest)
        node = bindings[0].node if len(bindings) == 1 else None
        told = name.rpartition(".")[2]
        if module is None or not isinstance(node, cst.ClassDef):
            return f"what its middleware `{told}` does to events cannot be read"
        bases = {project.resolve(module, each.value) for each in node.bases}
        methods = {one.name.value for one in node.body.body if isinstance(one, cst.FunctionDef)}
        assigned = any(isinstance(one, cst.SimpleStatementLine)
                       and any(isinstance(small, cst.Assign) for small in one.body)
                       for one in node.body.body)  # fmt: skip
        if not bases or not bases <= _BASES or assigned:
            return f"what its middleware `{told}` does to events cannot be read"
        if methods & _SENDING:
            return f"its middleware `{told}` changes events as they are sent"
        if methods & {"__init__", "__new__"}:
            return f"its middleware `{told}` does something whenever an event is sent"
    return None
