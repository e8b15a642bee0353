"""What a function definition is: plain data and a coroutine, bound to nothing.

Making one reads no environment, opens nothing and registers nothing. It becomes a function of the
SDK only when a catalogue binds it to a client; it can be bound to any number of them.
"""

import difflib
import inspect
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Protocol, TypeVar

import inngest

from mainstem.catalog.checking import check_definition
from mainstem.catalog.config import MAX_TRIGGERS, Config, Override
from mainstem.catalog.events import EventData, Scheduled
from mainstem.catalog.failure import FunctionFailed
from mainstem.catalog.invocable import SDKS_OWN, InvokedBySdk
from mainstem.catalog.rollout import FIRST_VERSION, Version
from mainstem.catalog.rollout import faults as version_faults
from mainstem.catalog.run import Run
from mainstem.catalog.triggers import Trigger
from mainstem.errors import DefinitionError, NotBound

D = TypeVar("D")
S = TypeVar("S")
R = TypeVar("R")
S_contra = TypeVar("S_contra", contravariant=True)
R_co = TypeVar("R_co", covariant=True)

Handler = Callable[[Run[D], S], Awaitable[R]]
"""`async def handler(run: Run[D], services: S) -> R`"""

# The services of a failure handler are not compared with those of the handler proper: their type
# is known only once the decorator meets the handler, after this argument has been checked.
FailureHandler = Callable[[Run[FunctionFailed[D]], Any], Awaitable[object]]
"""`async def on_failure(run: Run[FunctionFailed[D]], services: S) -> None`"""

_ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


@dataclass(frozen=True, eq=False, kw_only=True)
class Definition(Generic[D, S_contra, R_co]):
    """A function as data: when it runs, how it is limited, and its one handler.

    `D` is the type of `run.data`, `S_contra` of the services handed in, `R_co` of the result.
    `sends` are the events that the handler may send, None where that is not said. `previous_ids`
    are ids that the function had, under which runs may still be under way. `place` is the module
    and line of the handler.
    """

    id: str
    on: Trigger[D]
    handler: Callable[[Run[D], S_contra], Awaitable[R_co]]
    name: str
    group: str | None
    config: Config
    on_failure: FailureHandler[D] | None
    environments: Mapping[str, Override]
    place: str
    tags: tuple[str, ...] = ()
    sends: tuple[type[EventData], ...] | None = None
    previous_ids: tuple[str, ...] = ()
    version: str = FIRST_VERSION
    versions: tuple[Version[D], ...] = ()
    unpinned: str = FIRST_VERSION

    @property
    def triggers(self) -> tuple[inngest.TriggerEvent | inngest.TriggerCron, ...]:
        """What starts it, in the SDK's terms."""
        return tuple(part.to_sdk() for part in self.on.parts)

    def is_off_in(self, environment: str) -> bool:
        """Whether `environment` leaves the function out."""
        override = self.environments.get(environment)
        return override is not None and override.off

    def for_environment(self, environment: str) -> "Definition[D, S_contra, R_co]":
        """The definition as `environment` has it; itself where nothing differs."""
        override = self.environments.get(environment)
        if override is None:
            return self
        on = self.on if override.cron is None else self.on.rescheduled(override.cron)
        return replace(self, on=on, config=override.applied_to(self.config))

    def __repr__(self) -> str:
        return f"<Definition '{self.id}' at {self.place}>"

    def __call__(self, *_args: object, **_kwargs: object) -> NoReturn:
        """Always raises `NotBound`; a test calls `definition.handler`, or uses mainstem.testing."""
        raise NotBound(self.id, "call")

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name == "_opts":
                return InvokedBySdk(self.id)
            if name == "_output_type":
                return object
            if name in SDKS_OWN:
                raise NotBound(self.id, "serve or invoke")
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")


class Definer(Protocol[D]):
    """What `define(...)` gives: a decorator that turns a handler into a definition."""

    def __call__(self, handler: Callable[[Run[D], S], Awaitable[R]], /) -> Definition[D, S, R]:
        """The definition whose one handler is `handler`. Raises `DefinitionError`."""
        ...


