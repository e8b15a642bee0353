"""What the SDK calls: the coroutine between its context and a definition's own handler.

One call goes through the same gates each time: is it this binding's client that serves it, is the
function switched on, may this environment's guard rails watch it; then the data are read, the
version is found, the handler runs, and its result becomes JSON.
"""

import functools
import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

import inngest

from mainstem.catalog.codec import codec_of
from mainstem.catalog.definition import Definition
from mainstem.catalog.events import EventData
from mainstem.catalog.failure import read_failure
from mainstem.catalog.guard import Guard
from mainstem.catalog.rollout import choose, position, value_at
from mainstem.catalog.run import OWN_STEPS, Binding, Run
from mainstem.catalog.sdk_definition import AnyDefinition, SdkDefinition
from mainstem.catalog.sdk_internals import Context, memo_ids, serving_client
from mainstem.catalog.switches import Skipped
from mainstem.errors import BadEventData, VersionGone

VERSION_STEP: Final = f"{OWN_STEPS}version"
_VERSION_MEMO: Final = hashlib.sha1(VERSION_STEP.encode(), usedforsecurity=False).hexdigest()


class Bound(Binding, Protocol):
    """What a call needs to know of the binding that it belongs to."""

    @property
    def services(self) -> Any:
        """What handlers are handed."""
        ...

    @property
    def environment(self) -> str:
        """Where the functions are bound for."""
        ...

    @property
    def is_guarded(self) -> bool:
        """Whether guard rails are up."""
        ...

    @property
    def skipped(self) -> Mapping[str, str]:
        """Why runs are skipped, by function id."""
        ...

    @property
    def shares(self) -> Mapping[str, Mapping[str, float]]:
        """The versions' shares, by function id and label."""
        ...

    def refuse_foreign(self, definition: AnyDefinition, serving: inngest.Inngest) -> None:
        """Raise `NonRetriableError` when `serving` is not the client of this binding."""
        ...


def main_caller(definition: AnyDefinition, binding: Bound) -> Callable[..., Any]:
    """What the SDK calls for a run of `definition`."""
    if isinstance(definition, Definition):
        return _typed(definition, binding)
    if definition.is_handler_async:
        return _sdk_async(definition, binding)
    return _sdk_sync(definition, binding)


def failure_caller(definition: AnyDefinition, binding: Bound) -> Callable[..., Any] | None:
    """What the SDK calls when a run of `definition` has failed for good; None for nothing."""
    handler = definition.on_failure
    if handler is None or isinstance(definition, SdkDefinition):
        return handler

    @functools.wraps(handler)
    async def call(ctx: inngest.Context) -> object:
        _refuse_foreign(definition, binding, ctx)
        failed = read_failure(ctx.event.data, definition.on)
        run = Run(ctx, function_id=definition.id, events=(failed,), binding=binding)
        await handler(run, binding.services)
        return None

    return call


def _typed(definition: Definition[Any, Any, Any], binding: Bound) -> Callable[..., Any]:
    handlers = {
        definition.version: definition.handler,
        **{version.label: version.handler for version in definition.versions},
    }
    codecs = {label: codec_of(handler) for label, handler in handlers.items()}
    what = f"Function '{definition.id}'"

    @functools.wraps(definition.handler)
    async def call(ctx: inngest.Context) -> object:
        _refuse_foreign(definition, binding, ctx)
        if (skip := _skip(definition, binding)) is not None:
            return skip
        guard = _guard(definition, binding, ctx)
        events = _read_events(definition, ctx)
        label = await _version(definition, binding, ctx)
        run = Run(
            ctx,
            function_id=definition.id,
            events=events,
            binding=binding,
            version=label,
            sends=definition.sends if binding.is_guarded else None,
        )
        result = await handlers[label](run, binding.services)
        if guard is not None:
            guard.ended()
        return codecs[label].encode(result, what)

    return call


def _sdk_async(definition: SdkDefinition[Any], binding: Bound) -> Callable[..., Any]:
    @functools.wraps(definition.handler)
    async def call(ctx: inngest.Context) -> object:
        _refuse_foreign(definition, binding, ctx)
        if (skip := _skip(definition, binding)) is not None:
            return skip
        guard = _guard(definition, binding, ctx)
        result = await definition.handler(ctx)
        if guard is not None:
            guard.ended()
        return result

    return call


def _sdk_sync(definition: SdkDefinition[Any], binding: Bound) -> Callable[..., Any]:
    @functools.wraps(definition.handler)
    def call(ctx: inngest.ContextSync) -> object:
        _refuse_foreign(definition, binding, ctx)
        if (skip := _skip(definition, binding)) is not None:
            return skip
        guard = _guard(definition, binding, ctx)
        result = definition.handler(ctx)
        if guard is not None:
            guard.ended()
        return result

    return call


def _refuse_foreign(definition: AnyDefinition, binding: Bound, ctx: Context) -> None:
    """Refuse a call that came through another client than the function's own.

    `check_served_by` says so at start-up; this holds where an endpoint was wired without it.
    """
    binding.refuse_foreign(definition, serving_client(ctx, otherwise=binding.client))


def _skip(definition: AnyDefinition, binding: Bound) -> dict[str, Any] | None:
    reason = binding.skipped.get(definition.id)
    if reason is None:
        return None
    return Skipped(definition.id, binding.environment, reason).to_wire()


def _guard(definition: AnyDefinition, binding: Bound, ctx: Context) -> Guard | None:
    if not binding.is_guarded:
        return None
    return Guard(ctx, function_id=definition.id, place=definition.place)


def _read_events(
    definition: Definition[Any, Any, Any], ctx: inngest.Context
) -> tuple[EventData, ...]:
    try:
        return tuple(definition.on.read(e.name, e.data) for e in ctx.events or [ctx.event])
    except BadEventData as error:
        # Never retried: the same data would be refused again.
        raise inngest.NonRetriableError(
            f"Function '{definition.id}' cannot run on event '{ctx.event.name}' "
            f"({ctx.event.id}): {error}"
        ) from error


async def _version(
    definition: Definition[Any, Any, Any], binding: Bound, ctx: inngest.Context
) -> str:
    """The version that this run is on; chosen now and kept in a memo, if it is about to begin."""
    done = memo_ids(ctx)
    if _VERSION_MEMO not in done:
        if done:  # it has begun without the memo, so before there was a choice
            return definition.unpinned
        if not definition.versions:
            return definition.version
    memo = await ctx.step.run(VERSION_STEP, functools.partial(_choice, definition, binding, ctx))
    label = str(memo["version"])
    known = (definition.version, *(version.label for version in definition.versions))
    if label not in known:
        raise VersionGone(definition.id, label=label, known=known)
    return label


async def _choice(
    definition: Definition[Any, Any, Any], binding: Bound, ctx: inngest.Context
) -> dict[str, Any]:
    """Which version this run takes and why, as its memo shows it to whoever looks at the run."""
    shares = binding.shares[definition.id]
    by = definition.versions[0].rollout.by
    key: object = ctx.run_id
    if by is not None:
        event = {
            "id": ctx.event.id,
            "name": ctx.event.name,
            "data": ctx.event.data,
        }
        key = value_at(by, event)
    at = position(definition.id, str(key))
    offered = [(version.label, shares[version.label]) for version in definition.versions]
    # Where the event has no key, nothing stable can be chosen by: the function's own handler.
    label = None if key is None else choose(offered, at)
    taken = label or definition.version
    return {
        "version": taken,
        "share": round(shares[taken], 6),
        "by": by or "run id",
        "position": None if key is None else round(at, 6),
    }
