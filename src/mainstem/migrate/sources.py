"""Finding the Python files that matter, and the names under which they import each other."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mainstem.migrate.plan import Unreadable

_SKIPPED = frozenset(
    {
        "__pycache__",
        "node_modules",
        "site-packages",
        "venv",
        "env",
        "build",
        "dist",
        "__pypackages__",
    }
)
_DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Source:
    """A file, the module that it is, and the folder from which that name counts."""

    path: Path
    name: str
    root: Path
    data: bytes
    imports: frozenset[str]
    imported_as: Mapping[str, str]
    """What each name stands for that a `from … import` or an `as` binds, wherever it does."""
    is_busy: bool
    """Whether importing it does more than define things: calls, loops, conditions at its level."""

    @cached_property
    def words(self) -> frozenset[str]:
        """Every word in it, those in comments and texts included."""
        return frozenset(re.findall(r"[^\W\d]\w*", self.data.decode("utf-8", "replace")))

    @cached_property
    def passed_on(self) -> Mapping[str, str]:
        """The names of its own level that are imported or another name for something, and what."""
        return _passed_on(ast.parse(self.data), self.package)

    @property
    def is_package(self) -> bool:
        """Whether it is a package's `__init__.py`."""
        return self.path.name == "__init__.py"

    @property
    def package(self) -> str:
        """The package from which its relative imports count."""
        return self.name if self.is_package else self.name.rpartition(".")[0]


def python_files(paths: Iterable[Path]) -> Iterator[Path]:
    """The Python files at and below `paths`, each once, in a stable order.

    Hidden folders, virtual environments and build results are left out.
    """
    seen: set[Path] = set()
    for path in paths:
        found = [path] if path.is_file() else sorted(_below(path))
        for file in found:
            resolved = file.resolve()
            if file.suffix == ".py" and resolved not in seen:
                seen.add(resolved)
                yield resolved


def _below(folder: Path) -> Iterator[Path]:
    for entry in sorted(folder.iterdir()):
        if entry.is_dir() and not entry.is_symlink():
            is_environment = (entry / "pyvenv.cfg").exists()
            if not (entry.name.startswith(".") or entry.name in _SKIPPED or is_environment):
                yield from _below(entry)
        elif entry.suffix == ".py" and entry.is_file():
            yield entry


def read_sources(
    paths: list[Path], shown: dict[Path, str]
) -> tuple[list[Source], list[Unreadable]]:
    """Every source that parses, in the order of files, and the files that do not."""
    read: list[tuple[Path, bytes, ast.Module]] = []
    unreadable: list[Unreadable] = []
    for file in python_files(paths):
        data = file.read_bytes()
        try:
            read.append((file, data, ast.parse(data, filename=str(file))))
        except (SyntaxError, ValueError) as error:
            line = f" (line {error.lineno})" if isinstance(error, SyntaxError) else ""
            reason = error.msg if isinstance(error, SyntaxError) else str(error)
            unreadable.append(Unreadable(shown[file], f"{reason}{line}", b"inngest" in data))
    roots = _roots(paths)
    root_of = {file: _root_of(file, roots) for file, _, _ in read}
    higher = {root for root in set(root_of.values()) if _is_package_after_all(root, root_of, read)}
    sources = []
    for file, data, tree in read:
        root = root_of[file].parent if root_of[file] in higher else root_of[file]
        name = module_name(file, root)
        package = name if file.name == "__init__.py" else name.rpartition(".")[0]
        imported = list(_imported(tree, package))
        imports = frozenset(each for each, _ in imported)
        imported_as = {local: each for each, local in imported if local is not None}
        sources.append(Source(file, name, root, data, imports, imported_as, _is_busy(tree)))
    return sources, unreadable


