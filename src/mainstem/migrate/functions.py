"""Finding functions: every object that `client.create_function` makes, however it is called.

The call may stand in a decorator, be called at once with a handler, or be wrapped: in a function
that only returns it, in a `functools.partial`, under another name, or in a factory that makes and
returns one function. Wrappers are followed to their callers, in any module, until nothing is new.
"""

from collections.abc import Callable, Sequence

import libcst as cst

from mainstem.migrate.constants import Given, given_by, text_of
from mainstem.migrate.finds import Client, Create, Function, Maker, Stray
from mainstem.migrate.modules import Chain, Module, Project, is_reference, nodes
from mainstem.migrate.registering import list_registered
from mainstem.migrate.shapes import (
    are_alternatives,
    argument,
    condition,
    last_return,
    list_around,
    plain_return,
    standing,
)

_ENDING = ".create_function"
IdReader = Callable[[Given], str | None]
"""What id a call gives, told what the call around it is given."""


class Functions:
    """The functions and makers of a project, and what looks like one but cannot be followed."""

    def __init__(
        self,
        project: Project,
        clients: dict[str, Client],
        modules: Sequence[Module] | None = None,
    ) -> None:
        modules = project.modules if modules is None else modules
        self.project = project
        self.clients = clients
        self.by_key: dict[str, Function] = {}
        self.by_call: dict[cst.CSTNode, Function] = {}
        self.makers: dict[str, Maker] = {}
        self.creates: list[Create] = []
        self.strays: list[Stray] = []
        self.references: dict[str, list[tuple[Module, cst.Attribute]]] = {}
        """Every `client.create_function` that is written, by client."""
        self._calls: dict[str, list[tuple[Module, cst.Call]]] = {}
        for module in modules:
            self._index(module)
        for module in modules:
            for node in module.nodes:
                if isinstance(node, Chain) and is_reference(module, node):
                    self._look_at(module, node)
        for function in self.by_key.values():
            self._check_name(function)

    def _index(self, module: Module) -> None:
        for node in module.nodes:
            if isinstance(node, cst.Call) and isinstance(node.func, Chain):
                name = module.absolute(node.func)
                for step in self.project.steps(name) if name is not None else ():
                    self._calls.setdefault(step, []).append((module, node))

    def calls_of(self, key: str) -> list[tuple[Module, cst.Call]]:
        """The calls of what is made under the dotted name `key`."""
        return self._calls.get(key, [])

    def _look_at(self, module: Module, node: Chain) -> None:
        if not isinstance(node, cst.Attribute) or node.attr.value != "create_function":
            return
        name = self.project.resolve(module, node)
        client = self.clients.get((name or "").removesuffix(_ENDING))
        parent = module.parent(node)
        if client is None:
            if isinstance(parent, cst.Call) and argument(parent, "fn_id") is not None:
                self._stray(module, node, "function", _unknown_client(module, node))
            return
        self.references.setdefault(client.key, []).append((module, node))
        if isinstance(parent, cst.Call) and parent.func is node:
            create = self._create(Create(module, node, client, module, parent))
            self._decorator(module, parent, [create], [], self._id_in(module, parent))
        elif isinstance(parent, cst.Arg) and self._is_partial(module, parent):
            self._partial(module, node, client)
        elif isinstance(parent, cst.Assign | cst.AnnAssign):
            self._alias(module, node, client)
        else:
            why = "`create_function` is handed on in a way that cannot be followed"
            self._stray(module, node, "function", why)

    def _create(self, create: Create) -> Create:
        self.creates.append(create)
        return create

    def _id_in(self, module: Module, call: cst.Call) -> IdReader:
        found = argument(call, "fn_id")
        value = None if found is None else found.value
        return lambda given: text_of(self.project, module, value, given)

    def _is_partial(self, module: Module, found: cst.Arg) -> bool:
        call = module.parent(found)
        return (
            isinstance(call, cst.Call)
            and call.args[0] is found
            and self.project.resolve(module, call.func) == "functools.partial"
        )

    def _partial(self, module: Module, node: Chain, client: Client) -> None:
        call = module.parent(module.parent(node) or node)
        assert isinstance(call, cst.Call)  # noqa: S101  `_is_partial` said so
        maker = self._named_maker(module, call, "a partial of `create_function`")
        if maker is None:
            return
        usual = self._id_in(module, call)
        for there, each in self._calls.get(maker.key, []):
            create = self._create(Create(module, node, client, module, call))
            own = self._id_in(there, each)

            def read(given: Given, own: IdReader = own) -> str | None:
                return own(given) or usual(given)

            self._decorator(there, each, [create], [maker], read)

    def _alias(self, module: Module, node: Chain, client: Client) -> None:
        maker = self._named_maker(module, node, "another name of `create_function`")
        if maker is None:
            return
        for there, each in self._calls.get(maker.key, []):
            create = self._create(Create(module, node, client, there, each))
            self._decorator(there, each, [create], [maker], self._id_in(there, each))

    def _named_maker(self, module: Module, value: cst.CSTNode, what: str) -> Maker | None:
        where = standing(module, value)
        local = (where.name or "").removeprefix(f"{module.name}.")
        if where.kind != "name" or "." in local or len(module.bindings(local)) != 1:
            self._stray(module, value, "function", f"{what} is not kept under one plain name")
            return None
        assert where.name is not None  # noqa: S101  it has a plain name
        return self._maker(Maker(where.name, module, value, "decorator"))

    def _maker(self, maker: Maker) -> Maker:
        self.makers[maker.key] = maker
        return maker

    def _decorator(
        self,
        module: Module,
        call: cst.Call,
        creates: list[Create],
        makers: list[Maker],
        read_id: IdReader,
    ) -> None:
        """`call` gives a decorator: find the function that it decorates."""
        parent = module.parent(call)
        if isinstance(parent, cst.Decorator):
            self._decorated(module, parent, creates, makers, read_id)
        elif isinstance(parent, cst.Call) and parent.func is call:
            self._made(module, parent, creates, makers, read_id)
        elif isinstance(parent, cst.Return):
            self._wrapped(module, parent, call, creates, makers, read_id)
        else:
            why = "what it gives is neither a decorator nor called at once with a handler"
            self._lose(module, call, makers, why)

    def _wrapped(
        self,
        module: Module,
        found: cst.Return,
        call: cst.Call,
        creates: list[Create],
        makers: list[Maker],
        read_id: IdReader,
    ) -> None:
        wrapper = module.function_around(found)
        if not isinstance(wrapper, cst.FunctionDef) or not isinstance(
            module.parent(wrapper), cst.Module
        ):
            self._lose(module, call, makers, "the function around it is made anew at each call")
            return
        key = f"{module.name}.{wrapper.name.value}"
        maker = self._maker(Maker(key, module, wrapper, "decorator"))
        if plain_return(wrapper) is not found:
            maker.why = "it does more than return what `create_function` gives"
        for there, each in self._calls.get(key, []):
            read = self._given(there, each, wrapper, module, read_id)
            self._decorator(there, each, creates, [*makers, maker], read)

    def _given(
        self,
        there: Module,
        call: cst.Call,
        function: cst.FunctionDef,
        module: Module,
        read_id: IdReader,
    ) -> IdReader:
        return lambda outer: read_id(given_by(there, call, function.params, module, outer))

    def _decorated(
        self,
        module: Module,
        decorator: cst.Decorator,
        creates: list[Create],
        makers: list[Maker],
        read_id: IdReader,
    ) -> None:
        handler = module.parent(decorator)
        assert isinstance(handler, cst.FunctionDef)  # noqa: S101  `create_function` decorates no class
        around = module.function_around(handler)
        if around is not None:
            self._factory(module, handler, handler.name, around, creates, makers, read_id)
            return
        name = module.absolute(handler)
        assert name is not None  # noqa: S101  a definition outside functions has one name
        function = self._function(name, module, handler, creates, makers, read_id(Given()))
        function.why = function.why or _handler_trouble(module, handler, decorator)
        self._look_above(module, handler, decorator, function)

    def _look_above(
        self, module: Module, handler: cst.FunctionDef, own: cst.Decorator, function: Function
    ) -> None:
        """Decorators above take the function object; follow those that only list it."""
        for decorator in handler.decorators[: list(handler.decorators).index(own)]:
            name = self.project.resolve(module, decorator.decorator)
            listed = None if name is None else list_registered(self.project, name)
            if listed is not None:
                function.listed_by.append(listed)
            elif name != "builtins.staticmethod":
                told = module.code(decorator.decorator)
                function.why = function.why or (
                    f"the decorator `@{told}` above it takes the function object, and what it does "
                    "with that cannot be followed"
                )

    def _made(
        self,
        module: Module,
        call: cst.Call,
        creates: list[Create],
        makers: list[Maker],
        read_id: IdReader,
    ) -> None:
        """`call` gives a function: find the name or the list that keeps it."""
        where = standing(module, call)
        around = module.function_around(call)
        if where.kind == "returned" and around is not None:
            self._factory(module, call, where.node, around, creates, makers, read_id)
        elif where.kind == "name" and around is None and where.name is not None:
            function = self._function(where.name, module, call, creates, makers, read_id(Given()))
            target = where.node
            if isinstance(target, cst.Assign) and not isinstance(
                target.targets[0].target, cst.Name
            ):
                function.why = function.lost = "it is kept in an attribute of another object"
        elif where.kind == "element" and around is None and list_around(module, call) is not None:
            key = list_around(module, call)
            column = "{}:{}".format(*module.column(call))
            function = self._function(
                f"{key}[{column}]", module, call, creates, makers, read_id(Given())
            )
            function.entry = f"*{str(key).removeprefix(f'{module.name}.')}"
        else:
            inside = f" inside {_called(around)}" if around is not None else ""
            self._lose(module, call, makers, f"it is made{inside} and not kept under a name")

    def _factory(
        self,
        module: Module,
        made: cst.CSTNode,
        returned: cst.CSTNode,
        around: cst.FunctionDef | cst.Lambda,
        creates: list[Create],
        makers: list[Maker],
        read_id: IdReader,
    ) -> None:
        """A function of the project that makes one function and returns it: follow its callers."""
        told = f"it is made inside {_called(around)}, each time that is called"
        if not isinstance(around, cst.FunctionDef) or not isinstance(
            module.parent(around), cst.Module
        ):
            self._lose(module, made, makers, told)
            return
        found = last_return(around)
        is_returned = found is not None and (
            found is returned
            or (
                isinstance(returned, cst.Name)
                and isinstance(found.value, cst.Name)
                and found.value.value == returned.value
                and _mentions(around, returned.value) == 1
            )
        )
        if not is_returned or condition(module, made, "") is not None or around.decorators:
            self._lose(module, made, makers, f"{told}, and is not simply what it returns")
            return
        if isinstance(made, cst.FunctionDef) and len(made.decorators) > 1:
            index = [i for i, one in enumerate(made.decorators) if one.decorator is creates[0].call]
            if index != [0]:
                self._lose(module, made, makers, f"{told}, with other decorators above")
                return
        key = f"{module.name}.{around.name.value}"
        maker = self._maker(Maker(key, module, around, "function"))
        for there, each in self._calls.get(key, []):
            read = self._given(there, each, around, module, read_id)
            self._made(there, each, creates, [*makers, maker], read)

    def _function(
        self,
        key: str,
        module: Module,
        node: cst.CSTNode,
        creates: list[Create],
        makers: list[Maker],
        fn_id: str | None,
    ) -> Function:
        function = self.by_key.get(key)
        if function is None:
            entry = key.removeprefix(f"{module.name}.")
            client = creates[0].client
            function = Function(key, module, [node], entry, client, [*creates], [*makers], [fn_id])
            self.by_key[key] = function
        else:
            function.nodes.append(node)
            function.creates += creates
            function.makers += [one for one in makers if one not in function.makers]
            function.ids.append(fn_id)
        self.by_call[node] = function
        for maker in makers:
            maker.functions.append(function)
        return function

    def _check_name(self, function: Function) -> None:
        """Refuse a function whose name does not always mean it."""
        module = function.module
        if function.entry is None or function.entry.startswith("*"):
            return
        name = function.entry.rpartition(".")[2]
        for node in function.nodes:
            why = condition(module, node, name)
            if why is not None:
                function.why = function.lost = why
                return
        if len(function.nodes) > 1 and not are_alternatives(module, function.nodes):
            function.why = function.lost = f"its name `{name}` is bound more than once"
            return
        kept = sum(_takes_over(node, name) for node in function.nodes)
        if len(module.bindings(function.entry)) != len(function.nodes) + kept:
            function.why = function.lost = f"its name `{name}` is bound more than once"

    def _lose(self, module: Module, node: cst.CSTNode, makers: list[Maker], why: str) -> None:
        for maker in makers:
            maker.why = maker.why or f"{why} ({module.place(node)})"
        self._stray(module, node, "function", why)

    def _stray(self, module: Module, node: cst.CSTNode, kind: str, why: str) -> None:
        told = node
        while isinstance(told, cst.Call):
            told = told.func
        name = told.name.value if isinstance(told, cst.FunctionDef) else module.code(told)
        self.strays.append(Stray(module, node, kind, f"`{name}`", why))


