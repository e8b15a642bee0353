"""What changed between two manifests, and what of it harms runs or senders that exist already."""

from collections.abc import Iterator, Mapping, Sequence

from mainstem.registration.canonical import told_value
from mainstem.registration.findings import Finding
from mainstem.registration.manifest import OFF, Fields, FunctionEntry, Manifest, handles
from mainstem.registration.moves import moves, version_changes
from mainstem.registration.parts import Part
from mainstem.registration.schemas import refusals

_RENAME = (
    'If it has another id now, say so in its definition, previous_ids=("{old}",), so that runs '
    "begun as '{old}' end; take that out once none is left."
)


def changes(old: Manifest, new: Manifest, *, parts: Sequence[Part] = ()) -> Iterator[Finding]:
    """What is different in `new`, from what was reviewed as `old`.

    `parts` are what deployments serve, each an app of its own: then it is known whether a function
    moved to another one.
    """
    if old.app_id != new.app_id:
        yield Finding(
            "breaking",
            "app-renamed",
            new.app_id,
            f"The app is called '{new.app_id}', it was '{old.app_id}': to the server these are two "
            "apps, and runs begun under the old name find no function.",
            "Keep the old app id, or let its runs end first and remove the old app at the server.",
        )
    kept_alive = {former for entry in new.functions.values() for former in entry.previous_ids}
    for name, entry in old.functions.items():
        if name in new.functions:
            yield from _of_function(entry, new.functions[name])
            yield from moves(entry, new.functions[name], parts)
        elif name in kept_alive:
            yield Finding("note", "renamed", name, f"Function '{name}' has another id now.")
        else:
            yield _gone(entry, new, old)
    for name in new.functions.keys() - old.functions.keys():
        yield Finding("note", "added", name, f"Function '{name}' is new.")
    for name in old.events.keys() & new.events.keys():
        is_foreign = name in old.receives or name in new.receives
        yield from _of_event(name, old.events[name], new.events[name], is_foreign=is_foreign)


def _gone(entry: FunctionEntry, new: Manifest, old: Manifest) -> Finding:
    for other in new.functions.values():
        if other.id not in old.functions and (why := _same(entry, other)):
            return Finding(
                "breaking",
                "probable-rename",
                entry.id,
                f"Function '{entry.id}' is gone, and '{other.id}' is probably the same under "
                f"another id ({why}). Runs that began as '{entry.id}' find no function.",
                _RENAME.format(old=entry.id),
            )
    return Finding(
        "breaking",
        "id-gone",
        entry.id,
        f"Function '{entry.id}' is gone: its runs that are under way cannot go on.",
        "Put it back, switched off, until they have ended. " + _RENAME.format(old=entry.id),
    )


def _same(a: FunctionEntry, b: FunctionEntry) -> str:
    """Why two functions look like one, in words; empty when they do not."""
    reasons = []
    if a.fingerprint == b.fingerprint:
        reasons.append("the same configuration")
    elif a.triggers == b.triggers:
        reasons.append("the same triggers")
    if a.handler and a.handler == b.handler:
        reasons.append(f"the same handler {a.handler}")
    # A handler's name alone may be a common word; a trigger alone may have two functions.
    is_likely = len(reasons) == 2 or a.fingerprint == b.fingerprint
    return " and ".join(reasons) if is_likely else ""


def _of_function(old: FunctionEntry, new: FunctionEntry) -> Iterator[Finding]:
    yield from _triggers(old, new)
    yield from _configuration(old, new)
    yield from version_changes(old, new)
    for former in old.previous_ids:
        if former not in new.previous_ids:
            yield Finding(
                "warning",
                "previous-id-gone",
                new.id,
                f"Function '{new.id}' no longer answers for its former id '{former}'.",
                "That is right once no run begun under it is left.",
            )
    yield from _places(old, new)


