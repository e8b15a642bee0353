"""The names of one module that keep a client, a function, a maker of functions or a list of these.

Told word by word: a name keeps something when what is assigned to it, decorates it or stands in it
mentions a word that does. That takes too many names for such, and no name that matters is missed.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from mainstem.migrate.sources import Source, statements

_CLIENT = "Inngest"
_MAKER = "create_function"
_SERVING = frozenset({"serve", "connect"})
_MAKING = {_CLIENT, _MAKER, "fast_api", "flask", "django", "tornado", "digital_ocean", "connect"}
_NONE = frozenset[str]()
_ADAPTERS = re.compile(rb"\b(?:fast_api|flask|django|tornado|digital_ocean|inngest\.connect)\b")


@dataclass(frozen=True)
class _Binding:
    """Names that one statement binds, and the words on which it depends what they keep."""

    names: tuple[str, ...]
    words: frozenset[str]
    makers: frozenset[str]
    """Words that matter only if they make functions: those of what a function returns."""
    in_class: bool
    is_list: bool = False


@dataclass
class Keeping:
    """What a module binds, and which of it is known to keep something that matters."""

    words: frozenset[str]
    defined: frozenset[str]
    bindings: tuple[_Binding, ...]
    served: frozenset[str]
    makes: bool
    """Whether it says in code what makes or serves something."""
    sends: bool
    names: set[str] = field(default_factory=set)
    in_classes: set[str] = field(default_factory=set)
    makers: set[str] = field(default_factory=set)
    lists: set[str] = field(default_factory=set)
    """Words in lists that are served: other modules may keep them."""

    def grown(self, others: Iterable["Keeping"]) -> bool:
        """Take over what is known of `others`, which this one uses; whether that finds more."""
        before = len(self.names) + len(self.makers) + len(self.lists)
        others = list(others)
        known = {_CLIENT, *self.names}.union(*(one.names for one in others))
        makers = {_MAKER, *self.makers}.union(*(one.makers for one in others))
        self.lists |= self.served
        grows = True
        while grows:
            grows = False
            for each in self.bindings:
                if each.is_list and not self.lists.isdisjoint(each.names):
                    self.lists |= each.words
                makes = not makers.isdisjoint(each.words | each.makers)
                if not makes and known.isdisjoint(each.words) and not self._is_listed(each):
                    continue
                new = set(each.names) - self.names
                if makes:
                    grows |= not makers.issuperset(each.names)
                    makers.update(each.names)
                    self.makers.update(each.names)
                if each.in_class and makes:
                    self.in_classes.update(each.names)
                self.names |= new
                known |= new
                grows |= bool(new)
        return len(self.names) + len(self.makers) + len(self.lists) > before

    def _is_listed(self, binding: _Binding) -> bool:
        return binding.is_list and not self.lists.isdisjoint(binding.names)

    def take(self, lists: set[str]) -> bool:
        """Note that lists called `lists` are served; whether that is new here."""
        new = (lists & self.defined) - self.lists
        self.lists |= new
        return bool(new)


def keeping(source: Source) -> Keeping:
    """What `source` binds; nothing of it is known to matter yet."""
    tree = ast.parse(source.data)
    bindings = tuple(_bindings(tree.body, in_class=False))
    used = _words([tree]) | _imported(tree)
    serving = _serving(tree) if _ADAPTERS.search(source.data) is not None else _NONE
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    served = [
        each
        for call in calls
        if _last(call.func) in serving
        for each in [*call.args, *(one.value for one in call.keywords)]
        if _is_list(each)
    ]
    return Keeping(
        words=source.words,
        defined=frozenset(name for one in bindings for name in one.names),
        bindings=bindings,
        served=_words(served),
        makes=not used.isdisjoint(_MAKING),
        sends="Event" in used and not used.isdisjoint({"send", "send_sync"}),
    )


def _serving(tree: ast.Module) -> frozenset[str]:
    """What the SDK's serve calls may be called in `tree`."""
    aliases = {
        alias.asname
        for node in statements(tree.body)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name in _SERVING and alias.asname is not None
    }
    return _SERVING | aliases


