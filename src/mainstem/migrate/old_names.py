"""Functions called by the name of an app that they leave: mended where certain, else named.

To the server a function is `<app id>-<function id>`. When the functions of several clients become
one app, whatever says such a name means nothing any more: `invoke_by_id` with an app's id, an
expression that compares `event.data.function_id`, a link to a page of runs.
"""

import re
from dataclasses import dataclass, field

import libcst as cst

from mainstem.migrate.by_hand import Marks
from mainstem.migrate.catalogue_place import CataloguePlace
from mainstem.migrate.constants import Given, text_of
from mainstem.migrate.finds import Function
from mainstem.migrate.modules import Chain, Module, nodes
from mainstem.migrate.rewriting import Rewriting
from mainstem.migrate.shapes import argument, is_docstring


def old_names(rewriting: Rewriting, catalogue: CataloguePlace | None, marks: Marks) -> None:
    """Mend in `rewriting` what is certain, and mark every other place."""
    moved = _moved(rewriting, catalogue)
    if len(moved.apps) > 1:
        for module in rewriting.project.modules:
            for node in module.nodes:
                if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
                    _invocation(rewriting, moved, marks, module, node)
        _texts(rewriting, moved, marks)


@dataclass
class _Moved:
    """The functions of the catalogue by the app that they leave, and those that stay."""

    listed: list[Function] = field(default_factory=list)
    staying: list[Function] = field(default_factory=list)
    apps: dict[str | None, set[str | None]] = field(default_factory=dict)


def _moved(rewriting: Rewriting, catalogue: CataloguePlace | None) -> _Moved:
    moved = _Moved()
    inside = {(e.module, e.name) for e in catalogue.entries} if catalogue is not None else set()
    for function in rewriting.functions.by_key.values():
        is_inside = (function.module.name, function.entry) in inside
        if not is_inside and rewriting.adoptions.of(function) is None:
            moved.staying.append(function)
            continue
        moved.listed.append(function)
        clients = {function.client, *(c for one in function.served_by for c in one.clients)}
        for client in clients:
            moved.apps.setdefault(client.app_id, set()).update(function.ids)
    return moved


def _invocation(
    rewriting: Rewriting, moved: _Moved, marks: Marks, module: Module, call: cst.Call
) -> None:
    assert isinstance(call.func, cst.Attribute)  # noqa: S101  the caller made sure
    if call.func.attr.value == "invoke":
        _by_function(rewriting, moved, marks, module, call)
    if call.func.attr.value != "invoke_by_id":
        return
    caller = _caller(rewriting, module, call)
    target, app = argument(call, "function_id"), argument(call, "app_id")
    fn_id = _text(rewriting, module, target)
    told = f"`invoke_by_id` of '{fn_id}'" if fn_id is not None else "`invoke_by_id`"
    if app is None or module.code(app.value) == "None":
        _own_app(moved, marks, module, call, caller, fn_id, told)
        return
    app_id = _text(rewriting, module, app)
    if app_id is not None and app_id not in moved.apps:
        return  # an app of others, or one that stays
    ids = moved.apps.get(app_id, set())
    if app_id is not None and fn_id in ids and caller in moved.listed:
        rewriting.of(module).change(call, _without_app)
    elif app_id is None or fn_id is None or fn_id in ids:
        why = "its app may be the catalogue's now; among its functions, leave `app_id` out"
        if caller in moved.staying:
            why = "in the catalogue, its `app_id` is what MAINSTEM_APP_ID says"
        marks.add(module, call, told, why)


def _own_app(
    moved: _Moved,
    marks: Marks,
    module: Module,
    call: cst.Call,
    caller: Function | None,
    fn_id: str | None,
    told: str,
) -> None:
    """An invocation within the app of whoever invokes."""
    stays = {one for function in moved.staying for one in function.ids}
    moves = {one for function in moved.listed for one in function.ids}
    is_moving = caller in moved.listed if caller is not None else None
    if fn_id is not None and is_moving is not None:
        if is_moving and fn_id in stays and fn_id not in moves:
            marks.add(module, call, told, "that function stays in the old app: give its `app_id`")
        elif not is_moving and fn_id in moves and fn_id not in stays:
            marks.add(module, call, told, "that function is in the catalogue's app now")
    elif moved.staying and (fn_id is None or fn_id in stays | moves):
        marks.add(module, call, told, "who invokes what, of which app, cannot be told by reading")


def _by_function(
    rewriting: Rewriting, moved: _Moved, marks: Marks, module: Module, call: cst.Call
) -> None:
    """`step.invoke(…, function=…)` looks for the function in the app of whoever invokes."""
    given = argument(call, "function")
    name = None
    if given is not None and isinstance(given.value, Chain):
        name = rewriting.project.resolve(module, given.value)
    target = rewriting.functions.by_key.get(name or "")
    caller = _caller(rewriting, module, call)
    if target is None or caller is None:
        return
    if (caller in moved.listed) != (target in moved.listed):
        why = (
            "it stays in the old app" if caller in moved.listed else "it is in the catalogue's app"
        )
        marks.add(
            module, call, f"`invoke` of {target.shown}", f"{why}: invoke it by id and `app_id`"
        )


def _caller(rewriting: Rewriting, module: Module, node: cst.CSTNode) -> Function | None:
    """The function in whose handler `node` stands, if it is one of a kind."""
    found = None
    for outer in module.around(node):
        if isinstance(outer, cst.FunctionDef):
            found = rewriting.functions.by_call.get(outer, found)
    return found


def _text(rewriting: Rewriting, module: Module, given: cst.Arg | None) -> str | None:
    return None if given is None else text_of(rewriting.project, module, given.value, Given())


def _without_app(node: cst.CSTNode) -> cst.CSTNode:
    assert isinstance(node, cst.Call)  # noqa: S101  it is changed, not replaced
    args = [one for one in node.args if one.keyword is None or one.keyword.value != "app_id"]
    if node.args[-1] not in args:
        last = node.args[-1]
        args[-1] = args[-1].with_changes(
            comma=last.comma, whitespace_after_arg=last.whitespace_after_arg
        )
    return node.with_changes(args=args)


def _texts(rewriting: Rewriting, moved: _Moved, marks: Marks) -> None:
    """Every text that holds the whole name of a function that moves."""
    names = {
        f"{app_id}-{fn_id}": (app_id, fn_id)
        for app_id, ids in moved.apps.items()
        for fn_id in ids
        if app_id is not None and fn_id is not None
    }
    if not names:
        return
    longest = sorted(names, key=len, reverse=True)
    pattern = re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, longest))})(?:-failure)?(?![\w-])")
    gone = {
        id(node)
        for client in rewriting.removed
        for statement in client.statements
        for node in nodes(statement)
    }
    for source in rewriting.project.sources.values():
        if pattern.search(source.data.decode("utf-8", "replace")) is None:
            continue
        module = rewriting.project.module(source.name)
        for node in module.nodes if module is not None else ():
            if module is None or id(node) in gone or not isinstance(node, _TEXTS):
                continue
            parent = module.parent(node)
            if (parent is not None and is_docstring(parent)) or isinstance(parent, _TEXTS):
                continue
            found = pattern.search(module.code(node))
            if found is not None:
                app_id, _ = names[found[1]]
                why = f"it is called otherwise after this, unless MAINSTEM_APP_ID is '{app_id}'"
                marks.add(module, node, f"'{found[0]}'", why)


_TEXTS = cst.SimpleString | cst.FormattedString | cst.ConcatenatedString
