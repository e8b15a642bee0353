"""A module read as text: its imports, functions, classes, and what it does when imported."""

import ast
import warnings
from functools import cached_property

from mainstem.lint.tree import FunctionNode, NamedFunction, blocks_of, own_expressions, walk_shallow


class Module:
    """One parsed file. Nothing in it is imported or run."""

    def __init__(self, text: str, path: str, *, name: str = "") -> None:
        """Raises `SyntaxError` or `ValueError` (a zero byte) when `text` is not Python."""
        self.text = text
        self.path = path
        self.name = name
        """The dotted name, "" if unknown. It resolves relative imports."""
        with warnings.catch_warnings():  # its doubtful escapes are another tool's business
            warnings.simplefilter("ignore")
            self.tree = ast.parse(text)
        self.imports: dict[str, str] = {}
        """Local name to dotted name, wherever in the file the import stands."""
        self.functions: dict[str, NamedFunction] = {}
        """Functions by name: those at the top, and nested ones where no two share the name."""
        self.methods: dict[str, NamedFunction]
        """Methods by name, where no two classes share it."""
        self.classes: dict[str, ast.ClassDef] = {}
        self.values: dict[str, ast.expr] = {}
        """What the module's names are last assigned, at the top."""
        self.definitions: list[NamedFunction] = []
        self.at_import: list[ast.Call] = []
        """Calls that importing the module makes."""
        self.applied: list[ast.Call] = []
        """Calls of the form `decorator(...)(handler)`."""
        self._nested: dict[str, list[NamedFunction]] = {}
        self._in_classes: dict[str, list[NamedFunction]] = {}
        self._block(self.tree.body, in_function=False, in_class=False)
        self.functions = _alone(self._nested) | self.functions
        self.methods = _alone(self._in_classes)

    def qualified(self, node: ast.AST) -> str:
        """The dotted name of an imported thing, "" for anything else."""
        if isinstance(node, ast.Name):
            return self.imports.get(node.id, "")
        if isinstance(node, ast.Attribute):
            base = self.qualified(node.value)
            return f"{base}.{node.attr}" if base else ""
        return ""

    def text_of(self, node: ast.AST | None) -> str | None:
        """The string that an expression is, by itself or as a constant of the module."""
        if isinstance(node, ast.Name):
            node = self.values.get(node.id)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        return None

    def function(self, node: ast.AST) -> FunctionNode | None:
        """The function of this module that an expression names, or is."""
        if isinstance(node, ast.Lambda):
            return node
        if isinstance(node, ast.Name):
            return None if node.id in self.imports else self.functions.get(node.id)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            return self.methods.get(node.attr) if node.value.id in {"self", "cls"} else None
        return None

    @cached_property
    def package(self) -> str:
        """The dotted name that relative imports start from."""
        if self.path.endswith("__init__.py"):
            return self.name
        return self.name.rpartition(".")[0]

    def _block(self, body: list[ast.stmt], *, in_function: bool, in_class: bool) -> None:
        for statement in body:
            self._statement(statement, in_function=in_function, in_class=in_class)

    def _statement(self, node: ast.stmt, *, in_function: bool, in_class: bool) -> None:
        if isinstance(node, ast.Import | ast.ImportFrom):
            self._import(node)
        elif isinstance(node, NamedFunction):
            self._function(node, in_function=in_function, in_class=in_class)
        elif isinstance(node, ast.ClassDef):
            self.classes.setdefault(node.name, node)
            if not in_function:
                self._calls_of(*node.decorator_list, *node.bases)
            self._block(node.body, in_function=in_function, in_class=True)
        else:
            self._plain(node, in_function=in_function, in_class=in_class)

    def _plain(self, node: ast.stmt, *, in_function: bool, in_class: bool) -> None:
        if not in_function:
            if _is_main_guard(node):
                return
            self._calls_of(*own_expressions(node))
            if not in_class:
                self._value(node)
        value = getattr(node, "value", None)
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Call):
            self.applied.append(value)
        for block in blocks_of(node):
            self._block(block, in_function=in_function, in_class=in_class)

    def _value(self, node: ast.stmt) -> None:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    self.values[target.id] = node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            self.values[node.target.id] = node.value

    def _function(self, node: NamedFunction, *, in_function: bool, in_class: bool) -> None:
        self.definitions.append(node)
        if in_class or in_function:
            known = self._in_classes if in_class else self._nested
            known.setdefault(node.name, []).append(node)
        else:
            self.functions[node.name] = node
        if not in_function:
            defaults = [one for one in node.args.kw_defaults if one is not None]
            self._calls_of(*node.decorator_list, *node.args.defaults, *defaults)
        self._block(node.body, in_function=True, in_class=False)

    def _calls_of(self, *expressions: ast.AST) -> None:
        for expression in expressions:
            for node in walk_shallow(expression):
                if isinstance(node, ast.Call):
                    self.at_import.append(node)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                local = alias.asname or alias.name.partition(".")[0]
                self.imports[local] = alias.name if alias.asname else local
            return
        base = node.module or ""
        if node.level:
            parts = self.package.split(".") if self.package else []
            kept = parts[: len(parts) - (node.level - 1)]
            base = ".".join([*kept, base] if base else kept) or "."
        for alias in node.names:
            self.imports[alias.asname or alias.name] = f"{base}.{alias.name}"


def _is_main_guard(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Compare)
        and isinstance(node.test.left, ast.Name)
        and node.test.left.id == "__name__"
    )


def _alone(found: dict[str, list[NamedFunction]]) -> dict[str, NamedFunction]:
    """Those that share their name with no other: which of two is meant is not known."""
    return {name: same[0] for name, same in found.items() if len(same) == 1}
