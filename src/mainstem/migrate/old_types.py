"""Questions that a definition answers otherwise than the SDK's function did."""

import libcst as cst

from mainstem.migrate.by_hand import Marks
from mainstem.migrate.modules import Chain, nodes
from mainstem.migrate.rewriting import Rewriting

_ASKING = frozenset({"builtins.isinstance", "builtins.issubclass", "builtins.type"})


def old_types(rewriting: Rewriting, marks: Marks) -> None:
    """Mark where code asks whether something is a function of the SDK: a definition is none."""
    if all(one.why is not None for one in rewriting.functions.by_key.values()):
        return
    project = rewriting.project
    for module in project.modules:
        for node in module.nodes:
            if not isinstance(node, cst.Call) or module.absolute(node.func) not in _ASKING:
                continue
            asked = [
                part for each in node.args[1:] for part in nodes(each.value)
                if isinstance(part, Chain) and project.resolve(module, part) == "inngest.Function"
            ]  # fmt: skip
            if asked:
                told = f"`{module.code(node.func)}` of `inngest.Function`"
                why = "a definition is none: ask for `mainstem.catalog.SdkDefinition` too"
                marks.add(module, node, told, why)