def _imported(tree: ast.Module) -> frozenset[str]:
    """Every word in the imports of `tree`; the name of an adapter for a star."""
    words = set[str]()
    for node in statements(tree.body):
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = getattr(node, "module", None) or ""
            names = [alias.name for alias in node.names]
            if module.partition(".")[0] == "inngest" or any("inngest." in one for one in names):
                words.update(_MAKING if "*" in names else [])
                words.update(module.split("."), *(one.split(".") for one in names))
    return frozenset(words)


def _bindings(body: Sequence[ast.stmt], *, in_class: bool) -> Iterator[_Binding]:
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                local = alias.asname or alias.name.partition(".")[0]
                if isinstance(node, ast.ImportFrom) or alias.asname is not None:
                    yield _Binding((local,), frozenset({alias.name}), _NONE, in_class)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            makers = _NONE if in_class else _given_back(node)
            yield _Binding((node.name,), _words(node.decorator_list), makers, in_class)
            filled = _NONE if in_class else _filled(node)
            if filled:
                yield _Binding((node.name, *filled), frozenset({_MAKER}), _NONE, in_class)
        elif isinstance(node, ast.ClassDef):
            inner = tuple(_bindings(node.body, in_class=True))
            yield from inner
            # Whoever has the class has what it holds.
            words = _words([*node.bases, *node.decorator_list])
            yield _Binding(
                (node.name,), words.union(*(one.words for one in inner)), _NONE, in_class
            )
        else:
            yield from _assigned(node, in_class=in_class)
            for name in ("body", "orelse", "finalbody"):
                yield from _bindings(getattr(node, name, ()), in_class=in_class)
            for each in [*getattr(node, "handlers", ()), *getattr(node, "cases", ())]:
                yield from _bindings(each.body, in_class=in_class)


def _given_back(node: ast.FunctionDef | ast.AsyncFunctionDef) -> frozenset[str]:
    """The words of what a function returns: a call of a maker, or something that one has made."""
    returned = [each for each in statements(node.body) if isinstance(each, ast.Return)]
    words = _words(returned)
    for each in statements(node.body):
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and each.name in words:
            words |= _words(each.decorator_list)
        elif isinstance(each, ast.Assign) and not words.isdisjoint(_words(each.targets)):
            words |= _words([each.value])
    return words


def _assigned(node: ast.stmt, *, in_class: bool) -> Iterator[_Binding]:
    """What a statement assigns, walruses, `for` and `with` among it."""
    value: ast.expr | None = None
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        value = node.value
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        is_list = value is not None and _is_list(value)
        if value is not None:
            yield _Binding(tuple(_words(targets)), _words([value]), _NONE, in_class, is_list)
    elif isinstance(node, ast.For | ast.AsyncFor):
        value = node.iter
        yield _Binding(tuple(_words([node.target])), _words([value]), _NONE, in_class)
    elif isinstance(node, ast.With | ast.AsyncWith):
        for item in node.items:
            if item.optional_vars is not None:
                names = tuple(_words([item.optional_vars]))
                yield _Binding(names, _words([item.context_expr]), _NONE, in_class)
    for each in ast.walk(
        value if value is not None else getattr(node, "value", None) or ast.Pass()
    ):
        if isinstance(each, ast.NamedExpr):
            yield _Binding((each.target.id,), _words([each.value]), _NONE, in_class)


def _filled(node: ast.FunctionDef | ast.AsyncFunctionDef) -> frozenset[str]:
    """The words of the list that a decorator fills: `LIST.append(it)`, then `return it`."""
    if not isinstance(node.body[-1], ast.Return) or len(node.body) not in {2, 3}:
        return _NONE
    line = node.body[-2]
    call = line.value if isinstance(line, ast.Expr) else None
    if isinstance(call, ast.Call) and _last(call.func) == "append":
        return _words([call.func]) - {"append"}
    return _NONE


def _words(found: Iterable[ast.AST]) -> frozenset[str]:
    words = set[str]()
    for each in found:
        for node in ast.walk(each):
            if isinstance(node, ast.Name):
                words.add(node.id)
            elif isinstance(node, ast.Attribute):
                words.add(node.attr)
    return frozenset(words)


def _is_list(node: ast.expr) -> bool:
    """Whether it is a list that is written out, joined, copied, or meant by its name."""
    if isinstance(node, ast.Call):
        return _last(node.func) in {"list", "tuple"}
    return isinstance(node, ast.List | ast.Tuple | ast.BinOp | ast.Name | ast.Attribute)


def _last(node: ast.expr) -> str:
    """The last word of a chain of names."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
