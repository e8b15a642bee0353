"""The catalogue's module: one list of every definition, with imports in a stable order."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import libcst as cst

_HEAD = '"""Every Inngest function of this application. Bound late, to the one client."""'
_WIDTH = 88


@dataclass(frozen=True, order=True)
class Entry:
    """One line of the catalogue.

    `name` is what it is called in `module` (`*NAME` for each of a list); `client` is the dotted
    name of a client whose middleware is taken over, for an adopted function.
    """

    module: str
    line: int
    name: str
    is_adopted: bool = False
    client: str | None = None


def catalogue_text(entries: Sequence[Entry]) -> str:
    """The text of a new catalogue module."""
    names = local_names(entries)
    ours = ["Catalog"] + ["adopt"] * any(entry.is_adopted for entry in entries)
    lines = [_HEAD, "", f"from mainstem.catalog import {', '.join(ours)}"]
    imported = import_lines(names)
    if imported:
        lines += ["", *imported]
    lines += ["", *catalogue_lines("catalog", [element(entry, names) for entry in entries])]
    return "\n".join(lines) + "\n"


def catalogue_lines(name: str, elements: Sequence[str]) -> list[str]:
    """`name = Catalog([…])`, one definition a line when there are several."""
    if len(elements) < 2:
        return [f"{name} = Catalog([{', '.join(elements)}])"]
    return [f"{name} = Catalog(", "    [", *(f"        {each}," for each in elements), "    ]", ")"]


def wanted_names(entries: Iterable[Entry]) -> list[tuple[str, str]]:
    """Module and name of everything that the entries refer to, each once."""
    found: dict[tuple[str, str], None] = {}
    for entry in entries:
        found[entry.module, entry.name.lstrip("*").partition(".")[0]] = None
        if entry.client is not None:
            module, _, name = entry.client.rpartition(".")
            found[module, name] = None
    return list(found)


def local_names(entries: Iterable[Entry]) -> dict[tuple[str, str], str]:
    """What each is called where all are imported: its own name, or its module's with it."""
    wanted = sorted(wanted_names(entries))
    counts: dict[str, int] = {}
    for _, name in wanted:
        counts[name] = counts.get(name, 0) + 1
    taken = {"Catalog", "adopt", "catalog"}
    names: dict[tuple[str, str], str] = {}
    for module, name in wanted:
        local = name
        if counts[name] > 1 or local in taken:
            local = f"{re.sub(r'[^a-z0-9]+', '_', module.lower())}_{name}"
        while local in taken:
            local += "_"
        taken.add(local)
        names[module, name] = local
    return names


def import_lines(names: dict[tuple[str, str], str]) -> list[str]:
    """The imports of `names`, by module."""
    modules: dict[str, list[str]] = {}
    for (module, name), local in sorted(names.items()):
        modules.setdefault(module, []).append(name if name == local else f"{name} as {local}")
    lines = []
    for module, each in sorted(modules.items()):
        line = f"from {module} import {', '.join(each)}"
        if len(line) > _WIDTH:
            line = "\n".join([f"from {module} import (", *(f"    {one}," for one in each), ")"])
        lines.append(line)
    return lines


def element(entry: Entry, names: dict[tuple[str, str], str]) -> str:
    """How the catalogue lists `entry`, with everything called as in `names`."""
    star, rest = ("*", entry.name[1:]) if entry.name.startswith("*") else ("", entry.name)
    first, dot, others = rest.partition(".")
    told = f"{names[entry.module, first]}{dot}{others}"
    if not entry.is_adopted:
        return star + told
    if entry.client is None:
        return f"adopt({told})"
    module, _, name = entry.client.rpartition(".")
    return f"adopt({told}, client={names[module, name]})"


def extended(text: bytes, entries: Sequence[Entry]) -> bytes | None:
    """The catalogue module `text` with `entries` that it does not list yet; None if it is not ours.

    A function that it adopts and that is a definition now is listed as such.
    """
    try:
        tree = cst.parse_module(text)
    except cst.ParserSyntaxError:
        return None  # what was never read is nothing of ours
    found = _listed(tree)
    if found is None:
        return None
    have = _imported(tree)
    names = {key: have.get(key, local) for key, local in local_names(entries).items()}
    present = {tree.code_for_node(one).rstrip(", \n") for one in found.elements}
    new = [element(one, names) for one in entries]
    missing = [one for one in new if one not in present]
    if not missing:
        return text
    for one in missing:
        if not one.startswith("adopt("):
            present -= {each for each in present if re.match(rf"adopt\({re.escape(one)}[,)]", each)}
    lines = catalogue_lines(
        "catalog", [*(p for p in _in_order(tree, found) if p in present), *missing]
    )
    statement = cst.parse_module("\n".join(lines)).body[0]
    body = []
    for each in tree.body:
        if _catalogue_in(each) is found:
            leading = list(getattr(each, "leading_lines", ()))
            adopts = any(one.startswith("adopt(") for one in missing)
            imports = {k: v for k, v in names.items() if k not in have}
            if adopts:
                imports["mainstem.catalog", "adopt"] = have.get(
                    ("mainstem.catalog", "adopt"), "adopt"
                )
                imports = {k: v for k, v in imports.items() if k not in have}
            body += [one for line in import_lines(imports) for one in cst.parse_module(line).body]
            body.append(statement.with_changes(leading_lines=leading))
        else:
            body.append(each)
    return tree.with_changes(body=body).bytes


def _in_order(tree: cst.Module, found: cst.List) -> list[str]:
    return [tree.code_for_node(one).rstrip(", \n") for one in found.elements]


def _listed(tree: cst.Module) -> cst.List | None:
    return next((one for each in tree.body if (one := _catalogue_in(each)) is not None), None)


def _catalogue_in(statement: cst.CSTNode) -> cst.List | None:
    if not isinstance(statement, cst.SimpleStatementLine):
        return None
    small = statement.body[0]
    value = small.value if isinstance(small, cst.Assign | cst.AnnAssign) else None
    if not isinstance(value, cst.Call) or not isinstance(value.func, cst.Name | cst.Attribute):
        return None
    name = value.func.attr if isinstance(value.func, cst.Attribute) else value.func
    first = value.args[0].value if value.args else None
    return first if name.value == "Catalog" and isinstance(first, cst.List) else None


def _imported(tree: cst.Module) -> dict[tuple[str, str], str]:
    found = {}
    for statement in tree.body:
        for small in statement.body if isinstance(statement, cst.SimpleStatementLine) else ():
            if isinstance(small, cst.ImportFrom) and not isinstance(small.names, cst.ImportStar):
                module = "" if small.module is None else tree.code_for_node(small.module)
                for alias in small.names:
                    found[module, alias.evaluated_name] = (
                        alias.evaluated_alias or alias.evaluated_name
                    )
    return found
