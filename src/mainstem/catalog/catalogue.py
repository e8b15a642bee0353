"""`Catalog`: the list of all definitions, and the one place where they are bound."""

import difflib
import threading
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Generic
from weakref import WeakValueDictionary

import inngest
from typing_extensions import TypeVar

from mainstem.catalog.binding import BoundCatalog
from mainstem.catalog.config import ENVIRONMENTS
from mainstem.catalog.definition import Definition
from mainstem.catalog.events import EventData, Scheduled
from mainstem.catalog.sdk_definition import AnyDefinition, SdkDefinition
from mainstem.catalog.switches import ON, Switches
from mainstem.errors import CatalogError, DefinitionError, DuplicateDefinition

S = TypeVar("S", default=Any)

_Key = tuple[int, int, str, tuple[object, ...]]


class Catalog(Generic[S]):
    """Definitions by id, in the order given, all taking services of type `S`.

    `receives` are events that come from outside: from webhooks, web handlers, other programs or
    people. Raises `DuplicateDefinition` when two definitions share an id, `DefinitionError` when
    two event classes share a name: then a sender and a receiver could each be right and not
    understand each other; and `DefinitionError` for a function that a client has made.
    """

    def __init__(
        self,
        definitions: Iterable[Definition[Any, S, Any] | SdkDefinition[Any]],
        *,
        receives: Iterable[type[EventData]] = (),
    ) -> None:
        by_id: dict[str, AnyDefinition] = {}
        for definition in definitions:
            if isinstance(definition, inngest.Function):
                raise _made_already(definition)
            other = by_id.setdefault(definition.id, definition)
            if other is not definition:
                raise DuplicateDefinition(definition.id, (other.place, definition.place))
        _check_previous_ids(by_id)
        self._by_id: Mapping[str, AnyDefinition] = MappingProxyType(by_id)
        self.receives: tuple[type[EventData], ...] = tuple(dict.fromkeys(receives))
        self.events: Mapping[str, type[EventData]] = MappingProxyType(
            _events(by_id.values(), self.receives)
        )
        # What is bound now, found again by the identity of client and services. The values are
        # weak and hold both, so neither is kept alive for the cache's sake and no id is reused
        # while its entry lives. Guarded by the lock.
        self._bound: WeakValueDictionary[_Key, BoundCatalog[S]] = WeakValueDictionary()
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[AnyDefinition]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, item: object) -> bool:
        return item in self._by_id or item in self._by_id.values()

    @property
    def ids(self) -> tuple[str, ...]:
        """The definitions' ids, in the catalogue's order."""
        return tuple(self._by_id)

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups that occur, each once, in the catalogue's order."""
        return tuple(dict.fromkeys(d.group for d in self if d.group))

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags that occur, each once, in the catalogue's order."""
        return tuple(dict.fromkeys(tag for d in self for tag in d.tags))

    def get(self, function_id: str) -> AnyDefinition:
        """The definition of that id. Raises `CatalogError`, suggesting the nearest."""
        try:
            return self._by_id[function_id]
        except KeyError:
            raise _unknown("function", [function_id], self.ids) from None

    def group(self, *names: str) -> "Catalog[S]":
        """The definitions of the groups `names`. Raises `CatalogError` for an unknown one."""
        unknown = [name for name in names if name not in self.groups]
        if unknown:
            raise _unknown("group", unknown, self.groups)
        return Catalog((d for d in self if d.group in names), receives=self.receives)

    def bind(
        self,
        client: inngest.Inngest,
        services: S,
        *,
        environment: str = "local",
        switches: Switches = ON,
    ) -> BoundCatalog[S]:
        """The catalogue's functions for `client`, each handed `services` when it runs.

        What an environment leaves out is not among them (see `BoundCatalog.off`); what `switches`
        turns off is, and its runs are skipped. The same client, services and choices give the same
        object. Raises `CatalogError` for a name that does not exist, `AdoptedInStrictMode` for
        adopted functions in strict mode. Safe in any thread.
        """
        if environment not in ENVIRONMENTS:
            raise _unknown("environment", [environment], ENVIRONMENTS)
        self.check_switches(switches)
        key = (id(client), id(services), str(environment), switches.key)
        with self._lock:
            bound = self._bound.get(key)
            if bound is None:
                bound = BoundCatalog(
                    tuple(self), client, services, environment=key[2], switches=switches
                )
                self._bound[key] = bound
            return bound

    def check_switches(self, switches: Switches) -> None:
        """Raise `CatalogError` for a function or a version that `switches` names and nobody has.

        A misspelt name would leave running what somebody meant to stop, so it stops the start.
        """
        if strangers := sorted(switches.disabled - set(self.ids)):
            raise _unknown("disabled function", strangers, self.ids)
        if strangers := sorted(set(switches.shares) - set(self.ids)):
            raise _unknown("function with shares", strangers, self.ids)
        for function_id, shares in switches.shares.items():
            definition = self._by_id[function_id]
            versions = definition.versions if isinstance(definition, Definition) else ()
            labels = tuple(version.label for version in versions)
            if strangers := sorted(set(shares) - set(labels)):
                raise _unknown(f"version of '{function_id}'", strangers, labels)
            offered = {version.label: version.rollout.share for version in versions}
            if (total := sum({**offered, **shares}.values())) > 1 + 1e-9:
                raise CatalogError(
                    f"Cannot divide the runs of '{function_id}': the shares of its versions add up "
                    f"to {total:g}. Expected at most 1; what is left is the function's own handler."
                )


