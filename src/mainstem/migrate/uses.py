"""Every other use of a client, a function, a maker or a list: may it stay, change, or forbid?"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import libcst as cst

from mainstem.migrate.adoptions import Adoptions
from mainstem.migrate.finds import Client, Function, Maker, Send, Serve, Stray
from mainstem.migrate.functions import Functions
from mainstem.migrate.modules import Chain, Module, Project, is_reference, nodes
from mainstem.migrate.registering import list_registered
from mainstem.migrate.shapes import in_main_guard, list_around, standing

_SENDS = frozenset({"send", "send_sync"})


@dataclass
class Uses:
    """What the source does with what was found.

    `clients` lists, per client, uses that keep it: `(place, how)`. `aliases` are statements that
    only give a client another name. `local_ids` are reads of a function's `local_id`, which a
    definition calls `id`. `tainted` says which lists are changed, and where.
    """

    sends: list[Send] = field(default_factory=list)
    clients: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    aliases: dict[str, list[tuple[Module, cst.BaseSmallStatement]]] = field(default_factory=dict)
    local_ids: list[tuple[Module, cst.Attribute, Function]] = field(default_factory=list)
    tainted: dict[str, str] = field(default_factory=dict)
    strays: list[Stray] = field(default_factory=list)
    read_through: set[str] = field(default_factory=set)
    """Dotted names that modules read of others which only import them: `web.pack`."""


class UseReader:
    """Reads the uses in all modules that matter."""

    def __init__(
        self,
        project: Project,
        clients: dict[str, Client],
        functions: Functions,
        serves: list[Serve],
        held: Mapping[str, Sequence[Function]],
        adoptions: Adoptions,
    ) -> None:
        self._adoptions = adoptions
        self._project = project
        self._clients = clients
        self._functions = functions
        self._lists = {*held, *(name for serve in serves for name in serve.lists)}
        # What stands in a class is reached through instances too, and those cannot be followed.
        self._in_classes: dict[str, list[Function]] = {}
        for function in functions.by_key.values():
            if "." in (function.entry or ""):
                name = (function.entry or "").rpartition(".")[2]
                self._in_classes.setdefault(name, []).append(function)
        self._serves = {id(serve.call): serve for serve in serves}
        self._references = {id(create.reference) for create in functions.creates}
        self._holding = {one.module.name for one in clients.values()}
        self._holding |= {one.module.name for one in functions.by_key.values()}
        self.uses = Uses()
        keys = [*clients, *functions.by_key, *self._holding]
        last = sorted({*_SENDS, *(re.escape(key.rpartition(".")[2]) for key in keys)})
        self._named_things = re.compile("|".join(last))
        for module in project.modules:
            for node in module.nodes:
                if isinstance(node, Chain) and is_reference(module, node):
                    self._look_at(module, node)
                elif isinstance(node, cst.SimpleString):
                    self._text(module, node)
        self._star_imports()
        self._unread()

    def _look_at(self, module: Module, node: Chain) -> None:
        name = module.absolute(node)
        if name is None:
            self._unknown_send(module, node)
            return
        for step in self._project.steps(name):
            parts = step.split(".")
            for count in range(len(parts), 0, -1):
                key, rest = ".".join(parts[:count]), parts[count:]
                if rest[:1] == ["<locals>"]:
                    continue  # a name within a function, not something of the function
                if key in self._functions.by_key:
                    self._reach(module, node)
                    self._function(module, node, self._functions.by_key[key], rest)
                    return
                if key in self._functions.makers:
                    self._maker(module, node, self._functions.makers[key], rest)
                    return
                if key in self._clients:
                    self._client(module, node, self._clients[key], rest)
                    return
                if key in self._lists:
                    self._list(module, node, key, rest)
                    return
        self._through_a_module(module, node, name)
        self._through_an_instance(module, node, name)
        self._unknown_send(module, node)

    def _through_a_module(self, module: Module, node: Chain, name: str) -> None:
        """`vars(jobs)`, `getattr(jobs, name)`, `jobs.__dict__`, `globals()`: all names at once."""
        parent = module.parent(node)
        held: str | None = None
        if name in {"builtins.globals", "builtins.vars", "builtins.locals", "builtins.dir"}:
            is_own = isinstance(parent, cst.Call) and not parent.args
            held = module.name if is_own else None
        elif name.endswith(".__dict__"):
            held = self._project.canonical(name.removesuffix(".__dict__"))
        elif isinstance(parent, cst.Arg):
            call = module.parent(parent)
            following = list(call.args[1:2]) if isinstance(call, cst.Call) else []
            is_told = following and isinstance(following[0].value, cst.SimpleString)
            held = None if is_told else self._project.canonical(name)
        source = self._project.module(held) if held in self._holding else None
        if source is not None:
            whole = module.parent(parent) if isinstance(parent, cst.Arg) else parent
            why = f"`{module.code(whole or node)}` at {module.place(node)} hides its uses"
            self._hide_all(source, why)

    def _hide_all(self, source: Module, why: str) -> None:
        for identifier in source.identifiers:
            self._hidden(self._project.canonical(f"{source.name}.{identifier}"), why)

    def _through_an_instance(self, module: Module, node: Chain, name: str) -> None:
        """`self.pack` may be a function in a class, whatever `self` is."""
        parts = name.split(".")
        for index, part in enumerate(parts[1:], start=1):
            for function in self._in_classes.get(part, ()):
                self._function(module, node, function, parts[index + 1 :])

    def _function(self, module: Module, node: Chain, function: Function, rest: list[str]) -> None:
        parent = module.parent(node)
        if rest == ["local_id"] and isinstance(node, cst.Attribute):
            self.uses.local_ids.append((module, node, function))
        elif rest in (["name"], ["is_handler_async"]):
            pass
        elif rest:
            told = f"its `.{'.'.join(rest)}` is read at {module.place(node)}"
            if rest == ["id"]:
                told += ", which of a definition is the id without the app's in front"
            function.why = function.why or told
        elif not self._is_plain_use(module, node, parent):
            function.why = function.why or (
                f"it is used at {module.place(node)} in a way that cannot be followed"
            )

    def _is_plain_use(self, module: Module, node: Chain, parent: cst.CSTNode | None) -> bool:
        """Whether a definition does there what the function did."""
        if isinstance(parent, cst.Arg):
            return _is_invoked(module, parent) or self._adoptions.around(module, node)
        if isinstance(parent, cst.Element):
            return self._is_followed_list(module, node)
        if isinstance(parent, cst.Return):
            return self._belongs_to_maker(module, node)
        return _is_alias(module, node)

    def _belongs_to_maker(self, module: Module, node: cst.CSTNode) -> bool:
        around = module.function_around(node)
        return any(maker.node is around for maker in self._functions.makers.values())

    def _is_followed_list(self, module: Module, node: cst.CSTNode) -> bool:
        """Whether the list around `node` is one that a serve call reads, or one by name."""
        if list_around(module, node) is not None:
            return True
        return any(id(outer) in self._serves for outer in module.around(node))

    def _maker(self, module: Module, node: Chain, maker: Maker, rest: list[str]) -> None:
        parent = module.parent(node)
        is_called = isinstance(parent, cst.Call) and parent.func is node
        if (not is_called or rest) and not _is_alias(module, node):
            maker.why = maker.why or (
                f"`{maker.key.rpartition('.')[2]}` is used at {module.place(node)} in a way that "
                "cannot be followed"
            )

    def _client(self, module: Module, node: Chain, client: Client, rest: list[str]) -> None:
        parent = module.parent(node)
        is_called = isinstance(parent, cst.Call) and parent.func is node
        if id(node) in self._references or rest == ["create_function"]:
            return
        if len(rest) == 1 and rest[0] in _SENDS and is_called and isinstance(node, cst.Attribute):
            assert isinstance(parent, cst.Call)  # noqa: S101  it is called
            assert isinstance(node.value, Chain)  # noqa: S101  a part of a chain
            self.uses.sends.append(
                Send(module, parent, node.value, client, _send_trouble(module, parent))
            )
        elif rest == ["add_middleware"]:
            client.changed = client.changed or module.place(node)
            self._keep(client, module, node, "adds middleware to it")
        elif not rest and self._is_served(module, node):
            return
        elif not rest and self._adoptions.around(module, node):
            return  # it stays while a function does that is adopted with it
        elif not rest and _is_alias(module, node):
            statement = standing(module, node).node
            assert isinstance(statement, cst.BaseSmallStatement)  # noqa: S101  an assignment
            self.uses.aliases.setdefault(client.key, []).append((module, statement))
        elif rest:
            self._keep(client, module, node, f"reads its `.{'.'.join(rest)}`")
        else:
            self._keep(client, module, node, "hands it on")

    def _is_served(self, module: Module, node: cst.CSTNode) -> bool:
        for outer in module.around(node):
            if id(outer) in self._serves:
                return True
            if not isinstance(outer, cst.Arg | cst.Element | cst.Tuple | cst.List):
                return False
        return False

    def _reach(self, module: Module, node: cst.CSTNode) -> None:
        """Note through which other modules `node` reads what it means."""
        for step in self._project.steps(module.absolute(node) or ""):
            there, rest = self._project.split(step)
            if there is not None and there is not module:
                self.uses.read_through.add(f"{there.name}.{rest.partition('.')[0]}")

    def _keep(self, client: Client, module: Module, node: cst.CSTNode, how: str) -> None:
        self._reach(module, node)
        self.uses.clients.setdefault(client.key, []).append((module.place(node), how))

    def _list(self, module: Module, node: Chain, name: str, rest: list[str]) -> None:
        parent = module.parent(node)
        if not rest:
            if self._is_served(module, node) or any(
                id(outer) in self._serves for outer in module.around(node)
            ):
                return
            if isinstance(parent, cst.Element | cst.StarredElement | cst.BinaryOperation):
                if list_around(module, node) is not None:
                    return
            elif _is_alias(module, node):
                return
            elif isinstance(parent, cst.Arg):
                call = module.parent(parent)
                if isinstance(call, cst.Call) and module.absolute(call.func) in {
                    "builtins.len",
                    "builtins.list",
                    "builtins.tuple",
                }:
                    return
        elif rest == ["append"] and self._appends_for_decorator(module, node):
            return
        self.uses.tainted.setdefault(
            name,
            f"the list `{name.rpartition('.')[2]}` is used at {module.place(node)} in a way that "
            "cannot be followed",
        )

    def _appends_for_decorator(self, module: Module, node: cst.CSTNode) -> bool:
        """Whether this append is the one line of a decorator that lists functions."""
        around = module.function_around(node)
        if not isinstance(around, cst.FunctionDef):
            return False
        return list_registered(self._project, f"{module.name}.{around.name.value}") is not None

    def _unknown_send(self, module: Module, node: Chain) -> None:
        """A send of an SDK event through something that cannot be followed to a client.

        Where no client is made there is none to send through; then it is somebody else's `send`.
        """
        call = module.parent(node)
        if (
            not self._clients
            or not isinstance(node, cst.Attribute)
            or node.attr.value not in _SENDS
            or not isinstance(call, cst.Call)
            or call.func is not node
        ):
            return
        maker = node.value.func if isinstance(node.value, cst.Call) else node.value
        if (self._project.resolve(module, maker) or "").startswith("mainstem."):
            return
        sends_event = any(
            isinstance(part, Chain) and self._project.resolve(module, part) == "inngest.Event"
            for each in call.args
            for part in nodes(each.value)
        )
        if sends_event:
            why = f"the client `{module.code(node.value)}` cannot be followed"
            self.uses.strays.append(Stray(module, call, "send", f"`{module.code(node)}`", why))

    def _text(self, module: Module, node: cst.SimpleString) -> None:
        """A client named in a text, as `mock.patch("shop.clients.client")` does."""
        if self._named_things.search(node.value) is None:
            return  # what a text says is known only after it is compiled
        text = node.evaluated_value
        if not isinstance(text, str):
            return
        if text in self._holding:
            self._imported_by_name(module, node, text)
        if any(isinstance(outer, cst.Annotation) for outer in module.around(node)):
            self._annotated(module, node, text)
            return
        if "." not in text:
            text = self._attribute_named(module, node, text)
        # `patch("shop.mail.client")` replaces what that module imports from elsewhere.
        texts = {text, self._project.canonical(text)}
        for client in self._clients.values():
            if any(one == client.key or one.startswith(f"{client.key}.") for one in texts):
                self._keep(client, module, node, "names it in a text")
                client.replaced = client.replaced or module.place(node)
        for function in self._functions.by_key.values():
            if function.key in texts:
                told = f"it is named in a text at {module.place(node)}"
                function.why = function.why or told

    def _imported_by_name(self, module: Module, node: cst.SimpleString, text: str) -> None:
        """`import_module("shop.jobs")`: what is done with it cannot be followed."""
        given = module.parent(node)
        call = module.parent(given) if given is not None else None
        name = module.absolute(call.func) if isinstance(call, cst.Call) else None
        source = self._project.module(text)
        # As a statement of its own it loads the module for what that does, and no more.
        is_kept = not isinstance(module.parent(call) if call is not None else None, cst.Expr)
        if name in {"importlib.import_module", "builtins.__import__"} and is_kept and source:
            self._hide_all(
                source, f"`{module.code(call or node)}` at {module.place(node)} hides its uses"
            )

    def _annotated(self, module: Module, node: cst.SimpleString, text: str) -> None:
        """A client named in an annotation in quotes; type checkers ask for it."""
        for word in re.findall(r"[A-Za-z_][\w.]*", text):
            client = self._clients.get(self._project.canonical(f"{module.name}.{word}"))
            if client is not None:
                self._keep(client, module, node, "names it in an annotation")

    def _attribute_named(self, module: Module, node: cst.SimpleString, text: str) -> str:
        """The dotted name in `setattr(jobs, "client", …)` and the like; empty for other texts."""
        given = module.parent(node)
        call = module.parent(given) if given is not None else None
        if not isinstance(given, cst.Arg) or not isinstance(call, cst.Call):
            return ""
        index = list(call.args).index(given)
        before = call.args[index - 1].value if index > 0 else None
        owner = self._project.resolve(module, before) if isinstance(before, Chain) else None
        return "" if owner is None else self._project.canonical(f"{owner}.{text}")

    def _star_imports(self) -> None:
        """Names that a star import takes along may be used where nobody sees it."""
        for module in self._project.modules:
            for name, node in module.star_imports:
                source = self._project.module(name)
                if source is None:
                    continue
                why = f"`from {name} import *` at {module.place(node)} hides its uses"
                self._hide_all(source, why)

    def _unread(self) -> None:
        """What a file that cannot be read does with the names that it says, nobody knows."""
        known = [*self._functions.by_key, *self._functions.makers, *self._clients, *self._lists]
        for name in self._project.unread:
            source = self._project.sources[name]
            why = f"{self._project.shown(source)}, which cannot be read, may use it"
            for key in known:
                if key.partition("[")[0].rpartition(".")[2] in source.words:
                    self._hidden(key, why)

    def _hidden(self, name: str, why: str) -> None:
        if name in self._functions.by_key:
            function = self._functions.by_key[name]
            function.why = function.why or why
        if name in self._functions.makers:
            maker = self._functions.makers[name]
            maker.why = maker.why or why
        if name in self._clients:
            client = self._clients[name]
            client.kept = client.kept or why
        if name in self._lists:
            self.uses.tainted.setdefault(name, why)


def _is_invoked(module: Module, found: cst.Arg) -> bool:
    """Whether it is the `function=` of a step's `invoke`."""
    call = module.parent(found)
    return (
        isinstance(call, cst.Call)
        and found.keyword is not None
        and found.keyword.value == "function"
        and isinstance(call.func, cst.Attribute)
        and call.func.attr.value == "invoke"
    )


def _is_alias(module: Module, node: cst.CSTNode) -> bool:
    """Whether `other = node` is all that is done, with a name that nothing else binds.

    A name in a class does not count: it is reached through instances too, and those cannot be
    followed.
    """
    where = standing(module, node)
    if where.kind != "name" or where.name is None:
        return False
    local = where.name.removeprefix(f"{module.name}.")
    in_class = "." in local.rpartition("<locals>.")[2]
    return not in_class and len(module.bindings(local)) == 1


def _send_trouble(module: Module, call: cst.Call) -> str | None:
    if module.function_around(call) is None and not in_main_guard(module, call):
        return "it sends while its module is imported; move it into a function"
    return None
