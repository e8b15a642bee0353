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
from mainstem.errors import CatalogError, DefinitionError, DuplicateDefinition

S = TypeVar("S", default=Any)

_Key = tuple[int, int, str, frozenset[str]]


class Catalog(Generic[S]):
    """Definitions by id, in the order given, all taking services of type `S`.

    Raises `DuplicateDefinition` when two share an id, `DefinitionError` when two event classes
    share a name: then a sender and a receiver could each be right and not understand each other.
    """

    def __init__(self, definitions: Iterable[Definition[Any, S, Any]]) -> None:
        by_id: dict[str, Definition[Any, S, Any]] = {}
        for definition in definitions:
            other = by_id.setdefault(definition.id, definition)
            if other is not definition:
                raise DuplicateDefinition(definition.id, (other.place, definition.place))
        self._by_id: Mapping[str, Definition[Any, S, Any]] = MappingProxyType(by_id)
        self.events: Mapping[str, type[EventData]] = MappingProxyType(_events(by_id.values()))
        # What is bound now, found again by the identity of client and services. The values are
        # weak and hold both, so neither is kept alive for the cache's sake and no id is reused
        # while its entry lives. Guarded by the lock.
        self._bound: WeakValueDictionary[_Key, BoundCatalog[S]] = WeakValueDictionary()
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[Definition[Any, S, Any]]:
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

    def get(self, function_id: str) -> Definition[Any, S, Any]:
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
        return Catalog(d for d in self if d.group in names)

    def bind(
        self,
        client: inngest.Inngest,
        services: S,
        *,
        environment: str = "local",
        disabled: frozenset[str] = frozenset(),
    ) -> BoundCatalog[S]:
        """The catalogue's functions for `client`, each handed `services` when it runs.

        What an environment leaves out, and the ids in `disabled`, are not among them (see
        `BoundCatalog.off`). The same client, services and choices give the same object. Raises
        `CatalogError` for an unknown environment or an unknown disabled id. Safe in any thread.
        """
        if environment not in ENVIRONMENTS:
            raise _unknown("environment", [environment], ENVIRONMENTS)
        strangers = sorted(disabled - set(self.ids))
        if strangers:
            raise _unknown("disabled function", strangers, self.ids)
        key = (id(client), id(services), str(environment), frozenset(disabled))
        with self._lock:
            bound = self._bound.get(key)
            if bound is None:
                bound = BoundCatalog(
                    tuple(self), client, services, environment=key[2], disabled=key[3]
                )
                self._bound[key] = bound
            return bound


def _events(definitions: Iterable[Definition[Any, Any, Any]]) -> dict[str, type[EventData]]:
    found: dict[str, tuple[type[EventData], Definition[Any, Any, Any]]] = {}
    for definition in definitions:
        for model in definition.on.models:
            if model is Scheduled:
                continue
            other, first = found.setdefault(model.event_name, (model, definition))
            if other is not model:
                raise DefinitionError(
                    f"Cannot catalogue function '{definition.id}' at {definition.place}: its "
                    f"event '{model.event_name}' is {model.__module__}.{model.__qualname__}, but "
                    f"function '{first.id}' at {first.place} knows it as {other.__module__}."
                    f"{other.__qualname__}. Keep one class and import it in both.",
                    function_id=definition.id,
                    place=definition.place,
                )
    return {name: model for name, (model, _) in found.items()}


def _unknown(kind: str, names: list[str], known: tuple[str, ...]) -> CatalogError:
    told = []
    for name in names:
        near = difflib.get_close_matches(name, known, n=1)
        told.append(f"'{name}'" + (f" (did you mean '{near[0]}'?)" if near else ""))
    return CatalogError(
        f"The catalogue knows no {kind} {', '.join(told)}. Known: {', '.join(known) or 'none'}."
    )