def _triggers(old: FunctionEntry, new: FunctionEntry) -> Iterator[Finding]:
    before, after = old.triggers, new.triggers
    for trigger in before:
        if trigger in after:
            continue
        if "cron" in trigger:
            now = ", ".join(one["cron"] for one in after if "cron" in one)
            yield Finding(
                "breaking",
                "cron-changed" if now else "trigger-gone",
                new.id,
                f"Function '{new.id}' no longer starts by the schedule '{trigger['cron']}'"
                + (f"; it is '{now}' now." if now else "."),
                "If that is meant, write the manifest anew.",
            )
            continue
        name = trigger["event"]
        ifs = [one.get("expression") for one in after if one.get("event") == name]
        if not ifs and not handles(new.events, name):
            yield Finding(
                "breaking",
                "trigger-gone",
                new.id,
                f"Function '{new.id}' no longer starts on '{name}': whoever sends it starts "
                "nothing.",
                "Keep the trigger until no sender is left.",
            )
        elif ifs and None not in ifs:
            yield Finding(
                "breaking",
                "trigger-narrowed",
                new.id,
                f"Function '{new.id}' starts on '{name}' only where {' or '.join(map(str, ifs))}"
                + (f"; it was where {trigger['expression']}." if "expression" in trigger else "."),
                "If events are meant to be left out, write the manifest anew.",
            )
        else:
            yield Finding("note", "trigger-widened", new.id,
                          f"Function '{new.id}' starts on every '{name}' now.")  # fmt: skip
    known = [one.get("event") for one in before]
    for trigger in after:
        if trigger not in before and trigger.get("event") not in known:
            what = trigger.get("event") or f"the schedule '{trigger['cron']}'"
            yield Finding("note", "trigger-added", new.id,
                          f"Function '{new.id}' also starts on {what}.")  # fmt: skip


def _configuration(old: FunctionEntry, new: FunctionEntry) -> Iterator[Finding]:
    if old.fields.get("on_failure") and not new.fields.get("on_failure"):
        yield Finding(
            "breaking",
            "on-failure-gone",
            new.id,
            f"Function '{new.id}' has no failure handler any more: what it did when a run failed "
            "is left undone.",
            "Put it back, or write the manifest anew if nothing needs it.",
        )
    if (was := _keys(old.fields)) != (now := _keys(new.fields)):
        yield Finding(
            "breaking",
            "concurrency-key-changed",
            new.id,
            f"The concurrency of function '{new.id}' is grouped by {now or 'nothing'}, it was by "
            f"{was or 'nothing'}: runs under way keep their old groups, so that for a while more "
            "run at once than either limit allows.",
            "If the load allows it, write the manifest anew.",
        )
    said = {"triggers", "on_failure"}
    for name in sorted((old.fields.keys() | new.fields.keys()) - said):
        before, after = old.fields.get(name), new.fields.get(name)
        if before != after:
            yield Finding(
                "note",
                "configuration-changed",
                new.id,
                f"{name} of function '{new.id}' is {told_value(name, after)}, it was "
                f"{told_value(name, before)}.",
            )


def _keys(fields: Fields) -> str:
    keys = [f"{one['key']} ({one.get('scope', 'fn')})"
            for one in fields.get("concurrency", ()) if "key" in one]  # fmt: skip
    return " and ".join(sorted(keys))


def _places(old: FunctionEntry, new: FunctionEntry) -> Iterator[Finding]:
    for name in sorted(old.environments.keys() | new.environments.keys()):
        before, after = old.environments.get(name, {}), new.environments.get(name, {})
        if after.get(OFF) and not before.get(OFF):
            yield Finding(
                "breaking",
                "off-in-environment",
                new.id,
                f"Function '{new.id}' is left out in {name}: its runs there cannot go on.",
                "Switch it off with MAINSTEM_DISABLED_FUNCTIONS first, until they have ended.",
            )
        elif before != after:
            yield Finding(
                "note",
                "environment-changed",
                new.id,
                f"Function '{new.id}' in {name}: {_told(after or None)}, it was "
                f"{_told(before or None)}.",
            )


def _of_event(
    name: str, old: Mapping[str, object], new: Mapping[str, object], *, is_foreign: bool
) -> Iterator[Finding]:
    for refusal in refusals(old, new, writes_defaults=not is_foreign):
        code, what = {
            "unknown": ("event-field-gone", f"'{refusal.field}' is gone"),
            "missing": ("event-field-required", f"'{refusal.field}' is new and required"),
            "optional": (
                "event-field-required",
                f"'{refusal.field}' is required now; whoever sends from outside may leave it out",
            ),
            "type": ("event-field-retyped", f"'{refusal.field}' has another type: {refusal.why}"),
        }[refusal.kind]
        yield Finding(
            "breaking",
            code,
            name,
            f"Event '{name}': {what}. Senders that are not deployed yet, and events on their way, "
            "are refused.",
            "Keep the field, or give it a default, until every sender is new; or send a new event.",
        )
    for refusal in refusals(new, old):
        if refusal.kind == "unknown":
            yield Finding(
                "note",
                "event-field-added",
                name,
                f"Event '{name}' has the new field '{refusal.field}'.",
                "Deploy its receivers before its senders.",
            )


def _told(value: object) -> str:
    return "not set" if value is None else str(value).replace("'", "")
