"""Finding serve calls of the SDK's adapters and what each of them serves."""

import libcst as cst

from mainstem.migrate.finds import ADAPTERS, Client, Function, Serve, Unfollowed
from mainstem.migrate.listing import Lists
from mainstem.migrate.modules import Chain, Module, Project, is_reference
from mainstem.migrate.shapes import argument, in_main_guard, standing


def find_serves(project: Project, clients: dict[str, Client], lists: Lists) -> list[Serve]:
    """Every serve call, in the order of files and lines."""
    found = []
    for module in project.modules:
        for node in module.nodes:
            if isinstance(node, cst.Call) and isinstance(node.func, Chain):
                adapter = ADAPTERS.get(project.resolve(module, node.func) or "")
                if adapter is not None:
                    found.append(_read(project, clients, lists, module, node, adapter))
    return sorted(found, key=lambda one: (str(one.module.source.path), one.module.column(one.call)))


def _read(
    project: Project,
    clients: dict[str, Client],
    lists: Lists,
    module: Module,
    call: cst.Call,
    adapter: str,
) -> Serve:
    has_app = adapter in {"fastapi", "flask", "tornado"}
    app = argument(call, "app", 0) if has_app else None
    serve = Serve(module, call, adapter, None if app is None else app.value, [], [], {})
    named = {"app", "client", "functions", "apps"}
    serve.options = {
        each.keyword.value: each.value
        for each in call.args
        if each.keyword is not None and each.keyword.value not in named
    }
    serve.why = _condition(module, call)
    if any(each.star for each in call.args) or (has_app and app is None):
        _unfollowed(serve, "its arguments are unpacked from elsewhere")
    elif adapter == "connect":
        _read_apps(project, clients, lists, serve)
        serve.why = serve.why or _worker_trouble(module, call)
    else:
        first = 1 if has_app else 0
        client = argument(call, "client", first)
        functions = argument(call, "functions", first + 1)
        if client is None or functions is None:
            _unfollowed(serve, "its client or its functions cannot be found among its arguments")
        else:
            _add_app(project, clients, lists, serve, client.value, functions.value)
    return serve


def _read_apps(project: Project, clients: dict[str, Client], lists: Lists, serve: Serve) -> None:
    apps = argument(serve.call, "apps", 0)
    if apps is None or not isinstance(apps.value, cst.List):
        _unfollowed(serve, "its apps are not listed in the call")
        return
    for element in apps.value.elements:
        pair = element.value
        if not isinstance(pair, cst.Tuple) or len(pair.elements) != 2:
            _unfollowed(serve, "its apps are not pairs of a client and a list")
            return
        client, functions = pair.elements
        _add_app(project, clients, lists, serve, client.value, functions.value)


def _add_app(
    project: Project,
    clients: dict[str, Client],
    lists: Lists,
    serve: Serve,
    client: cst.BaseExpression,
    functions: cst.BaseExpression,
) -> None:
    name = project.resolve(serve.module, client)
    known = None if name is None else clients.get(name)
    if known is None:
        told = serve.module.code(client)
        _unfollowed(serve, f"its client `{told}` cannot be followed to an `inngest.Inngest(…)`")
    else:
        serve.clients.append(known)
    try:
        listed: list[Function] = lists.functions_in(serve.module, functions, serve.lists)
    except Unfollowed as error:
        _unfollowed(serve, str(error))
        return
    for function in listed:
        if function not in serve.functions:
            serve.functions.append(function)


def _worker_trouble(module: Module, call: cst.Call) -> str | None:
    """Why Mainstem's worker cannot stand where the SDK's connection does: it starts and closes."""
    where = standing(module, call)
    places: list[tuple[cst.CSTNode, str]] = []
    if where.kind == "name" and where.name is not None:
        for node in module.nodes:
            name = module.absolute(node) or "" if isinstance(node, Chain) else ""
            if name.startswith(where.name) and is_reference(module, node):
                places.append((node, name.removeprefix(where.name)))
    else:
        parent = module.parent(call)
        method = f".{parent.attr.value}" if isinstance(parent, cst.Attribute) else ""
        places.append((parent if parent is not None else call, method))
    for node, method in places:
        outer = module.parent(node)
        is_called = isinstance(outer, cst.Call) and outer.func is node and not outer.args
        if method not in {".start", ".close"} or not is_called:
            told = f"`{module.code(node)}` at {module.place(node)}"
            return f"{told} does more with the connection than `start()` and `close()`"
    return None


def _unfollowed(serve: Serve, why: str) -> None:
    serve.is_followed = False
    serve.why = serve.why or why


def _condition(module: Module, call: cst.Call) -> str | None:
    if in_main_guard(module, call):
        return None
    for outer in module.around(call):
        if isinstance(outer, cst.FunctionDef | cst.Lambda):
            return None
        if isinstance(outer, cst.If | cst.For | cst.While | cst.Try | cst.TryStar | cst.Match):
            return (
                f"it is called only under a condition ({module.place(outer)}); functions may be "
                "switched off per environment with `environments={'production': "
                "Override(off=True)}` instead"
            )
    return None