def _check_previous_ids(by_id: Mapping[str, AnyDefinition]) -> None:
    """Raise `DuplicateDefinition` for an older id that is some function's, now or before."""
    owners = dict(by_id)
    for definition in by_id.values():
        for previous_id in definition.previous_ids:
            other = owners.setdefault(previous_id, definition)
            if other is not definition:
                raise DuplicateDefinition(previous_id, (other.place, definition.place))


def _events(
    definitions: Iterable[AnyDefinition], received: Iterable[type[EventData]]
) -> dict[str, type[EventData]]:
    """Every event class by its name: what functions start on and send, and what is received."""
    found: dict[str, tuple[type[EventData], str]] = {}
    for model, place in _mentioned(definitions, received):
        other, first = found.setdefault(model.event_name, (model, place))
        if other is not model:
            raise DefinitionError(
                f"Cannot catalogue {place}: its event '{model.event_name}' is {_path(model)}, but "
                f"{first} knows it as {_path(other)}{_difference(model, other)}. Keep one class "
                "and import it in both."
            )
    return {name: model for name, (model, _) in found.items()}


def _mentioned(
    definitions: Iterable[AnyDefinition], received: Iterable[type[EventData]]
) -> Iterator[tuple[type[EventData], str]]:
    for definition in definitions:
        place = f"function '{definition.id}' at {definition.place}"
        if isinstance(definition, Definition):
            yield from ((model, place) for model in definition.on.models if model is not Scheduled)
        yield from ((model, place) for model in definition.sends or ())
    yield from ((model, "the catalogue's `receives`") for model in received)


def _path(model: type[EventData]) -> str:
    return f"{model.__module__}.{model.__qualname__}"


def _difference(one: type[EventData], other: type[EventData]) -> str:
    """Which fields two classes of one event disagree on, in words; empty for none."""
    fields = [
        {field.alias or name: (field.annotation, field.is_required())
         for name, field in model.model_fields.items()}
        for model in (one, other)
    ]  # fmt: skip
    differing = sorted(
        name for name in fields[0].keys() | fields[1].keys()
        if fields[0].get(name) != fields[1].get(name)
    )  # fmt: skip
    return f" (they differ in {', '.join(differing)})" if differing else ""


def _made_already(function: inngest.Function[Any]) -> DefinitionError:
    app_id = function.id.removesuffix(f"-{function.local_id}")
    return DefinitionError(
        f"Cannot add function '{function.local_id}' to the catalogue: it was made already, with a "
        f"client of app '{app_id}', and could be served with that client only. Take it over, "
        "`adopt(function)`, or have it rewritten, `mainstem migrate PATH --write`.",
        function_id=function.local_id,
    )


def _unknown(kind: str, names: list[str], known: tuple[str, ...]) -> CatalogError:
    told = []
    for name in names:
        near = difflib.get_close_matches(name, known, n=1)
        told.append(f"'{name}'" + (f" (did you mean '{near[0]}'?)" if near else ""))
    return CatalogError(
        f"The catalogue knows no {kind} {', '.join(told)}. Known: {', '.join(known) or 'none'}."
    )
