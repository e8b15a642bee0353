"""The ids that definitions have already: an earlier run's work, or somebody's own.

A catalogue has one function of an id, so none that is still made by a client may take one of
these. The ids are read through wrappers, partials and factories, as those of the old functions are.
"""

import re
from collections.abc import Iterator

import libcst as cst

from mainstem.migrate.constants import Given, text_of
from mainstem.migrate.finds import Client, Create
from mainstem.migrate.functions import Functions, IdReader
from mainstem.migrate.modules import Chain, Module, Project
from mainstem.migrate.shapes import argument

_MAKES = frozenset({"define", "sdk_function"})
_OURS = re.compile(rb"\bmainstem\b")


def taken_ids(project: Project) -> dict[str, str]:
    """Every id that can be read of a definition, and the place of that, `file:line`."""
    names = set(_MAKES)
    while True:
        modules = list(_mentioning(project, names))
        found = _Definitions(project, modules)
        makers = {key.rpartition(".")[2] for key in found.makers}
        if makers <= names:
            break
        names |= makers  # whoever calls them may not name what they call
    taken = dict(found.direct)
    for function in found.by_key.values():
        for node, fn_id in zip(function.nodes, function.ids, strict=True):
            if fn_id is not None:
                taken.setdefault(fn_id, function.module.place(node))
    return taken


def _mentioning(project: Project, names: set[str]) -> Iterator[Module]:
    for source in project.sources.values():
        if names.isdisjoint(source.words):
            continue
        if _MAKES.isdisjoint(source.words) or _OURS.search(source.data) is not None:
            module = project.module(source.name)
            if module is not None:
                yield module


class _Definitions(Functions):
    """Definitions found as functions of the old kind are, as if all had one client."""

    def __init__(self, project: Project, modules: list[Module]) -> None:
        self.direct: dict[str, str] = {}
        """Ids that stand in the call itself, wherever that is: in a loop, in another function."""
        super().__init__(project, {}, modules)

    def _look_at(self, module: Module, node: Chain) -> None:
        name = self.project.resolve(module, node) or ""
        if not name.startswith("mainstem.") or name.rpartition(".")[2] not in _MAKES:
            return
        parent = module.parent(node)
        client = Client(name, module, [], [], None, {})
        if isinstance(parent, cst.Call) and parent.func is node:
            for fn_id in self._said(module, parent):
                self.direct.setdefault(fn_id, module.place(parent))
            create = Create(module, node, client, module, parent)
            self._decorator(module, parent, [create], [], self._id_in(module, parent))
        elif isinstance(parent, cst.Arg) and self._is_partial(module, parent):
            self._partial(module, node, client)
        elif isinstance(parent, cst.Assign | cst.AnnAssign):
            self._alias(module, node, client)

    def _said(self, module: Module, call: cst.Call) -> Iterator[str]:
        own = self._id_in(module, call)(Given())
        if own is not None:
            yield own
        previous = argument(call, "previous_ids")
        value = None if previous is None else previous.value
        for each in value.elements if isinstance(value, cst.Tuple | cst.List) else ():
            text = text_of(self.project, module, each.value, Given())
            if text is not None:
                yield text

    def _id_in(self, module: Module, call: cst.Call) -> IdReader:
        found = argument(call, "fn_id") or argument(call, "id")
        value = None if found is None else found.value
        return lambda given: text_of(self.project, module, value, given)
