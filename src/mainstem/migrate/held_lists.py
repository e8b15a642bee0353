"""Named lists that hold functions, served or not: what happens to a list happens to these."""

import libcst as cst

from mainstem.migrate.finds import Function
from mainstem.migrate.functions import Functions
from mainstem.migrate.modules import Chain, Project, is_reference
from mainstem.migrate.shapes import is_part_of_a_list, list_around


def held_lists(project: Project, functions: Functions) -> dict[str, list[Function]]:
    """The functions in each list, by the list's dotted name; those of lists within it too."""
    held: dict[str, list[Function]] = {}
    within: list[tuple[str, str]] = []
    for module in project.modules:
        for node in module.nodes:
            if not isinstance(node, Chain | cst.Call):
                continue
            parent = module.parent(node)
            if parent is None or not is_part_of_a_list(module, parent):
                continue
            around = list_around(module, node)
            if around is None:
                continue
            function = functions.by_call.get(node)
            if function is None and isinstance(node, Chain) and is_reference(module, node):
                name = project.resolve(module, node) or ""
                function = functions.by_key.get(name)
                within.append((project.canonical(around), name))
            if function is not None:
                held.setdefault(project.canonical(around), []).append(function)
    for function in functions.by_key.values():
        for name in function.listed_by:
            held.setdefault(name, []).append(function)
    _pass_on(held, within)
    return held


def _pass_on(held: dict[str, list[Function]], within: list[tuple[str, str]]) -> None:
    """What an inner list holds, the outer one does, to any depth."""
    grows = True
    while grows:
        grows = False
        for outer, inner in within:
            missing = [one for one in held.get(inner, []) if one not in held.get(outer, [])]
            if missing and outer != inner:
                held.setdefault(outer, []).extend(missing)
                grows = True