def _takes_over(node: cst.CSTNode, name: str) -> bool:
    """Whether `name = client.create_function(…)(name)`: the handler's own name is bound again."""
    return (
        isinstance(node, cst.Call)
        and len(node.args) == 1
        and isinstance(node.args[0].value, cst.Name)
        and node.args[0].value.value == name
    )


def _handler_trouble(module: Module, handler: cst.FunctionDef, own: cst.Decorator) -> str | None:
    below = handler.decorators[list(handler.decorators).index(own) + 1 :]
    for decorator in below:
        if module.code(decorator.decorator) in {"staticmethod", "classmethod", "property"}:
            return f"`@{module.code(decorator.decorator)}` below it hides the handler"
    return None


def _mentions(function: cst.FunctionDef, name: str) -> int:
    """How often `name` is read or bound in `function`, its own definition left out."""
    return (
        sum(isinstance(node, cst.Name) and node.value == name for node in nodes(function.body)) - 1
    )


def _called(function: cst.FunctionDef | cst.Lambda | None) -> str:
    return f"`{function.name.value}`" if isinstance(function, cst.FunctionDef) else "a lambda"


def _unknown_client(module: Module, node: cst.Attribute) -> str:
    receiver = module.code(node.value)
    stars = ", ".join(f"`from {name} import *`" for name, _ in module.star_imports)
    hint = f"; {stars} hides where names come from" if stars else ""
    return f"the client `{receiver}` cannot be followed to an `inngest.Inngest(…)`{hint}"
