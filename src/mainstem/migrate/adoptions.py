"""Functions that a catalogue adopts already: `Catalog([adopt(send_receipt, client=client)])`.

When such a function becomes a definition, the call around its name goes, and what middleware the
call took over is the definition's.
"""

from dataclasses import dataclass, field

import libcst as cst

from mainstem.migrate.finds import Client, Function
from mainstem.migrate.functions import Functions
from mainstem.migrate.modules import Chain, Module, Project
from mainstem.migrate.shapes import argument

_ADOPT = frozenset({"mainstem.catalog.adopt", "mainstem.catalog.adoption.adopt"})


@dataclass(eq=False)
class Adoption:
    """One `adopt(…)`. `client` is whose middleware it takes over, if it says so."""

    module: Module
    call: cst.Call
    function: Function
    client: Client | None


@dataclass
class Adoptions:
    """Those of a project, by function."""

    by_key: dict[str, Adoption] = field(default_factory=dict)

    def of(self, function: Function) -> Adoption | None:
        """How a catalogue adopts `function`, if one does."""
        return self.by_key.get(function.key)

    def around(self, module: Module, node: cst.CSTNode) -> bool:
        """Whether `node` is an argument of an `adopt(…)` that is followed."""
        parent = module.parent(node)
        call = module.parent(parent) if isinstance(parent, cst.Arg) else None
        return any(one.call is call for one in self.by_key.values())

    def needing(self, client: Client) -> bool:
        """Whether a function stays adopted with the middleware of `client`."""
        return any(
            one.client is client and one.function.why is not None for one in self.by_key.values()
        )


def find_adoptions(project: Project, clients: dict[str, Client], functions: Functions) -> Adoptions:
    """Every function that is adopted by its name, once. What else the call says keeps it so."""
    found = Adoptions()
    for module in project.modules:
        if b"adopt" not in module.source.data:
            continue
        for call in module.nodes:
            if not isinstance(call, cst.Call) or project.resolve(module, call.func) not in _ADOPT:
                continue
            given = argument(call, "function", 0)
            name = project.resolve(module, given.value) if given is not None else None
            function = functions.by_key.get(name or "")
            if function is None:
                continue
            _add(project, clients, found, Adoption(module, call, function, None))
    return found


def _add(
    project: Project, clients: dict[str, Client], found: Adoptions, adoption: Adoption
) -> None:
    function, module, call = adoption.function, adoption.module, adoption.call
    if function.key in found.by_key:
        function.why = function.why or f"it is adopted twice ({module.place(call)})"
        return
    found.by_key[function.key] = adoption
    client = argument(call, "client")
    if client is not None and module.code(client.value) != "None":
        name = project.resolve(module, client.value) if isinstance(client.value, Chain) else None
        adoption.client = clients.get(name or "")
        if adoption.client is None:
            told = f"the client at {module.place(call)}, which adopts it, cannot be followed"
            function.why = function.why or told
    others = [each.keyword.value for each in call.args[1:] if each.keyword is not None]
    kept = [name for name in others if name != "client"]
    if kept or len(others) != len(call.args) - 1:
        words = ", ".join(f"`{name}`" for name in kept) or "what is unpacked there"
        function.why = function.why or (
            f"`adopt` at {module.place(call)} also gives it {words}: write a definition by hand"
        )
