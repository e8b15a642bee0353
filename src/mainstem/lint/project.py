"""Several modules read together, so that a name imported from one leads into another."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from mainstem.lint.findings import NothingToLint
from mainstem.lint.source import Module
from mainstem.lint.tree import NamedFunction

_SKIPPED = {"__pycache__", "node_modules", "site-packages"}
# A file without any of these words has no handler and no client in it: reading it takes longer
# than looking for the words.
_WORDS = ("inngest", "mainstem", "create_function")
_DEEPEST = 8  # re-exports from package to package, one after another

Found = NamedFunction | ast.ClassDef | ast.expr


class Project:
    """The modules of some paths by their dotted names."""

    def __init__(self, modules: Iterable[Module]) -> None:
        self.modules = {module.name: module for module in modules}

    def named(self, module: Module, node: ast.AST) -> tuple[Module, Found] | None:
        """Where the function, class or value stands that an expression in `module` names."""
        if isinstance(node, ast.Name) and (own := _in(module, node.id)) is not None:
            return module, own
        qualified = module.qualified(node)
        return self._find(qualified, _DEEPEST) if qualified else None

    def _find(self, qualified: str, depth: int) -> tuple[Module, Found] | None:
        room, _, name = qualified.rpartition(".")
        module = self.modules.get(room) if room else None
        if module is None or depth == 0:
            return None
        if (own := _in(module, name)) is not None:
            return module, own
        onward = module.imports.get(name)
        return self._find(onward, depth - 1) if onward else None


def _in(module: Module, name: str) -> Found | None:
    return module.functions.get(name) or module.classes.get(name) or module.values.get(name)


def python_files(paths: Iterable[Path]) -> Iterator[Path]:
    """The files given and those in the folders given, each once, in order of their names.

    Hidden folders, caches, virtual environments and installed packages are left out.
    Raises `NothingToLint` for a path that does not exist.
    """
    seen: set[Path] = set()
    for path in paths:
        if path.is_dir():
            found: Iterable[Path] = _below(path)
        elif path.exists():
            found = [path]
        else:
            raise NothingToLint(str(path))
        for one in found:
            if one not in seen:
                seen.add(one)
                yield one


def _below(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            if path.name.startswith(".") or path.name in _SKIPPED:
                continue
            if not (path / "pyvenv.cfg").exists():
                yield from _below(path)
        elif path.suffix == ".py":
            yield path


def text_of(path: Path) -> str:
    """A file's text; what is no UTF-8 in it stands in comments and strings, and is replaced."""
    return path.read_text(encoding="utf-8-sig", errors="replace")


def concerns(text: str) -> bool:
    """Whether a text can hold anything that the rules are about."""
    return any(word in text for word in _WORDS)


def module_name(path: Path) -> str:
    """The dotted name under which a file is imported, as far as its packages tell."""
    parts = [] if path.name == "__init__.py" else [path.stem]
    folder = path.resolve().parent
    while (folder / "__init__.py").exists():
        parts.insert(0, folder.name)
        folder = folder.parent
    return ".".join(parts)
