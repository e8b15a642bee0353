"""From verdicts to edits: every change to every file, the serve calls left aside."""

import libcst as cst

from mainstem.migrate.adoptions import Adoptions
from mainstem.migrate.edits import Edits, with_argument
from mainstem.migrate.finds import Client, Create, Function, Send, Serve
from mainstem.migrate.functions import Functions
from mainstem.migrate.layout import fitted
from mainstem.migrate.middleware import touches_sends, wraps_of
from mainstem.migrate.modules import Chain, Module, Project, is_reference, nodes
from mainstem.migrate.uses import Uses
from mainstem.migrate.verdicts import Verdicts

_CATALOG = "mainstem.catalog"


class Rewriting:
    """All edits of one plan."""

    def __init__(
        self,
        project: Project,
        clients: dict[str, Client],
        functions: Functions,
        serves: list[Serve],
        uses: Uses,
        verdicts: Verdicts,
        adoptions: Adoptions,
    ) -> None:
        self.project = project
        self.clients = clients
        self.functions = functions
        self.serves = serves
        self.uses = uses
        self.verdicts = verdicts
        self.adoptions = adoptions
        self.edits: dict[str, Edits] = {}
        self.needed: set[str] = set()
        """Clients that the catalogue's adopted functions need."""
        self.removed: list[Client] = []
        self.reasons: dict[str, str] = {}
        """Why a client stays, by its name."""
        self._ours = frozenset(name.partition(".")[0] for name in project.sources)
        # Modules of ours that do something when they are imported, besides defining things.
        self._busy = frozenset(name for name, source in project.sources.items() if source.is_busy)
        self._rewritten: set[cst.CSTNode] = set()

    def of(self, module: Module) -> Edits:
        """The edits of `module`."""
        if module.name not in self.edits:
            self.edits[module.name] = Edits(module, self._ours, self._busy)
            self.edits[module.name].imports.read_through = self.uses.read_through
        return self.edits[module.name]

    def functions_and_sends(self) -> None:
        """Rewrite what makes functions, what is said of them, and what sends."""
        self._makes()
        self._reads()
        for adoption in self.adoptions.by_key.values():
            if adoption.function.why is None:
                code = adoption.module.code(adoption.call.args[0].value)
                self.of(adoption.module).put(adoption.call, code)
        for send in self.uses.sends:
            self._send(send)

    def _makes(self) -> None:
        done: set[cst.CSTNode] = set()
        for function in self.functions.by_key.values():
            if function.why is not None:
                continue
            for create in function.creates:
                if create.reference not in self._rewritten:
                    self._rewritten.add(create.reference)
                    local = self.of(create.home).imports.name(_CATALOG, "sdk_function")
                    self.of(create.home).put(create.reference, local)
                wraps = self.verdicts.wraps.get(function.key)
                if wraps is not None and wraps.names and create.call not in done:
                    done.add(create.call)
                    self._wrap(create, wraps.names)

    def _wrap(self, create: Create, wraps: tuple[str, ...]) -> None:
        edits = self.of(create.module)
        names = []
        for each in wraps:
            module, _, name = each.rpartition(".")
            names.append(edits.imports.name(module, name))

        def change(node: cst.CSTNode) -> cst.CSTNode:
            assert isinstance(node, cst.Call)  # noqa: S101  it is changed, not replaced
            return fitted(create.module, create.call, with_argument(node, "middleware", names))

        edits.change(create.call, change)

    def _reads(self) -> None:
        for module, node, function in self.uses.local_ids:
            if function.why is None:
                self.of(module).change(node, _read_id)
        migrated = [one for one in self.functions.by_key.values() if one.why is None]
        for function in migrated:
            for made in function.nodes:
                statement = function.module.parent(made)
                if isinstance(statement, cst.AnnAssign):
                    self._annotation(function.module, statement.annotation)
        for maker in self.functions.makers.values():
            returns = maker.node.returns if isinstance(maker.node, cst.FunctionDef) else None
            if maker.why is None and maker.functions and returns is not None:
                self._annotation(maker.module, returns)
        self._list_annotations()

    def _list_annotations(self) -> None:
        """`FUNCTIONS: list[inngest.Function[Any]]` where all that it holds are definitions."""
        for module in self.project.modules:
            for node in module.nodes:
                if not isinstance(node, cst.AnnAssign) or node.value is None:
                    continue
                held = [
                    self.functions.by_key.get(self.project.resolve(module, part) or "")
                    for part in nodes(node.value)
                    if isinstance(part, Chain) and is_reference(module, part)
                ] + [self.functions.by_call.get(part) for part in nodes(node.value)]
                known = [one for one in held if one is not None]
                if known and all(one.why is None for one in known):
                    self._annotation(module, node.annotation)

    def _annotation(self, module: Module, annotation: cst.Annotation) -> None:
        for node in nodes(annotation):
            if (
                isinstance(node, Chain)
                and not isinstance(module.parent(node), cst.Attribute)
                and self.project.resolve(module, node) == "inngest.Function"
            ):
                edits = self.of(module)
                edits.put(node, edits.imports.name(_CATALOG, "SdkDefinition"))

    def _send(self, send: Send) -> None:
        client = send.client
        if send.why is None and client.blocked is not None:
            send.why = f"its client stays: {client.blocked}"
        if send.why is None and client.replaced is not None:
            send.why = f"its client is named in a text at {client.replaced}, which may replace it"
        if send.why is None:
            send.why = self._inside_what_stays(send)
        if send.why is None and not _skips_middleware(send):
            touched = touches_sends(self.project, wraps_of(self.project, client))
            send.why = None if touched is None else f"{touched}; the one client has no middleware"
        if send.why is None:
            edits = self.of(send.module)
            local = edits.imports.name("mainstem.clients", "current_client")
            edits.put(send.receiver, f"{local}()")
            edits.change(send.call, lambda node: _fitted(send, node))
            self._rewritten.add(send.receiver)

    def _inside_what_stays(self, send: Send) -> str | None:
        """Why a send in the handler of a function that stays does: that one is left as it is."""
        for outer in send.module.around(send.call):
            if not isinstance(outer, cst.FunctionDef):
                continue
            function = self.functions.by_call.get(outer)
            made = [each.decorator for each in outer.decorators]
            is_made = any(
                isinstance(part, cst.Attribute) and part.attr.value == "create_function"
                for each in made
                for part in nodes(each)
            )
            if (function is None and is_made) or (function is not None and function.why):
                return f"it belongs to function `{outer.name.value}`, which stays"
        return None

    def clients_go(self) -> None:
        """Take out the clients that nothing needs any more, and their imports."""
        for client in self.clients.values():
            why = self._needed(client)
            if why is not None:
                self.reasons[client.key] = why
                continue
            self.removed.append(client)
            for statement in client.statements:
                self.of(client.module).remove(statement, about=client.key.rpartition(".")[2])
            for module, alias in self.uses.aliases.get(client.key, []):
                self.of(module).remove(alias)
        gone = {client.key for client in self.removed}
        for client in self.removed:
            self.of(client.module).imports.undefined.add(client.key.rpartition(".")[2])
        for module in self.project.modules:
            for name in self._passing_on(module, gone):
                self.of(module).imports.dropped.add(name)

    def _passing_on(self, module: Module, gone: set[str]) -> set[str]:
        """The dotted names that `module` imports and that lead to a client that is gone."""
        found = set()
        for node in module.nodes:
            if isinstance(node, cst.ImportFrom) and not isinstance(node.names, cst.ImportStar):
                source = module.module_of(node)
                for alias in node.names:
                    name = f"{source}.{alias.evaluated_name}"
                    if self.project.canonical(name) in gone:
                        found.add(name)
        return found

    def _needed(self, client: Client) -> str | None:
        """Why `client` has to stay, or None."""
        if client.blocked is not None:
            return client.blocked
        for function in self.functions.by_key.values():
            if function.why is not None and any(c.client is client for c in function.creates):
                return f"{function.shown} at {function.place} stays, which it binds"
        for serve in self.serves:
            if serve.why is not None and client in serve.clients:
                return f"the serve call at {serve.place} stays"
        for send in self.uses.sends:
            if send.why is not None and send.client is client:
                return f"what is sent at {send.module.place(send.call)} still goes through it"
        if client.key in self.needed or self.adoptions.needing(client):
            return "functions that the catalogue adopts take its middleware over"
        place = self._left_reference(client)
        if place is not None:
            return f"what it binds at {place} stays"
        for place, how in self.uses.clients.get(client.key, []):
            return f"{place} {how}"
        return client.kept

    def _left_reference(self, client: Client) -> str | None:
        """Where `client.create_function` is still written once everything is done."""
        for module, node in self.functions.references.get(client.key, []):
            if node not in self._rewritten:
                return module.place(node)
        return None


def _fitted(send: Send, node: cst.CSTNode) -> cst.CSTNode:
    assert isinstance(node, cst.Call)  # noqa: S101  it is changed, not replaced
    return fitted(send.module, send.call, node)


def _read_id(node: cst.CSTNode) -> cst.CSTNode:
    assert isinstance(node, cst.Attribute)  # noqa: S101  `.local_id`
    return node.with_changes(attr=cst.Name("id"))


def _skips_middleware(send: Send) -> bool:
    return any(
        each.keyword is not None
        and each.keyword.value == "skip_middleware"
        and isinstance(each.value, cst.Name)
        and each.value.value == "True"
        for each in send.call.args
    )


def entry_client(function: Function, verdicts: Verdicts) -> Client | None:
    """The client whose middleware an adopted function takes over, if there is any."""
    wraps = verdicts.wraps.get(function.key)
    if wraps is None or (not wraps.names and wraps.why is None):
        return None
    return wraps.client
