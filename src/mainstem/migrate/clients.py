"""Finding clients: every `inngest.Inngest(…)` and the name that it is kept under."""

import libcst as cst

from mainstem.migrate.constants import Given, text_of
from mainstem.migrate.finds import Client, Stray
from mainstem.migrate.modules import Chain, Module, Project
from mainstem.migrate.shapes import condition, standing

_CONSTRUCTOR = "inngest.Inngest"


def find_clients(project: Project) -> tuple[dict[str, Client], list[Stray]]:
    """All clients by the name under which they are made, and those that have none."""
    clients: dict[str, Client] = {}
    strays: list[Stray] = []
    for module in project.modules:
        for call in module.nodes:
            if not isinstance(call, cst.Call) or not isinstance(call.func, Chain):
                continue
            if project.resolve(module, call.func) != _CONSTRUCTOR:
                continue
            where = standing(module, call)
            if where.name is None or not isinstance(where.node, cst.Assign | cst.AnnAssign):
                why = "it is not kept under a name of its own, so who uses it cannot be told"
                strays.append(Stray(module, call, "client", f"`{module.code(call.func)}`", why))
                continue
            _add(project, clients, module, call, project.canonical(where.name), where.node)
    for client in clients.values():
        _judge(client)
    return clients, strays


def _add(
    project: Project,
    clients: dict[str, Client],
    module: Module,
    call: cst.Call,
    key: str,
    statement: cst.Assign | cst.AnnAssign,
) -> None:
    options = {each.keyword.value: each.value for each in call.args if each.keyword is not None}
    app_id = text_of(project, module, options.get("app_id"), Given())
    client = clients.get(key)
    if client is None:
        client = clients[key] = Client(key, module, [], [], app_id, options)
    elif client.app_id != app_id:
        client.blocked = (
            f"its app id differs between {client.module.place(client.calls[0])} and here"
        )
    client.calls.append(call)
    client.statements.append(statement)
    if any(each.star for each in call.args):
        client.blocked = f"its options cannot be read ({module.place(call)})"


def _judge(client: Client) -> None:
    module = client.module
    first = client.statements[0]
    target = first.targets[0].target if isinstance(first, cst.Assign) else first.target
    name = client.key.removeprefix(f"{module.name}.").rpartition(".<locals>.")[2]
    if isinstance(target, cst.Attribute) or "." in name:
        client.kept = "it is an attribute, which others may read"
    elif len(module.bindings(client.key.removeprefix(f"{module.name}."))) != len(client.calls):
        client.blocked = client.blocked or "its name is bound more than once"
    elif len(client.calls) > 1 or condition(module, first, client.key.rpartition(".")[2]):
        client.kept = "it is made under a condition; take that out by hand"
    if has_serializer(client):
        client.blocked = client.blocked or (
            "it has a serializer, and the one client made from settings has none"
        )


def has_serializer(client: Client) -> bool:
    """Whether what its functions and their steps give passes through a serializer of its own."""
    serializer = client.options.get("serializer")
    return serializer is not None and client.module.code(serializer) != "None"
