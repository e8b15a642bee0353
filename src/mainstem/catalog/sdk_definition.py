"""Definitions in the SDK's own style: the arguments of `client.create_function`, and no client.

The handler is the SDK's, `async def handler(ctx: inngest.Context)` or a plain function with
`inngest.ContextSync`, and stays as it is: this is what code that was bound at import time becomes
first. It takes no services and its data are not checked; `define` is the step after.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Generic, NoReturn, Protocol, TypeVar, cast, overload

import inngest

from mainstem.catalog.checking import check_definition
from mainstem.catalog.config import MAX_TRIGGERS, Config, Override
from mainstem.catalog.definition import Definition, place_of
from mainstem.catalog.events import EventData
from mainstem.catalog.invocable import SDKS_OWN, InvokedBySdk
from mainstem.catalog.triggers import checked_cron
from mainstem.errors import NotBound

R = TypeVar("R")

if TYPE_CHECKING:
    # To a type checker a definition is a function of the SDK, so that `ctx.step.invoke("…",
    # function=definition)` is typed in code that was written for one, its result included. At run
    # time it is not: whoever would serve it is told to bind it first.
    _Base = inngest.Function
else:
    _Base = Generic

SdkTrigger = inngest.TriggerEvent | inngest.TriggerCron


class _NotGiven:
    def __repr__(self) -> str:
        return "not given"


NOT_GIVEN: Final[Any] = _NotGiven()
"""Stands for an `output_type` that was not given, since every value is a possible one."""


@dataclass(frozen=True, eq=False, kw_only=True)
class SdkDefinition(_Base[R]):
    """A function of the SDK's style as data, bound to nothing. `R` is the handler's result.

    `is_adopted` says that it was made from a function that a client had created; strict mode
    refuses those.
    """

    id: str
    name: str
    triggers: tuple[SdkTrigger, ...]
    handler: Callable[..., Any]
    config: Config
    place: str
    on_failure: Callable[..., Any] | None = None
    middleware: tuple[Any, ...] = ()
    output_type: Any = NOT_GIVEN
    group: str | None = None
    tags: tuple[str, ...] = ()
    sends: tuple[type[EventData], ...] | None = None
    previous_ids: tuple[str, ...] = ()
    environments: Mapping[str, Override] = field(default_factory=lambda: MappingProxyType({}))
    is_adopted: bool = False

    @property
    def is_handler_async(self) -> bool:
        """Whether the handler is a coroutine function."""
        return inspect.iscoroutinefunction(self.handler)

    def is_off_in(self, environment: str) -> bool:
        """Whether `environment` leaves the function out."""
        override = self.environments.get(environment)
        return override is not None and override.off

    def for_environment(self, environment: str) -> "SdkDefinition[R]":
        """The definition as `environment` has it; itself where nothing differs."""
        override = self.environments.get(environment)
        if override is None:
            return self
        triggers = self.triggers
        if override.cron is not None:
            cron = checked_cron(override.cron)
            triggers = tuple(
                one.model_copy(update={"cron": cron}) if isinstance(one, inngest.TriggerCron)
                else one
                for one in triggers
            )  # fmt: skip
        return replace(self, triggers=triggers, config=override.applied_to(self.config))

    def __repr__(self) -> str:
        return f"<SdkDefinition '{self.id}' at {self.place}>"

    def __call__(self, *_args: object, **_kwargs: object) -> NoReturn:
        """Always raises `NotBound`; a test calls `definition.handler`."""
        raise NotBound(self.id, "call")

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name == "_opts":
                return InvokedBySdk(self.id)
            if name == "_output_type":
                return object if self.output_type is NOT_GIVEN else self.output_type
            if name in SDKS_OWN:
                raise NotBound(self.id, "serve")
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")


AnyDefinition = Definition[Any, Any, Any] | SdkDefinition[Any]


class SdkDefiner(Protocol):
    """What `sdk_function(...)` gives: a decorator for a handler of the SDK, async or not."""

    @overload
    def __call__(
        self, handler: Callable[[inngest.Context], Awaitable[R]], /
    ) -> SdkDefinition[R]: ...
    @overload
    def __call__(self, handler: Callable[[inngest.ContextSync], R], /) -> SdkDefinition[R]: ...


def sdk_function(
    *,
    fn_id: str,
    trigger: SdkTrigger | list[SdkTrigger],
    name: str | None = None,
    batch_events: inngest.Batch | None = None,
    cancel: list[inngest.Cancel] | None = None,
    concurrency: list[inngest.Concurrency] | None = None,
    debounce: inngest.Debounce | None = None,
    idempotency: str | None = None,
    middleware: list[Any] | None = None,
    on_failure: Callable[..., Any] | None = None,
    output_type: Any = NOT_GIVEN,
    priority: inngest.Priority | None = None,
    rate_limit: inngest.RateLimit | None = None,
    retries: int | None = None,
    throttle: inngest.Throttle | None = None,
    timeouts: inngest.Timeouts | None = None,
    singleton: inngest.Singleton | None = None,
    group: str | None = None,
    tags: Sequence[str] = (),
    sends: Sequence[type[EventData]] | None = None,
    previous_ids: Sequence[str] = (),
    environments: Mapping[str, Override] = MappingProxyType({}),
) -> SdkDefiner:
    """Define a function in the SDK's terms: `create_function` without a client.

    The arguments up to `singleton` are those of `client.create_function`; the others are those of
    `define`. Raises `DefinitionError` with every mistake at once.
    """
    config = Config(
        retries=retries,
        concurrency=tuple(concurrency or ()),
        throttle=throttle,
        rate_limit=rate_limit,
        debounce=debounce,
        batch=batch_events,
        priority=priority,
        cancel=tuple(cancel or ()),
        idempotency=idempotency,
        timeouts=timeouts,
        singleton=singleton,
    )

    def decorate(handler: Callable[..., Any]) -> SdkDefinition[Any]:
        definition: SdkDefinition[Any] = SdkDefinition(
            id=fn_id,
            name=name or fn_id,
            triggers=tuple(trigger) if isinstance(trigger, list) else (trigger,),
            handler=handler,
            config=config,
            place=place_of(handler),
            on_failure=on_failure,
            middleware=tuple(middleware or ()),
            output_type=output_type,
            group=group,
            tags=tuple(tags),
            sends=None if sends is None else tuple(sends),
            previous_ids=tuple(previous_ids),
            environments=MappingProxyType(dict(environments)),
        )
        check_definition(definition, _own_faults(definition))
        return definition

    return cast("SdkDefiner", decorate)


def _own_faults(definition: SdkDefinition[Any]) -> list[str]:
    wrong = []
    if not definition.id.strip():
        wrong.append("the id is empty; expected a permanent name such as 'send-receipt'")
    if not 1 <= len(definition.triggers) <= MAX_TRIGGERS:
        wrong.append(f"it has {len(definition.triggers)} triggers; expected 1 to {MAX_TRIGGERS}")
    failure = definition.on_failure
    if failure is not None and definition.is_handler_async != inspect.iscoroutinefunction(failure):
        wrong.append(
            "the handler and on_failure are not both `async def` or both plain functions; expected "
            "two of a kind"
        )
    if definition.id in definition.previous_ids:
        wrong.append(f"previous_ids names '{definition.id}', which is its id; expected older ones")
    return wrong
