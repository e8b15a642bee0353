"""Binding: a catalogue and a client become functions that the SDK can serve.

Binding replays definitions and never changes them. One catalogue can be bound to any number of
clients at once, each with functions of its own; bound again to the same client and services it
gives the same objects, for as long as anybody holds them.
"""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Generic
from weakref import WeakKeyDictionary, ref

import inngest
from typing_extensions import TypeVar

from mainstem.catalog.calling import failure_caller, main_caller
from mainstem.catalog.definition import Definition
from mainstem.catalog.events import EventData
from mainstem.catalog.making import create_function, create_retired
from mainstem.catalog.run import Invocable
from mainstem.catalog.sdk_definition import AnyDefinition, SdkDefinition
from mainstem.catalog.sender import client_sender, client_sender_sync
from mainstem.catalog.switches import Switches
from mainstem.errors import AdoptedInStrictMode, ForeignClient, NotBound, NotServedHere

S = TypeVar("S", default=Any)


class BoundCatalog(Generic[S]):
    """The functions of a catalogue, bound to one client and one set of services.

    `environment` is where they are bound for. `off` names the functions that are left out there,
    `skipped` those that are registered and whose runs are skipped, each with its reason. `shares`
    has, for each function with versions, the share of each of them, its own handler's included.
    """

    def __init__(
        self,
        definitions: Sequence[AnyDefinition],
        client: inngest.Inngest,
        services: S,
        *,
        environment: str,
        switches: Switches,
    ) -> None:
        if switches.strict and (adopted := [one for one in definitions if is_adopted(one)]):
            raise AdoptedInStrictMode([(one.id, one.place) for one in adopted])
        self.client = client
        self.services = services
        self.environment = environment
        self.switches = switches
        self.is_guarded = switches.is_guarded(environment)
        self.off: Mapping[str, str] = MappingProxyType(
            {d.id: f"off in {environment}" for d in definitions if d.is_off_in(environment)}
        )
        self.definitions = tuple(d for d in definitions if d.id not in self.off)
        self.skipped: Mapping[str, str] = MappingProxyType(
            {
                d.id: reason
                for d in self.definitions
                if (reason := switches.reason(d.id, environment)) is not None
            }
        )
        self.shares: Mapping[str, Mapping[str, float]] = MappingProxyType(
            {d.id: shares_in(d, switches) for d in self.definitions if has_versions(d)}
        )
        self._by_function: dict[inngest.Function[Any], AnyDefinition] = {}
        self.by_id: Mapping[str, inngest.Function[Any]] = MappingProxyType(
            {d.id: self._make(d) for d in self.definitions}
        )
        for function in self._by_function:
            _owners[function] = ref(self)

    def _make(self, definition: AnyDefinition) -> inngest.Function[Any]:
        """The function of `definition`; those of its previous ids are made with it."""
        there = definition.for_environment(self.environment)
        handler, on_failure = main_caller(there, self), failure_caller(there, self)
        function = create_function(there, self.client, handler=handler, on_failure=on_failure)
        self._by_function[function] = definition
        for previous_id in definition.previous_ids:
            retired = create_retired(
                there, self.client, previous_id, handler=handler, on_failure=on_failure
            )
            self._by_function[retired] = definition
        return function

    @property
    def functions(self) -> list[inngest.Function[Any]]:
        """All bound functions, in the catalogue's order: what an adapter of the SDK serves.

        Each is followed by those that stand for its previous ids.
        """
        return list(self._by_function)

    def functions_of(self, definitions: Iterable[AnyDefinition]) -> list[inngest.Function[Any]]:
        """The bound functions of some of the definitions, in the catalogue's order."""
        wanted = {definition.id for definition in definitions}
        return [made for made, one in self._by_function.items() if one.id in wanted]

    async def send(
        self, events: EventData | Sequence[EventData], /, *, event_id: str = ""
    ) -> list[str]:
        """Send events with the client of the environment; see `client_sender`."""
        return await client_sender(self.client)(events, event_id=event_id)

    def send_sync(
        self, events: EventData | Sequence[EventData], /, *, event_id: str = ""
    ) -> list[str]:
        """The same for code that is not async. It blocks until the server has answered."""
        return client_sender_sync(self.client)(events, event_id=event_id)

    def bound(self, definition: Invocable[Any, Any]) -> inngest.Function[Any]:
        """The function of `definition`.

        Raises `NotServedHere` when this binding has none of that id, `NotBound` when it has
        another definition's.
        """
        function = self.by_id.get(definition.id)
        if function is None:
            why = "it is not among the functions served here, perhaps in another part"
            raise NotServedHere(definition.id, self.off.get(definition.id, why))
        if self._by_function[function] is not definition:
            raise NotBound(definition.id, "invoke")
        return function

    def definition_of(self, function: inngest.Function[Any]) -> AnyDefinition:
        """The definition that `function` was made from. Raises `ForeignClient` for another's."""
        definition = self._by_function.get(function)
        if definition is None:
            raise _foreign(function, served_by=self.client)
        return definition

    def group(self, *names: str) -> "list[inngest.Function[Any]]":
        """The bound functions of the groups `names`."""
        return self.functions_of(d for d in self.definitions if d.group in names)

    def refuse_foreign(self, definition: AnyDefinition, serving: inngest.Inngest) -> None:
        """Raise `NonRetriableError` when `serving` is not the client of this binding."""
        if serving is not self.client:
            error = _foreign(self.by_id[definition.id], served_by=serving)
            raise inngest.NonRetriableError(str(error)) from error

    def __repr__(self) -> str:
        return (
            f"<BoundCatalog of {len(self.by_id)} functions to {_told(self.client)} "
            f"for {self.environment}>"
        )


