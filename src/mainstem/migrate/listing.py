"""Which functions a list holds: displays, joined and named lists, lists that decorators fill."""

from collections.abc import Iterator

import libcst as cst

from mainstem.migrate.finds import Function, Unfollowed
from mainstem.migrate.functions import Functions
from mainstem.migrate.modules import Chain, Module, Project


class Lists:
    """Follows expressions that stand for functions."""

    def __init__(self, project: Project, functions: Functions) -> None:
        self._project = project
        self._functions = functions

    def functions_in(
        self, module: Module, node: cst.BaseExpression, names: list[str]
    ) -> list[Function]:
        """The functions of the list `node`, in order; the names of lists met go to `names`.

        Raises `Unfollowed` when reading cannot tell.
        """
        return list(dict.fromkeys(self._list(module, node, names)))

    def _list(
        self, module: Module, node: cst.BaseExpression, names: list[str]
    ) -> Iterator[Function]:
        if isinstance(node, cst.List | cst.Tuple):
            for element in node.elements:
                if isinstance(element, cst.StarredElement):
                    yield from self._list(module, element.value, names)
                else:
                    yield self._one(module, element.value)
        elif isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Add):
            yield from self._list(module, node.left, names)
            yield from self._list(module, node.right, names)
        elif isinstance(node, cst.Call) and self._copies(module, node):
            yield from self._list(module, node.args[0].value, names)
        elif isinstance(node, Chain):
            yield from self._named(module, node, names)
        else:
            told = f"`{module.code(node)}` is no list that can be read"
            raise Unfollowed(module.place(node), told)

    def _copies(self, module: Module, call: cst.Call) -> bool:
        name = module.absolute(call.func)
        return name in {"builtins.list", "builtins.tuple"} and len(call.args) == 1

    def _named(self, module: Module, node: Chain, names: list[str]) -> Iterator[Function]:
        told = f"the list `{module.code(node)}`"
        name = self._project.resolve(module, node)
        if name is None:
            stars = ", ".join(f"`from {star} import *`" for star, _ in module.star_imports)
            hint = f"; {stars} hides where it comes from" if stars else ""
            raise Unfollowed(module.place(node), f"{told} cannot be followed{hint}")
        if name in names:
            return
        there, rest = self._project.split(name)
        bindings = [] if there is None else there.bindings(rest)
        if there is None or not bindings:
            raise Unfollowed(module.place(node), f"{told} cannot be followed")
        if len(bindings) > 1:
            raise Unfollowed(module.place(node), f"{told} is bound more than once")
        value = there.value_of(bindings[0])
        if value is None:
            raise Unfollowed(module.place(node), f"{told} cannot be followed")
        names.append(name)
        yield from self._list(there, value, names)
        for function in self._functions.by_key.values():
            if name in function.listed_by:
                yield function

    def _one(self, module: Module, node: cst.BaseExpression) -> Function:
        function: Function | None = None
        if isinstance(node, Chain):
            name = self._project.resolve(module, node)
            function = None if name is None else self._functions.by_key.get(name)
        elif node in self._functions.by_call:
            function = self._functions.by_call[node]
        if function is None:
            told = f"`{module.code(node)}` cannot be followed to a function"
            raise Unfollowed(module.place(node), told)
        return function
