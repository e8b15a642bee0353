"""Guard rails in development: a run is watched for what would go wrong only on a replay.

Every step makes the server call a function again from the top, so each run of more than one step
is its own replay. Two rules need no memory of earlier calls and so hold through restarts:

- The same step id in two branches of one parallel group: the branches would read each other's
  memo. The SDK tells repetitions apart by their order, which is not fixed between branches.
- A step that is new while memos are left that nothing has asked for, or a result while some are:
  the sequence of steps is not the one that made those memos. Something that differs from call to
  call (the time, a random value, an environment variable, the order of a set) decides about it.

https://www.inngest.com/docs/learn/how-functions-are-executed
"""

import asyncio
import functools
import inspect
import sys
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any, Final

import inngest

from mainstem.catalog import sdk_internals
from mainstem.catalog.sdk_internals import Context, memo_ids, on_step

# The parallel groups, from the outermost, and the branch of each that is being run.
_branch: ContextVar[tuple[tuple[int, int], ...]] = ContextVar("mainstem_branch", default=())
_NOT_THEIRS: Final = tuple(
    Path(str(each.__file__)).parent for each in (inngest, asyncio, sdk_internals)
)


class GuardRail(inngest.NonRetriableError):
    """A function does what would fail, or silently differ, when it is replayed.

    Raised in development only. `place` is the line that did it; never retried, since the code has
    to change.
    """

    def __init__(self, function_id: str, *, place: str, wrong: str, mend: str) -> None:
        self.function_id = function_id
        self.place = place
        self.wrong = wrong
        self.mend = mend
        super().__init__(f"Function '{function_id}' at {place}: {wrong}. {mend}")


class Guard:
    """Watches one call of one function. `place` is where its handler is."""

    def __init__(self, ctx: Context, *, function_id: str, place: str) -> None:
        self._ctx = ctx
        self._function_id = function_id
        self._place = place
        self._branches: dict[tuple[int, str], int] = {}
        self._groups = count()
        self._is_excused = False
        on_step(ctx, self._see)
        # An attribute of this one call's group, in front of the class's method.
        parallel = ctx.group.parallel
        wrapped = functools.partial(self._in_parallel, parallel)
        ctx.group.parallel = wrapped  # type: ignore[method-assign]

    def ended(self) -> None:
        """Look at what is left when the handler has returned. Raises `GuardRail`."""
        left = len(memo_ids(self._ctx))
        if left and not self._is_excused:
            raise self._differs(
                f"it ended without asking for {left} of the steps that this run has done",
                place=self._place,
            )

    def _see(self, step: Any) -> None:
        """Look at a step that the handler has come to. Raises `GuardRail`."""
        here = _branch.get()
        for group, branch in here:
            first = self._branches.setdefault((group, step.display_name), branch)
            if first != branch:
                raise GuardRail(
                    self._function_id,
                    place=_caller(self._place),
                    wrong=f"step '{step.display_name}' is in two branches of one parallel group",
                    mend="Give it an id of its own in each branch, such as "
                    f"f'{step.display_name} {{item}}'.",
                )
        if here or self._is_excused:
            return
        memos = memo_ids(self._ctx)
        if memos and step.id not in memos:
            raise self._differs(
                f"it came to step '{step.display_name}' while {len(memos)} of the steps that this "
                "run has done were not asked for",
                place=_caller(self._place),
            )

    def _differs(self, wrong: str, *, place: str) -> GuardRail:
        return GuardRail(
            self._function_id,
            place=place,
            wrong=f"{wrong}: its sequence of steps differs on replay",
            mend="Decide by the event, by what steps returned, or in a step of its own; the time, "
            "random values, the environment and the order of sets differ from call to call. If "
            "the code was changed while the run was under way, cancel the run or roll the change "
            "out as a version.",
        )

    def _in_parallel(self, parallel: Callable[..., Any], callables: Any, *args: Any, **kwargs: Any
                     ) -> Any:  # fmt: skip
        group, around = next(self._groups), _branch.get()
        branches = tuple(
            _marked(one, (*around, (group, branch))) for branch, one in enumerate(tuple(callables))
        )
        try:
            result = parallel(branches, *args, **kwargs)
        except Exception:
            self._excuse()
            raise
        return self._awaited(result) if inspect.isawaitable(result) else result

    async def _awaited(self, group: Awaitable[Any]) -> Any:
        try:
            return await group
        except Exception:
            self._excuse()
            raise

    def _excuse(self) -> None:
        """An error that leaves a group ends it at once: its other branches are not asked again.

        So their memos stay, rightly, whatever the handler does next.
        """
        self._is_excused = True


def _marked(branch: Callable[[], Any], where: tuple[tuple[int, int], ...]) -> Callable[[], Any]:
    """`branch`, which says where it is while it runs; a coroutine if it gives one."""

    def call() -> Any:
        token = _branch.set(where)
        try:
            result = branch()
        finally:
            _branch.reset(token)
        return awaited(result) if inspect.isawaitable(result) else result

    async def awaited(result: Awaitable[Any]) -> Any:
        token = _branch.set(where)
        try:
            return await result
        finally:
            _branch.reset(token)

    return call


def _caller(otherwise: str) -> str:
    """File and line of the nearest frame that is neither ours nor the SDK's."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  the interpreter's own way to ask
    while frame is not None:
        path = Path(frame.f_code.co_filename)
        if path.suffix == ".py" and not any(path.is_relative_to(room) for room in _NOT_THEIRS):
            return f"{path}:{frame.f_lineno}"
        frame = frame.f_back
    return otherwise
