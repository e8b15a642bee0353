"""A file's imports: what is added, what no longer has a use because of us, and nothing else."""

import re
from collections.abc import Iterator, Sequence

import libcst as cst

from mainstem.migrate.bodies import Emptying
from mainstem.migrate.import_places import with_import
from mainstem.migrate.modules import Module, dotted, nodes


class Imports:
    """What one file is to import from now on, and what it is to import no more."""

    def __init__(self, module: Module, ours: frozenset[str], busy: frozenset[str]) -> None:
        self._module = module
        self._busy = busy
        self._ours = ours | {""}
        self._wanted: dict[tuple[str, str], str] = {}
        self._plain: dict[str, str] = {}
        self.dropped: set[str] = set()
        """Dotted names that are gone; whoever imports them may not."""
        self.undefined: set[str] = set()
        """Names of this file that are gone; `__all__` may not say them."""
        self.read_through: set[str] = set()
        """Dotted names that other files read of one which imports them."""

    @property
    def has_work(self) -> bool:
        """Whether something is added or dropped on purpose."""
        return bool(self._wanted or self._plain or self.dropped or self.undefined)

    def name(self, module: str, name: str, other: str | None = None) -> str:
        """What `name` of `module` is called in this file; it is imported if it is not yet.

        Where the file uses that word for something else, `other` (or `mainstem_…`) is taken.
        """
        if module == self._module.name:
            return name
        found = self._imported_as(module, name)
        if found is not None:
            return found
        if (module, name) not in self._wanted:
            taken = self._module.identifiers | set(self._wanted.values())
            local = name
            if local in taken:
                local = other or f"mainstem_{name}"
            while local in taken:
                local += "_"
            self._wanted[module, name] = local
        return self._wanted[module, name]

    def module(self, name: str) -> str:
        """What the module `name` is called in this file: `mainstem.serving.flask`, or an alias."""
        root, _, last = name.partition(".")[0], None, name.rpartition(".")[2]
        is_taken = any(
            isinstance(node, cst.Name) and node.value == root and not self._is_import(node)
            for node in self._module.nodes
        )
        self._plain[name] = f"mainstem_{last}" if is_taken else name
        return self._plain[name]

    def _is_import(self, node: cst.Name) -> bool:
        return any(
            isinstance(outer, cst.Import | cst.ImportFrom) for outer in self._module.around(node)
        )

    def _imported_as(self, module: str, name: str) -> str | None:
        for statement in self._module.tree.body:
            if not isinstance(statement, cst.SimpleStatementLine):
                continue
            for small in statement.body:
                if isinstance(small, cst.ImportFrom) and not isinstance(
                    small.names, cst.ImportStar
                ):
                    if self._module.module_of(small) != module:
                        continue
                    for alias in small.names:
                        if dotted(alias.name) == name:
                            return alias.evaluated_alias or name
        return None

    def done(self, tree: cst.Module) -> cst.Module:
        """`tree`, which is the file after all other edits, with its imports put right."""
        before, after = _used(self._module.tree), _used(tree)
        before = frozenset(name for name in before if not self._is_read_through(name))
        remover = _Remover(self._module, before, after, self.dropped, self._busy)
        tree = tree.visit(remover)
        if self.dropped or self.undefined:
            tree = tree.visit(_AllTrimmer(remover.gone | self.undefined))
        for line in self.lines():
            tree = with_import(tree, line, self._ours)
        return tree

    def _is_read_through(self, local: str) -> bool:
        """Whether other modules read `local` of this one; so it is as if it were not used here."""
        return f"{self._module.name}.{local}" in self.read_through

    def lines(self) -> Iterator[str]:
        """The statements that are added, in order."""
        for name, local in sorted(self._plain.items()):
            yield f"import {name}" if name == local else f"import {name} as {local}"
        modules: dict[str, list[str]] = {}
        for (module, name), local in sorted(self._wanted.items(), key=lambda item: item[0]):
            modules.setdefault(module, []).append(name if name == local else f"{name} as {local}")
        for module, names in sorted(modules.items()):
            yield f"from {module} import {', '.join(names)}"


def _used(tree: cst.Module) -> frozenset[str]:
    """Every word and dotted chain that is used outside imports, words within texts included."""
    found: set[str] = set()
    waiting: list[cst.CSTNode] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, cst.Import | cst.ImportFrom):
            continue
        if isinstance(node, cst.Name):
            found.add(node.value)
        elif isinstance(node, cst.Attribute):
            chain = dotted(node)
            if chain and not chain.startswith("."):
                found.add(chain)
            waiting.append(node.value)
            continue
        elif isinstance(node, cst.Arg):
            waiting.append(node.value)
            continue
        elif _names_things_in_texts(node):
            found.update(
                word for part in nodes(node) if isinstance(part, cst.SimpleString)
                for word in _words(part.value)
            )  # fmt: skip
        waiting.extend(node.children)
    return frozenset(found)


def _names_things_in_texts(node: cst.CSTNode) -> bool:
    """Annotations in quotes, `__all__`, `cast("Client", …)`."""
    if isinstance(node, cst.Annotation):
        return True
    if isinstance(node, cst.Assign):
        return any(dotted(one.target) == "__all__" for one in node.targets)
    return isinstance(node, cst.Call) and dotted(node.func).rpartition(".")[2] in {
        "cast",
        "TypeVar",
        "ForwardRef",
    }


