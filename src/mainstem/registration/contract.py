"""Whether what is sent is what is expected: events without receivers, functions without senders.

An event that nobody handled, and a handler that waited for an event of another name, each went
unnoticed for days in the system that this one follows. Here both are findings, in CI and at start.
Within one catalogue an event is one class, which `Catalog` sees to; between two of them only their
manifests can be compared.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from mainstem.catalog import Catalog
from mainstem.registration.cataloguing import events_of
from mainstem.registration.findings import Finding, in_order
from mainstem.registration.manifest import Fields, Manifest, handles
from mainstem.registration.references import invoked_ids
from mainstem.registration.schemas import refusals

# The server's own events need no sender.
_SERVERS_OWN = "inngest/"


def check_contract(
    catalog: Catalog[Any], *, others: Sequence[Manifest] = ()
) -> tuple[Finding, ...]:
    """Everything in which senders and receivers of `catalog` do not fit together; the worst first.

    `others` are manifests of other catalogues that send to this one or receive from it. Reads no
    file and asks nobody: it may be called whenever an endpoint starts.
    """
    return in_order(
        [
            *_unhandled(catalog, others),
            *_unfed(catalog, others),
            *_other_schemas(catalog, others),
        ]
    )


def _unhandled(catalog: Catalog[Any], others: Sequence[Manifest]) -> Iterator[Finding]:
    triggers = [*_triggers(catalog)]
    for other in others:
        triggers += [event for entry in other.functions.values() for event in entry.events]
    for definition in catalog:
        for model in definition.sends or ():
            if not handles(triggers, model.event_name):
                yield Finding(
                    "error",
                    "event-unhandled",
                    model.event_name,
                    f"Function '{definition.id}' sends '{model.event_name}', which starts no "
                    "function.",
                    "Add the function to the catalogue, take the event out of `sends`, or give "
                    "the receiving catalogue's manifest with --senders.",
                )


def _unfed(catalog: Catalog[Any], others: Sequence[Manifest]) -> Iterator[Finding]:
    fed = {model.event_name for one in catalog for model in one.sends or ()}
    fed |= {model.event_name for model in catalog.receives}
    fed |= {name for other in others for entry in other.functions.values()
            for name in entry.sends or ()}  # fmt: skip
    silent = [one.id for one in catalog if one.sends is None]
    invoked = invoked_ids(catalog)
    for definition in catalog:
        events = [getattr(one, "event", None) for one in definition.triggers]
        if None in events or definition.id in invoked:  # a schedule, or somebody calls it
            continue
        names = [str(event) for event in events]
        if any(name.startswith(_SERVERS_OWN) or any(handles([name], one) for one in fed)
               for name in names):  # fmt: skip
            continue
        told = " or ".join(f"'{name}'" for name in names)
        maybe = _maybe(len(silent))
        yield Finding(
            "warning",
            "function-unfed",
            definition.id,
            f"Nobody feeds function '{definition.id}': nothing is known to send {told}.{maybe}",
            "Name the event in the sender's `sends`, or in the catalogue's `receives` when it "
            "comes from outside.",
        )


def _maybe(silent: int) -> str:
    if not silent:
        return ""
    verbs = "does not say what it sends" if silent == 1 else "do not say what they send"
    return f" ({silent} of the functions {verbs}.)"


def _other_schemas(catalog: Catalog[Any], others: Sequence[Manifest]) -> Iterator[Finding]:
    # Schemas take a while to make, and without another side there is nothing to compare them with.
    own = events_of(catalog) if others else {}
    for other in others:
        sent = {name for entry in other.functions.values() for name in entry.sends or ()}
        received = {name for entry in other.functions.values() for name in entry.events}
        sends = {model.event_name for one in catalog for model in one.sends or ()}
        for name in own.keys() & other.events.keys():
            if name in sent and name in catalog.events:
                yield from _differing(
                    name, other.events[name], own[name], f"'{other.app_id}'", "us"
                )
            if name in sends and name in received:
                yield from _differing(
                    name, own[name], other.events[name], "we", f"'{other.app_id}'"
                )


def _differing(
    name: str, sent: Fields, read: Fields, sender: str, reader: str
) -> Iterator[Finding]:
    for refusal in refusals(sent, read):
        yield Finding(
            "error",
            "field-differs",
            name,
            f"Event '{name}' as {sender} send{'' if sender == 'we' else 's'} it would be refused "
            f"by {reader}: field '{refusal.field}': {refusal.why}.",
            "Let both sides share one class, or change the receiver first.",
        )


def _triggers(catalog: Catalog[Any]) -> Iterator[str]:
    for definition in catalog:
        for trigger in definition.triggers:
            if event := getattr(trigger, "event", None):
                yield str(event)