def define(
    *,
    id: str,  # noqa: A002  the SDK's and the server's own word
    on: Trigger[D],
    name: str | None = None,
    group: str | None = None,
    retries: int | None = None,
    concurrency: Sequence[inngest.Concurrency] = (),
    throttle: inngest.Throttle | None = None,
    rate_limit: inngest.RateLimit | None = None,
    debounce: inngest.Debounce | None = None,
    batch: inngest.Batch | None = None,
    priority: inngest.Priority | None = None,
    cancel: Sequence[inngest.Cancel] = (),
    idempotency: str | None = None,
    timeouts: inngest.Timeouts | None = None,
    singleton: inngest.Singleton | None = None,
    on_failure: FailureHandler[D] | None = None,
    environments: Mapping[str, Override] = MappingProxyType({}),
    tags: Sequence[str] = (),
    sends: Sequence[type[EventData]] | None = None,
    previous_ids: Sequence[str] = (),
    version: str = FIRST_VERSION,
    versions: Sequence[Version[D]] = (),
    unpinned: str | None = None,
) -> Definer[D]:
    """Define a function: everything the SDK offers, in the SDK's terms, and no client.

    `id` is a permanent name in kebab-case; renaming it is a migration. `retries` are extra
    attempts per step (0 to 20; the server's default is 4). `environments` names what differs
    where. `group` and `tags` are what deployments are divided by. `sends` lists the events that
    the handler may send: it is held to them in development, and `mainstem check` compares them
    with what functions expect. `previous_ids` keeps runs alive that began before a renaming.
    `version` is what the handler is called among `versions`, which are rolled out beside it; runs
    that began before there were any end on `unpinned`, the function's own unless said otherwise.

    All mistakes are raised together, as one `DefinitionError`, while the module that holds the
    definition is imported.
    """
    config = Config(
        retries=retries,
        concurrency=tuple(concurrency),
        throttle=throttle,
        rate_limit=rate_limit,
        debounce=debounce,
        batch=batch,
        priority=priority,
        cancel=tuple(cancel),
        idempotency=idempotency,
        timeouts=timeouts,
        singleton=singleton,
    )

    def decorate(handler: Callable[[Run[D], S], Awaitable[R]], /) -> Definition[D, S, R]:
        definition = Definition(
            id=id,
            on=on,
            handler=handler,
            name=name or id,
            group=group,
            config=config,
            on_failure=on_failure,
            environments=MappingProxyType(dict(environments)),
            place=place_of(handler),
            tags=tuple(tags),
            sends=None if sends is None else tuple(sends),
            previous_ids=tuple(previous_ids),
            version=version,
            versions=tuple(versions),
            unpinned=unpinned or version,
        )
        _check(definition)
        return definition

    return decorate


def place_of(handler: Callable[..., object]) -> str:
    """The module and line of `handler`, as `module:line`."""
    plain = inspect.unwrap(handler)
    code = getattr(plain, "__code__", None)
    module = getattr(plain, "__module__", "?")
    return f"{module}:{code.co_firstlineno}" if code is not None else module


def _check(definition: Definition[Any, Any, Any]) -> None:
    if not isinstance(definition.on, Trigger):
        raise DefinitionError(
            f"Cannot define function '{definition.id}' at {definition.place}: on is a "
            f"{type(definition.on).__name__}; expected a trigger such as event(OrderPlaced) or "
            "cron('0 6 * * *').",
            function_id=definition.id,
            place=definition.place,
        )
    check_definition(definition, _own_faults(definition))


def _own_faults(definition: Definition[Any, Any, Any]) -> list[str]:
    wrong = []
    if not _ID.fullmatch(definition.id):
        wrong.append(f"the id is '{definition.id}'; expected kebab-case such as 'capture-pulls'")
    if not inspect.iscoroutinefunction(definition.handler):
        wrong.append("the handler is not a coroutine function; expected `async def`")
    failure = definition.on_failure
    if failure is not None and not inspect.iscoroutinefunction(failure):
        wrong.append("on_failure is not a coroutine function; expected `async def`")
    parts = definition.on.parts
    if len(parts) > MAX_TRIGGERS:
        wrong.append(f"it has {len(parts)} triggers; expected at most {MAX_TRIGGERS}")
    if len(set(parts)) < len(parts):
        wrong.append("the same trigger is listed twice; expected each once")
    if definition.id in definition.previous_ids:
        wrong.append(f"previous_ids names '{definition.id}', which is its id; expected older ones")
    wrong += version_faults(definition.version, definition.versions, definition.unpinned)
    wrong += _handler_faults(definition)
    wrong += _key_faults(definition)
    return wrong


def _key_faults(definition: Definition[Any, Any, Any]) -> list[str]:
    """A key that no event of the function has, so that nothing would ever be rolled out."""
    known = {
        field.alias or name
        for model in definition.on.models
        if model is not Scheduled
        for name, field in model.model_fields.items()
    }
    wrong = []
    for by in {version.rollout.by for version in definition.versions}:
        if by is None or not by.startswith("event.data."):
            continue
        field = by.split(".")[2]
        if field not in known:
            near = difflib.get_close_matches(field, sorted(known), n=1)
            all_known = ", ".join(sorted(known)) or "none"
            hint = f"did you mean '{near[0]}'?" if near else f"known: {all_known}"
            wrong.append(f"its versions are rolled out by '{by}', which no event has ({hint})")
    return wrong


def _handler_faults(definition: Definition[Any, Any, Any]) -> list[str]:
    """Versions that are no coroutines, or that say they return something else."""
    wrong = []
    usual = getattr(definition.handler, "__annotations__", {}).get("return")
    for version in definition.versions:
        if not inspect.iscoroutinefunction(version.handler):
            wrong.append(
                f"the handler of version '{version.label}' is not a coroutine function; expected "
                "`async def`"
            )
        other = getattr(version.handler, "__annotations__", {}).get("return")
        # Whoever invokes the function reads its result as what its own handler says.
        if usual != other and isinstance(usual, str) == isinstance(other, str):
            wrong.append(
                f"version '{version.label}' returns {_told(other)}, the function {_told(usual)}; "
                "expected the same"
            )
    return wrong


def _told(annotation: object) -> str:
    return getattr(annotation, "__name__", None) or str(annotation)


__all__ = [
    "Config",
    "Definer",
    "Definition",
    "FailureHandler",
    "Handler",
    "Override",
    "define",
    "place_of",
]
