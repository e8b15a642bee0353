"""Where the catalogue goes: a module of its own, or the web module when that holds functions.

A module of its own imports the modules of the functions, and the web module imports it. Where a
function's module needs the web module (or is it), that would be a circle; then the catalogue is
made in the web module itself, in front of its serve call.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import libcst as cst

from mainstem.migrate.catalogue_file import (
    Entry,
    catalogue_lines,
    catalogue_text,
    element,
    extended,
    wanted_names,
)
from mainstem.migrate.finds import Function, Serve
from mainstem.migrate.modules import Module, nodes
from mainstem.migrate.rewriting import Rewriting, entry_client
from mainstem.migrate.serve_edits import rewrite, take_out
from mainstem.migrate.sources import absolute_module
from mainstem.migrate.troubles import MigrateError


@dataclass
class CataloguePlace:
    """Where the catalogue is. `text` is its module's new text, None when it is not to change."""

    path: Path
    module: str
    attribute: str
    entries: list[Entry]
    text: bytes | None
    serves: list[tuple[Serve, str | None]]
    """Each serve call that moves, with the code that it becomes; None for one that goes."""


def place_catalogue(rewriting: Rewriting, name: str) -> CataloguePlace | None:
    """Edit the serve calls, take out clients, and say where the catalogue is.

    None when nothing belongs into one. Raises `MigrateError` when it has no place.
    """
    listed = _listed(rewriting)
    entries = _entries(rewriting, listed)
    rewriting.needed = {entry.client for entry in entries if entry.client is not None}
    rewriting.clients_go()
    groups = rewriting.verdicts.groups
    if not entries and not groups:
        return None
    if groups:
        web = groups[0][0].module
        needed = {entry.module for entry in entries}
        needed |= {rewriting.clients[key].module.name for key in rewriting.needed}
        if _reaches(rewriting, needed, web.name):
            return _in_web_module(rewriting, entries, groups)
    return _in_own_module(rewriting, name, listed, entries, groups)


def _listed(rewriting: Rewriting) -> list[Function]:
    """The functions that go into the catalogue: those served by calls that move."""
    everything = [
        one for one in rewriting.functions.by_key.values() if rewriting.adoptions.of(one) is None
    ]
    if rewriting.serves:
        moving = {id(serve) for group in rewriting.verdicts.groups for serve in group}
        return [
            one for one in everything
            if one.lost is None and any(id(serve) in moving for serve in one.served_by)
        ]  # fmt: skip
    if rewriting.project.served_already is not None:
        return []  # what Mainstem does not serve there is not meant to be served
    return [one for one in everything if one.lost is None]


def _entries(rewriting: Rewriting, listed: list[Function]) -> list[Entry]:
    entries: dict[tuple[str, str], Entry] = {}
    for function in listed:
        if function.entry is None:
            continue
        client = entry_client(function, rewriting.verdicts) if function.why is not None else None
        entry = Entry(
            function.module.name,
            function.module.line(function.nodes[0]),
            function.entry,
            is_adopted=function.why is not None,
            client=None if client is None else client.key,
        )
        entries.setdefault((entry.module, entry.name), entry)
    return sorted(entries.values())


def _reaches(rewriting: Rewriting, modules: set[str], web: str) -> bool:
    """Whether one of `modules`, as it will be, needs the module `web`."""
    seen: set[str] = set()
    waiting = list(modules)
    while waiting:
        current = waiting.pop()
        if current == web:
            return True
        if current in seen or current not in rewriting.project.sources:
            continue
        seen.add(current)
        waiting += _imports_after(rewriting, current)
        waiting.append(current.rpartition(".")[0])
    return False


