"""Functions that go to another app, and versions that go: what becomes of runs under way."""

from collections.abc import Iterator, Sequence

from mainstem.registration.findings import Finding
from mainstem.registration.manifest import FunctionEntry
from mainstem.registration.parts import Part

_SERVE_BOTH = (
    "Serve it in both until no run is left: keep the old deployment as it is beside the new one "
    "(its triggers start it twice meanwhile, unless its new place is switched off). Then write the "
    "manifest anew."
)


def moves(old: FunctionEntry, new: FunctionEntry, parts: Sequence[Part]) -> Iterator[Finding]:
    """Whether a function has another group or other tags, and with them another app.

    A part that is served is an app of its own. Without `parts` it is not known whether there are
    any.
    """
    told = []
    if old.group != new.group:
        told.append(f"in group '{new.group}', it was in '{old.group}'")
    if {*old.tags} != {*new.tags}:
        told.append(f"tagged {_listed(new.tags)}, it was {_listed(old.tags)}")
    if not told:
        return
    said = f"Function '{new.id}' is {' and '.join(told)}"
    before, after = (
        [part for part in parts if part.holds_entry(one.id, one.group, one.tags)]
        for one in (old, new)
    )
    if before and after and not set(before) & set(after):
        yield Finding(
            "breaking",
            "part-changed",
            new.id,
            f"{said}: it moves from part '{before[0]}' to part '{after[0]}', which is another app. "
            "Its runs under way find no function in the old one.",
            _SERVE_BOTH,
        )
    elif parts or old.group == new.group:
        # What no part serves any more, or none did, is said of the parts.
        yield Finding("note", "group-changed", new.id, f"{said}.")
    else:
        yield Finding(
            "warning",
            "group-changed",
            new.id,
            f"{said}. Where groups are served apart, that is another app, and its runs under way "
            "find no function in the old one.",
            "Give the parts (--part) to have it known. " + _SERVE_BOTH,
        )


def version_changes(old: FunctionEntry, new: FunctionEntry) -> Iterator[Finding]:
    """Versions on which runs began, and on which none can end.

    A run that began before there were versions has none on record: it ends on the one that is
    `unpinned`.
    """
    for label in old.labels if old.versions else ():
        if label not in new.labels:
            yield Finding(
                "breaking",
                "version-gone",
                new.id,
                f"Version '{label}' of function '{new.id}' is gone: runs that began on it cannot "
                "go on.",
                f"List it with a share of 0, Version('{label}', …, rollout(0)), until they have "
                "ended.",
            )
    unpinned = new.unpinned or new.version
    if old.versions or old.version == unpinned:
        return
    where = "is not its version any more" if old.version in new.labels else "is gone"
    yield Finding(
        "breaking",
        "version-gone",
        new.id,
        f"Version '{old.version}' of function '{new.id}' {where}: its runs under way began without "
        f"a choice on record, and would go on with the code of '{unpinned}'.",
        f"List it, Version('{old.version}', …, rollout(0)), with unpinned=\"{old.version}\", until "
        "they have ended.",
    )


def _listed(tags: Sequence[str]) -> str:
    return ", ".join(sorted(tags)) or "nothing"
