"""Binding: a catalogue and a client become functions that the SDK can serve.

Binding replays definitions and never changes them. One catalogue can be bound to any number of
clients at once, each with functions of its own; bound again to the same client and services it
gives the same objects, for as long as anybody holds them.
"""

import functools
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Generic
from weakref import WeakKeyDictionary, ref

import inngest
from typing_extensions import TypeVar

from mainstem.catalog.codec import codec_of
from mainstem.catalog.definition import AnyDefinition, Definition
from mainstem.catalog.events import EventData
from mainstem.catalog.failure import read_failure
from mainstem.catalog.run import Invocable, Run
from mainstem.errors import BadEventData, ForeignClient, NotBound

S = TypeVar("S", default=Any)


class BoundCatalog(Generic[S]):
    """The functions of a catalogue, bound to one client and one set of services.

    `environment` is where they are bound for. `off` names the functions that are left out there,
    each with its reason.
    """

    def __init__(
        self,
        definitions: Sequence[Definition[Any, S, Any]],
        client: inngest.Inngest,
        services: S,
        *,
        environment: str,
        disabled: frozenset[str],
    ) -> None:
        self.client = client
        self.services = services
        self.environment = environment
        self.off: Mapping[str, str] = MappingProxyType(
            {
                d.id: f"off in {environment}" if d.is_off_in(environment) else "disabled"
                for d in definitions
                if d.is_off_in(environment) or d.id in disabled
            }
        )
        self.definitions = tuple(d for d in definitions if d.id not in self.off)
        self.by_id: Mapping[str, inngest.Function[Any]] = MappingProxyType(
            {d.id: _function(d.for_environment(environment), self) for d in self.definitions}
        )
        self._by_function = dict(zip(self.by_id.values(), self.definitions, strict=True))
        for function in self.by_id.values():
            _owners[function] = ref(self)

    @property
    def functions(self) -> list[inngest.Function[Any]]:
        """All bound functions, in the catalogue's order: what an adapter of the SDK serves."""
        return list(self.by_id.values())

    def bound(self, definition: Invocable[Any, Any]) -> inngest.Function[Any]:
        """The function of `definition`. Raises `NotBound` when this binding does not hold it."""
        function = self.by_id.get(definition.id)
        if function is None or self._by_function[function] is not definition:
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
        return [self.by_id[d.id] for d in self.definitions if d.group in names]

    def __repr__(self) -> str:
        return (
            f"<BoundCatalog of {len(self.by_id)} functions to {_told(self.client)} "
            f"for {self.environment}>"
        )


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
        if isinstance(function, Definition):
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


def _function(definition: AnyDefinition, binding: BoundCatalog[Any]) -> inngest.Function[Any]:
    """The SDK's function for a definition as its environment has it."""
    config = definition.config
    create = binding.client.create_function(
        fn_id=definition.id,
        name=definition.name,
        trigger=[part.to_sdk() for part in definition.on.parts],
        retries=config.retries,
        concurrency=list(config.concurrency) or None,
        throttle=config.throttle,
        rate_limit=config.rate_limit,
        debounce=config.debounce,
        batch_events=config.batch,
        priority=config.priority,
        cancel=list(config.cancel) or None,
        idempotency=config.idempotency,
        timeouts=config.timeouts,
        singleton=config.singleton,
        on_failure=None if definition.on_failure is None else _on_failure(definition, binding),
    )
    return create(_main(definition, binding))


def _main(definition: AnyDefinition, binding: BoundCatalog[Any]) -> Any:
    """The coroutine that the SDK calls: event data in, the one handler, JSON out."""
    handler = definition.handler
    codec = codec_of(handler)
    what = f"Function '{definition.id}'"

    @functools.wraps(handler)
    async def call(ctx: inngest.Context) -> object:
        _refuse_foreign(definition, binding, ctx)
        events = _read_events(definition, ctx)
        run = Run(ctx, function_id=definition.id, events=events, binding=binding)
        return codec.encode(await handler(run, binding.services), what)

    return call


def _read_events(definition: AnyDefinition, ctx: inngest.Context) -> tuple[EventData, ...]:
    try:
        return tuple(definition.on.read(e.name, e.data) for e in ctx.events or [ctx.event])
    except BadEventData as error:
        # Never retried: the same data would be refused again.
        raise inngest.NonRetriableError(
            f"Function '{definition.id}' cannot run on event '{ctx.event.name}' "
            f"({ctx.event.id}): {error}"
        ) from error


def _on_failure(definition: AnyDefinition, binding: BoundCatalog[Any]) -> Any:
    """The coroutine that the SDK calls when a run of `definition` has failed for good."""
    handler = definition.on_failure
    assert handler is not None  # noqa: S101  the caller asks only for one that is there

    @functools.wraps(handler)
    async def call(ctx: inngest.Context) -> object:
        _refuse_foreign(definition, binding, ctx)
        failed = read_failure(ctx.event.data, definition.on)
        run = Run(ctx, function_id=definition.id, events=(failed,), binding=binding)
        await handler(run, binding.services)
        return None

    return call


def _refuse_foreign(
    definition: AnyDefinition, binding: BoundCatalog[Any], ctx: inngest.Context
) -> None:
    """Refuse a call that came through another client than the function's own.

    `check_served_by` says so at start-up; this holds where an endpoint was wired without it. The
    SDK keeps the serving client in a private place: were it to move, only this net is gone.
    """
    serving = getattr(ctx.step, "_client", binding.client)
    if serving is not binding.client:
        error = _foreign(binding.by_id[definition.id], served_by=serving)
        raise inngest.NonRetriableError(str(error)) from error


def _told(client: inngest.Inngest) -> str:
    mode = "cloud" if client.is_production else "dev"
    return f"the client of app '{client.app_id}' ({mode} mode, {client.api_origin})"