def is_adopted(definition: AnyDefinition) -> bool:
    """Whether `definition` was made from a function that a client had created."""
    return isinstance(definition, SdkDefinition) and definition.is_adopted


def has_versions(definition: AnyDefinition) -> bool:
    """Whether runs of `definition` are divided between versions."""
    return isinstance(definition, Definition) and bool(definition.versions)


def shares_in(definition: AnyDefinition, switches: Switches) -> Mapping[str, float]:
    """The share of each version of `definition`, by label; what is left is its own handler's."""
    if not isinstance(definition, Definition):
        return MappingProxyType({})
    switched = switches.shares.get(definition.id, {})
    shares = {
        version.label: 0.0
        if switches.rollouts_off
        else switched.get(version.label, version.rollout.share)
        for version in definition.versions
    }
    return MappingProxyType({definition.version: max(0.0, 1 - sum(shares.values())), **shares})


# Whose each function is. Both sides are weak: a function that nobody holds is forgotten here too.
_owners: WeakKeyDictionary[inngest.Function[Any], ref[BoundCatalog[Any]]] = WeakKeyDictionary()


def check_served_by(
    client: inngest.Inngest, functions: Iterable[inngest.Function[Any] | AnyDefinition]
) -> None:
    """Check that `client` may serve `functions`: that each was bound to it, and by a catalogue.

    Raises `ForeignClient`, naming the client a function is bound to and the one that would serve
    it, or `NotBound` for a bare definition.
    """
    for function in functions:
        if isinstance(function, (Definition, SdkDefinition)):
            raise NotBound(function.id, "serve")
        owner = _owner(function)
        if owner is None or owner.client is not client:
            raise _foreign(function, served_by=client)


def _owner(function: inngest.Function[Any]) -> BoundCatalog[Any] | None:
    found = _owners.get(function)
    return None if found is None else found()


def _foreign(function: inngest.Function[Any], *, served_by: inngest.Inngest) -> ForeignClient:
    owner = _owner(function)
    if owner is None:  # made by hand, so that only the app's id is known
        app_id = function.id.removesuffix(f"-{function.local_id}")
        bound_to = f"a client of app '{app_id}' that no catalogue knows"
    else:
        bound_to = _told(owner.client)
    serving = _told(served_by)
    if serving == bound_to:
        serving += ", but another object than the one it is bound to"
    return ForeignClient(function.local_id, bound_to=bound_to, served_by=serving)


def _told(client: inngest.Inngest) -> str:
    mode = "cloud" if client.is_production else "dev"
    return f"the client of app '{client.app_id}' ({mode} mode, {client.api_origin})"