def _imports_after(rewriting: Rewriting, name: str) -> list[str]:
    source = rewriting.project.sources[name]
    edits = rewriting.edits.get(name)
    if edits is None:
        return list(source.imports)
    found = []
    for node in ast.walk(ast.parse(edits.rendered())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = absolute_module(node.module or "", node.level, source.package)
            found += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return found


def _in_own_module(
    rewriting: Rewriting,
    name: str,
    listed: list[Function],
    entries: list[Entry],
    groups: list[list[Serve]],
) -> CataloguePlace:
    modules = [one.module for one in listed] + [one.module for group in groups for one in group]
    root = modules[0].source.root
    if any(module.source.root != root for module in modules):
        raise MigrateError(
            "Cannot make one catalogue: its functions are imported from different folders, "
            f"{root} and others. Migrate one application at a time."
        )
    package = _common([module.source.package for module in modules])
    dotted = f"{package}.{name}" if package else name
    path = root.joinpath(*package.split("."), f"{name}.py") if package else root / f"{name}.py"
    text: bytes | None
    if path.exists():
        old = path.read_bytes()
        text = extended(old, entries)
        if text is None:
            raise MigrateError(
                f"Cannot make the catalogue's module {path}: another module has that name. "
                "Choose one with --catalog-module."
            )
        text = None if text == old else text
    else:
        text = catalogue_text(entries).encode()
    done: list[tuple[Serve, str | None]] = []
    for group in groups:
        edits = rewriting.of(group[0].module)
        catalog = edits.imports.name(dotted, "catalog", "inngest_catalog")
        done += _serve_edits(rewriting, group, catalog)
    return CataloguePlace(path, dotted, "catalog", entries, text, done)


def _common(packages: list[str]) -> str:
    """The innermost package that holds all of `packages`.

    >>> _common(["shop.mail", "shop.billing.jobs", "shop.mail"]), _common(["shop", "web"])
    ('shop', '')
    """
    first = packages[0].split(".") if packages[0] else []
    for other in packages[1:]:
        parts = other.split(".") if other else []
        count = 0
        while count < min(len(first), len(parts)) and first[count] == parts[count]:
            count += 1
        first = first[:count]
    return ".".join(first)


def _serve_edits(
    rewriting: Rewriting, group: list[Serve], catalog: str
) -> list[tuple[Serve, str | None]]:
    first, *others = group
    done: list[tuple[Serve, str | None]] = [
        (first, rewrite(rewriting.of(first.module), first, catalog))
    ]
    for serve in others:
        node = take_out(serve.module, serve.call)
        assert node is not None  # noqa: S101  the verdicts made sure
        rewriting.of(serve.module).remove(node)
        done.append((serve, None))
    return done


def _in_web_module(
    rewriting: Rewriting, entries: list[Entry], groups: list[list[Serve]]
) -> CataloguePlace:
    web = groups[0][0].module
    edits = rewriting.of(web)
    name = "catalog" if "catalog" not in web.identifiers else "inngest_catalog"
    names: dict[tuple[str, str], str] = {}
    lines: list[str] = []
    for module, each in wanted_names(entries):
        local = _known_as(rewriting, web, module, each)
        if local is None:
            local = each if each not in web.identifiers else f"{module.replace('.', '_')}_{each}"
            alias = "" if local == each else f" as {local}"
            lines.append(f"from {module} import {each}{alias}")
        names[module, each] = local
    own = edits.imports.name("mainstem.catalog", "Catalog")
    elements = [element(entry, names) for entry in entries]
    if any(entry.is_adopted for entry in entries):
        adopt = edits.imports.name("mainstem.catalog", "adopt")
        elements = [one.replace("adopt(", f"{adopt}(", 1) for one in elements]
    statement = "\n".join(catalogue_lines(name, elements)).replace("Catalog(", f"{own}(", 1)
    before = _after_everything(web, groups[0][0], set(names.values()))
    for line in [*lines, statement]:
        edits.insert_before(before, line + "\n")  # at the end, where nothing comes after
    done: list[tuple[Serve, str | None]] = []
    for group in groups:
        there = group[0].module
        catalog = (
            name if there is web
            else rewriting.of(there).imports.name(web.name, name, "inngest_catalog")
        )  # fmt: skip
        done += _serve_edits(rewriting, group, catalog)
    return CataloguePlace(web.source.path, web.name, name, entries, None, done)


def _known_as(rewriting: Rewriting, web: Module, module: str, name: str) -> str | None:
    """What `name` of `module` is called at the web module's own level, if it is known there."""
    wanted = rewriting.project.canonical(f"{module}.{name}")
    if module == web.name:
        return name
    for each in sorted(web.identifiers):
        if web.bindings(each) and rewriting.project.canonical(f"{web.name}.{each}") == wanted:
            return each
    return None


def _after_everything(web: Module, serve: Serve, names: set[str]) -> cst.CSTNode | None:
    """The module-level statement in front of which every name of `names` is bound, or None.

    The one that serves, when all are bound by then. A web module that serves inside a function may
    bind some below; the function is called later still.
    """
    body = list(web.tree.body)
    around = {id(node) for node in web.around(serve.call)}
    index = next(i for i, statement in enumerate(body) if id(statement) in around)
    binding = [i for i, statement in enumerate(body) if names & set(_bound_by(statement))]
    place = max([index, *(i + 1 for i in binding)])
    return body[place] if place < len(body) else None


def _bound_by(statement: cst.BaseStatement) -> Iterator[str]:
    """The names that a statement of the module's own level binds, imports left aside."""
    if isinstance(statement, cst.FunctionDef | cst.ClassDef):
        yield statement.name.value
        return
    for node in nodes(statement):
        if isinstance(node, cst.AssignTarget | cst.AnnAssign) and isinstance(node.target, cst.Name):
            yield node.target.value
        elif isinstance(node, cst.FunctionDef | cst.ClassDef):
            yield node.name.value
