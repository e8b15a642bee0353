"""One plan from end to end: read, survey, judge, rewrite, and make the catalogue."""

import ast
import difflib
from collections.abc import Collection, Sequence
from pathlib import Path

from mainstem.migrate.adoptions import find_adoptions
from mainstem.migrate.by_hand import Marks
from mainstem.migrate.catalogue_place import CataloguePlace, place_catalogue
from mainstem.migrate.clients import find_clients
from mainstem.migrate.foreseen import Refusal, foresee
from mainstem.migrate.functions import Functions
from mainstem.migrate.held_lists import held_lists
from mainstem.migrate.listing import Lists
from mainstem.migrate.modules import Project
from mainstem.migrate.old_names import old_names
from mainstem.migrate.old_types import old_types
from mainstem.migrate.plan import Plan, Unreadable
from mainstem.migrate.rewriting import Rewriting
from mainstem.migrate.serving_calls import find_serves
from mainstem.migrate.sources import python_files, read_sources
from mainstem.migrate.telling import Found, tell
from mainstem.migrate.troubles import MigrateError
from mainstem.migrate.uses import UseReader
from mainstem.migrate.verdicts import judge


def planned(
    paths: Sequence[Path],
    *,
    catalog_module: str,
    base: Path,
    refusal: Refusal | None = None,
    only: Collection[str] = (),
) -> Plan:
    """The plan for the files at and below `paths`; nothing is written."""
    shown = {file: _shown(file, base) for file in python_files(paths)}
    sources, unreadable = read_sources(list(paths), shown)
    project = Project(sources, shown)
    clients, strays = find_clients(project)
    functions = Functions(project, clients)
    serves = find_serves(project, clients, Lists(project, functions))
    held = held_lists(project, functions)
    if refusal is not None:
        foresee(project, functions, refusal)
    adoptions = find_adoptions(project, clients, functions)
    _leave(functions, only)
    uses = UseReader(project, clients, functions, serves, held, adoptions).uses
    verdicts = judge(project, clients, functions, serves, uses, held, adoptions)
    rewriting = Rewriting(project, clients, functions, serves, uses, verdicts, adoptions)
    rewriting.functions_and_sends()
    catalogue = place_catalogue(rewriting, catalog_module)
    marks = Marks(rewriting)
    old_names(rewriting, catalogue, marks)
    old_types(rewriting, marks)
    found = Found(rewriting, [*strays, *functions.strays, *uses.strays], catalogue, marks.all())
    plan = Plan(unreadable=[*unreadable, *_unread(project)])
    tell(plan, found, base)
    plan.changes = _changes(rewriting, catalogue)
    return plan


def _unread(project: Project) -> list[Unreadable]:
    """The files that Python reads and libcst cannot. All that matter, or they were not tried."""
    return [
        Unreadable(project.shown(project.sources[name]), why, may_matter=True)
        for name, why in sorted(project.unread.items())
    ]


def _leave(functions: Functions, only: Collection[str]) -> None:
    """Leave the functions that were not asked for as they are."""
    known = {fn_id for one in functions.by_key.values() for fn_id in one.ids}
    for name in only:
        if name not in known:
            near = difflib.get_close_matches(name, [one for one in known if one is not None], n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise MigrateError(
                f"Cannot migrate '{name}': no function to migrate has that id.{hint}"
            )
    for function in functions.by_key.values():
        if only and not set(only) & set(function.ids):
            function.why = function.why or "it is left for later"


def _changes(rewriting: Rewriting, catalogue: CataloguePlace | None) -> dict[Path, bytes]:
    changes: dict[Path, bytes] = {}
    for edits in rewriting.edits.values():
        source = edits.module.source
        if edits.is_empty:
            continue
        data = edits.rendered()
        ast.parse(data)  # whatever we made, it is Python: a mistake of ours ends here, not on disk
        if data != source.data:
            changes[source.path] = data
    if catalogue is not None and catalogue.text is not None:
        ast.parse(catalogue.text)
        changes[catalogue.path] = catalogue.text
    return changes


def _shown(file: Path, base: Path) -> str:
    resolved = base.resolve()
    return str(file.relative_to(resolved)) if file.is_relative_to(resolved) else str(file)
