"""Serve calls: all of one web application become one, at the place of the first."""

import libcst as cst

from mainstem.migrate.edits import Edits
from mainstem.migrate.finds import Serve
from mainstem.migrate.modules import Module


def take_out(module: Module, call: cst.Call) -> cst.CSTNode | None:
    """What to remove so that the serve `call` is gone, or None when its value is used."""
    parent = module.parent(call)
    if isinstance(parent, cst.Expr):
        return parent
    if isinstance(parent, cst.Element) and isinstance(module.parent(parent), cst.List):
        around = module.parent(parent)
        statement = module.parent(around) if around is not None else None
        if isinstance(statement, cst.AugAssign) and isinstance(around, cst.List):
            return statement if len(around.elements) == 1 else parent
        return parent
    if isinstance(parent, cst.Arg):  # urlpatterns.append(serve(…))
        outer = module.parent(parent)
        if (
            isinstance(outer, cst.Call)
            and isinstance(outer.func, cst.Attribute)
            and outer.func.attr.value == "append"
        ):
            statement = module.parent(outer)
            return statement if isinstance(statement, cst.Expr) else None
    return None


def old_path(serve: Serve) -> str:
    """Where the SDK's adapter serves, as code: the usual path when none is given."""
    given = serve.options.get("serve_path")
    code = "None" if given is None else serve.module.code(given)
    return '"/api/inngest"' if code == "None" else code


def rewrite(edits: Edits, serve: Serve, catalog: str) -> str:
    """Put Mainstem's serve call in the place of the SDK's; gives its code."""
    module = serve.module
    if serve.adapter == "connect":
        code = f"{edits.imports.module('mainstem.serving.connect')}.worker({catalog}"
        instance = serve.options.get("instance_id")
        if instance is not None:
            code += f", instance_id={module.code(instance)}"
        code += ")"
    else:
        code = f"{edits.imports.module(f'mainstem.serving.{serve.adapter}')}.serve("
        if serve.app is not None:
            code += f"{module.code(serve.app)}, "
        code += catalog
        if old_path(serve) != '"/api/inngest"':
            code += f", path={old_path(serve)}"
        code += ")"
    edits.put(serve.call, code)
    return code
