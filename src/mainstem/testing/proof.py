"""Proving that a function may be interrupted anywhere."""

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from mainstem.catalog import Catalog, Definition
from mainstem.testing.runner import run_handler
from mainstem.testing.values import RunResult

D = TypeVar("D")
S = TypeVar("S")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class ReplayDiffers(AssertionError):  # noqa: N818  it says what was found
    """A run that was interrupted ended otherwise than the undisturbed one."""


@dataclass(frozen=True)
class Proof(Generic[R_co]):
    """The undisturbed run, and the steps after which an interruption was tried."""

    undisturbed: RunResult[R_co]
    interrupted_after: tuple[str, ...]


async def replay_from_every_step(
    definition: Definition[D, S, R],
    data: D | Sequence[D],
    make_services: Callable[[], S | Awaitable[S]],
    *,
    look: Callable[[S], object] | None = None,
    answers: Mapping[str, object] | None = None,
    catalog: Catalog[Any] | None = None,
) -> Proof[R]:
    """Run a function once undisturbed, and once more for each of its steps, which then crashes
    between its work and its memo and is done again.

    Each run has fresh services. All must return the same, send the same events under the same ids
    and, where `look` is given, leave the same to be seen of the services (rows in a database, for
    one; it may be a coroutine function). Raises `ReplayDiffers`, naming the step.
    """

    async def attempt(lose: Sequence[str]) -> tuple[RunResult[R], object]:
        made = make_services()
        services: Any = await made if inspect.isawaitable(made) else made
        result = await run_handler(
            definition, data, services, lose=lose, answers=answers, catalog=catalog
        )
        seen = look(services) if look else None
        return result, await seen if inspect.isawaitable(seen) else seen

    undisturbed, seen = await attempt(())
    interrupted = tuple(s.id for s in undisturbed.steps if s.kind == "run" and not s.failed)
    for step in interrupted:
        again, seen_again = await attempt((step,))
        for what, first, second in (
            ("returned", undisturbed.output, again.output),
            ("sent", undisturbed.sent, again.sent),
            ("left behind", seen, seen_again),
        ):
            if first != second:
                raise ReplayDiffers(
                    f"Function '{definition.id}', interrupted after the work of step '{step}', "
                    f"{what} {second!r}; undisturbed it was {first!r}. Make the step safe to try "
                    "twice: upsert instead of insert, ids that do not depend on the try."
                )
    return Proof(undisturbed, interrupted)