def _is_package_after_all(
    root: Path, root_of: dict[Path, Path], read: list[tuple[Path, bytes, ast.Module]]
) -> bool:
    """Whether the modules in `root` import each other by its name.

    A folder without `__init__.py` may still be a package; only its imports tell.
    """
    inside = {
        module_name(file, root): tree if root.name.encode() in data else None
        for file, data, tree in read
        if root_of[file] == root
    }
    prefix = f"{root.name}."
    if root.name in {name.partition(".")[0] for name in inside}:
        return False
    uses = (name for tree in inside.values() if tree is not None
            for name, _ in _imported(tree, ""))  # fmt: skip
    return any(name.startswith(prefix) and name.removeprefix(prefix) in inside for name in uses)


def _roots(paths: list[Path]) -> list[Path]:
    """The folders from which modules below `paths` are imported."""
    found = []
    for path in paths:
        folder = path.resolve() if path.is_dir() else path.resolve().parent
        while (folder / "__init__.py").exists():
            folder = folder.parent
        if (folder / "src").is_dir() and not (folder / "src" / "__init__.py").exists():
            found.append(folder / "src")
        found.append(folder)
    return found


def _root_of(file: Path, roots: list[Path]) -> Path:
    return max((root for root in roots if file.is_relative_to(root)), key=lambda r: len(r.parts))


def module_name(file: Path, root: Path) -> str:
    """The dotted name of `file`, counted from `root`.

    >>> root = Path("/a")
    >>> module_name(root / "shop/jobs.py", root), module_name(root / "shop/__init__.py", root)
    ('shop.jobs', 'shop')
    """
    parts = file.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def _is_busy(tree: ast.Module) -> bool:
    quiet = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    quiet |= ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Pass
    return any(
        not isinstance(each, quiet)
        and not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))
        and not (isinstance(each, ast.If) and "TYPE_CHECKING" in ast.unparse(each.test))
        for each in tree.body
    )


def _imported(tree: ast.Module, package: str) -> Iterator[tuple[str, str | None]]:
    """What is imported, by its dotted name, and the name that is bound to just that."""
    for node in statements(tree.body):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, alias.asname
        elif isinstance(node, ast.ImportFrom):
            base = absolute_module(node.module or "", node.level, package)
            yield base, None
            for alias in node.names:
                yield f"{base}.{alias.name}", alias.asname or alias.name


def _passed_on(tree: ast.Module, package: str) -> dict[str, str]:
    found: dict[str, str] = {}
    bound: list[str] = []
    for node in statements(tree.body, into_definitions=False):
        if isinstance(node, ast.Import):
            for alias in node.names:
                local = alias.asname or alias.name.partition(".")[0]
                bound.append(local)
                found[local] = alias.name if alias.asname is not None else local
        elif isinstance(node, ast.ImportFrom):
            base = absolute_module(node.module or "", node.level, package)
            for alias in node.names:
                bound.append(alias.asname or alias.name)
                found[alias.asname or alias.name] = f"{base}.{alias.name}"
        elif isinstance(node, _DEFINITIONS):
            bound.append(node.name)
        else:
            stored = (each for each in ast.walk(node) if isinstance(each, ast.Name))
            bound += [each.id for each in stored if not isinstance(each.ctx, ast.Load)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            bound += node.names * 2  # whoever may bind it again
    return {name: target for name, target in found.items() if bound.count(name) == 1}


def statements(body: Sequence[ast.AST], *, into_definitions: bool = True) -> Iterator[ast.AST]:
    """Every statement in `body` at any depth. Expressions, most of a tree, are not looked into."""
    waiting = list(body)
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, _DEFINITIONS) and not into_definitions:
            continue
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            inner = getattr(node, name, None)
            if isinstance(inner, list):
                waiting += inner


def absolute_module(module: str, level: int, package: str) -> str:
    """The absolute name of `from {'.' * level}{module} import …` in a module of `package`.

    >>> absolute_module("clients", 2, "shop.mail"), absolute_module("", 1, "shop")
    ('shop.clients', 'shop')
    """
    if level == 0:
        return module
    parts = package.split(".") if package else []
    above = parts[: len(parts) - (level - 1)]
    return ".".join([*above, module] if module else above)