def _words(text: str) -> Iterator[str]:
    yield from re.findall(r"[A-Za-z_]\w*", text)


class _Remover(Emptying):
    """Takes out imports that were used and are not, and those of names that are gone."""

    def __init__(
        self,
        module: Module,
        before: frozenset[str],
        after: frozenset[str],
        dropped: set[str],
        busy: frozenset[str],
    ) -> None:
        super().__init__()
        self._module = module
        self._busy = busy
        self._before = before
        self._after = after
        self._dropped = dropped
        self.gone: set[str] = set()
        self._roots = [
            alias for node in module.nodes if isinstance(node, cst.Import)
            for alias in node.names if alias.asname is None
        ]  # fmt: skip

    def _is_lost(self, local: str) -> bool:
        return local in self._before and local not in self._after

    def _does_more(self, source: str, name: str) -> bool:
        """Whether importing it may be what the file does it for."""
        return source in self._busy or f"{source}.{name}" in self._busy

    def leave_ImportFrom(  # noqa: N802
        self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom
    ) -> cst.ImportFrom | cst.Import | cst.RemovalSentinel:
        if isinstance(updated_node.names, cst.ImportStar):
            return updated_node
        if updated_node.module is not None and dotted(updated_node.module) == "__future__":
            return updated_node
        source = self._module.module_of(original_node)
        kept = []
        for alias in updated_node.names:
            local = alias.evaluated_alias or dotted(alias.name)
            is_dropped = f"{source}.{dotted(alias.name)}" in self._dropped
            is_lost = self._is_lost(local) and not self._does_more(source, dotted(alias.name))
            if is_dropped or is_lost:
                if local not in self._after or is_dropped:
                    self.gone.add(local)
                continue
            kept.append(alias)
        if not kept and source in self._busy:
            return self._for_what_it_does(source)
        if not kept:
            return cst.RemoveFromParent()
        return updated_node.with_changes(names=_relinked(updated_node.names, kept))

    def _for_what_it_does(self, source: str) -> cst.Import:
        """`import source`: nothing of it is used any more, but being imported it does something."""
        root = source.partition(".")[0]
        alias = f" as {source.replace('.', '_')}_" if root in self._before else ""
        line = cst.parse_statement(f"import {source}{alias}")
        assert isinstance(line, cst.SimpleStatementLine)  # noqa: S101  it is an import
        found = line.body[0]
        assert isinstance(found, cst.Import)  # noqa: S101
        return found

    def leave_Import(  # noqa: N802
        self,
        original_node: cst.Import,  # noqa: ARG002
        updated_node: cst.Import,
    ) -> cst.Import | cst.RemovalSentinel:
        kept = []
        for alias in updated_node.names:
            name = dotted(alias.name)
            if alias.asname is not None or "." not in name:
                local = alias.evaluated_alias or name
                if not self._is_lost(local) or name in self._busy:
                    kept.append(alias)
            elif not self._is_lost_chain(name) or name in self._busy:
                kept.append(alias)
            else:
                root = name.partition(".")[0]
                others = [dotted(one.name) for one in self._roots if dotted(one.name) != name]
                bound = any(
                    one == root or (one.startswith(f"{root}.") and not self._is_lost_chain(one))
                    for one in others
                )
                if root in self._after and not bound:
                    kept.append(alias.with_changes(name=cst.Name(root)))
        if not kept:
            return cst.RemoveFromParent()
        return updated_node.with_changes(names=_relinked(updated_node.names, kept))

    def _is_lost_chain(self, name: str) -> bool:
        def used(words: frozenset[str]) -> bool:
            return any(word == name or word.startswith(f"{name}.") for word in words)

        return used(self._before) and not used(self._after)

    def leave_SimpleStatementLine(  # noqa: N802
        self,
        original_node: cst.SimpleStatementLine,  # noqa: ARG002
        updated_node: cst.SimpleStatementLine,
    ) -> cst.SimpleStatementLine:
        if updated_node.body:
            return updated_node
        return self.emptied(updated_node)


def _relinked(
    before: Sequence[cst.ImportAlias], kept: list[cst.ImportAlias]
) -> Sequence[cst.ImportAlias]:
    """`kept` with the last one ending as the last one did."""
    if len(kept) < len(before) and kept[-1] is not before[-1]:
        kept[-1] = kept[-1].with_changes(comma=before[-1].comma)
    return kept


class _AllTrimmer(cst.CSTTransformer):
    """Takes names that are gone out of `__all__`."""

    def __init__(self, gone: set[str]) -> None:
        super().__init__()
        self._gone = gone

    def leave_Assign(  # noqa: N802
        self,
        original_node: cst.Assign,  # noqa: ARG002
        updated_node: cst.Assign,
    ) -> cst.Assign:
        target = updated_node.targets[0].target
        value = updated_node.value
        if (
            not isinstance(target, cst.Name)
            or target.value != "__all__"
            or not isinstance(value, cst.List | cst.Tuple)
        ):
            return updated_node
        kept = [one for one in value.elements if _text(one.value) not in self._gone]
        if len(kept) == len(value.elements):
            return updated_node
        if kept and kept[-1] is not value.elements[-1]:
            kept[-1] = kept[-1].with_changes(comma=value.elements[-1].comma)
        return updated_node.with_changes(value=value.with_changes(elements=kept))


def _text(node: cst.BaseExpression) -> object:
    return node.evaluated_value if isinstance(node, cst.SimpleString) else None
