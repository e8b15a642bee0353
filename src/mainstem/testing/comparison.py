"""A recorded run against the present code: where would its steps be others now.

The function is called with the memos that the record holds, one answer after the other, as the
server would; but never does it do a step's work, as every step is only asked to be planned. Code
between steps runs, as it does in every replay.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mainstem.testing.records import Record, RecordedStep, kind_of
from mainstem.testing.run_views import error_text
from mainstem.testing.seen import StepKind

Json = Any
_MOST_CALLS: Final = 10_000
# Gives status and body of the answer to a call with these memos.
Caller = Callable[[Mapping[str, Json]], Awaitable[tuple[int, Any]]]


@dataclass(frozen=True, slots=True)
class Difference:
    """Where sequences part: the step's place, from 1, what it was and what it is; None is none.

    The kinds (run, sleep, wait, invoke, infer) are told where they alone are others.
    """

    place: int
    recorded: str | None
    now: str | None
    recorded_kind: str | None = None
    now_kind: str | None = None

    def __str__(self) -> str:
        before, after = (f" ({k})" if k else "" for k in (self.recorded_kind, self.now_kind))
        was = f"was {self.recorded!r}{before} in" if self.recorded else "was not in"
        was += " the record"
        now = f"is {self.now!r}{after} now" if self.now else "is not there now"
        return f"step {self.place} {was} and {now}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the present code does with a recorded run.

    `now` is its sequence of steps, `kinds` what they are on the wire. Steps that the record does
    not hold are `added`; their value is not known, so the code went on with None behind them
    (`is_guess`). `removed` are recorded steps it did not ask for, `moved` are those it asks for in
    another order, `changed` are of another kind. `output` and `error` are how it ended, where it
    came to an end.
    """

    record: Record
    now: tuple[str, ...]
    is_over: bool
    is_guess: bool
    output: Json
    error: str | None
    kinds: tuple[StepKind, ...]

    @property
    def first_difference(self) -> Difference | None:
        """The first place at which the sequences are not the same."""
        recorded = self.record.step_ids
        for place in range(max(len(recorded), len(self.now))):
            was = recorded[place] if place < len(recorded) else None
            now = self.now[place] if place < len(self.now) else None
            if was != now:
                return Difference(place + 1, was, now)
            before, after = self.record.steps[place].kind, self.kinds[place]
            if before != after:
                return Difference(place + 1, was, now, before, after)
        return None

    @property
    def changed(self) -> tuple[str, ...]:
        """Steps that both have, and that are something else now, such as a run for a sleep."""
        before = {step.id: step.kind for step in self.record.steps}
        after = zip(self.now, self.kinds, strict=True)
        return tuple(step for step, kind in after if before.get(step, kind) != kind)

    @property
    def added(self) -> tuple[str, ...]:
        """Steps that the record does not hold."""
        return tuple(step for step in self.now if step not in self.record.step_ids)

    @property
    def removed(self) -> tuple[str, ...]:
        """Recorded steps that are not asked for now."""
        return tuple(step for step in self.record.step_ids if step not in self.now)

    @property
    def moved(self) -> tuple[str, ...]:
        """Steps that both have, in another order."""
        before = [step for step in self.record.step_ids if step in self.now]
        after = [step for step in self.now if step in self.record.step_ids]
        return tuple(a for b, a in zip(before, after, strict=True) if a != b)

    def assert_same_sequence(self) -> None:
        """Raise `AssertionError`, with both sequences, unless the steps are those of the record."""
        if self.first_difference is not None:
            raise AssertionError(str(self))

    def __str__(self) -> str:
        first = self.first_difference
        if first is None:
            return f"Run {self.record.run}: the {len(self.now)} recorded steps are those of now."
        told = [f"Run {self.record.run} of {self.record.function} takes other steps now: {first}."]
        parts = {"added": self.added, "removed": self.removed, "moved": self.moved}
        parts["changed"] = self.changed
        told += [f"  {word}: {', '.join(steps)}" for word, steps in parts.items() if steps]
        told += [
            "  recorded: " + " > ".join(self.record.step_ids),
            "  now:      " + " > ".join(self.now),
        ]
        if self.error:
            told.append(f"  the code then raised {self.error}")
        if self.is_guess:
            told.append("  (behind an added step, whose value nobody knows, it went on with None)")
        told.append(
            "A run that is under way at a deploy would meet this. Keep ids and order for it, or"
            " give the new sequence a new version or a new function."
        )
        return "\n".join(told)


async def compare(record: Record, call: Caller) -> Comparison:
    """Play a record to the code behind `call`."""
    known = {step.key: step for step in record.steps}
    memos: dict[str, Json] = {}
    now: list[str] = []
    kinds: list[StepKind] = []
    is_guess = False

    def compared(output: Json = None, error: str | None = None, *, is_over: bool) -> Comparison:
        return Comparison(record, tuple(now), is_over, is_guess, output, error, tuple(kinds))

    for _ in range(_MOST_CALLS):
        status, body = await call(memos)
        if status == 200:
            return compared(body, is_over=True)
        if status != 206:
            error = error_text(body if isinstance(body, Mapping) else {"message": str(body)})
            return compared(error=error, is_over=True)
        fresh = [op for op in body if op["id"] not in memos]
        stops = not fresh
        for op in fresh:
            now.append(_name(op))
            kinds.append(kind_of(op["op"]))
            step = known.get(op["id"])
            if step is not None and step.kind != kinds[-1]:
                step = None  # what one kind gave says nothing of what another one would
            is_guess |= step is None
            # A step that the record met but saw no end of is where the recorded run stood.
            stops |= step is not None and not step.is_done
            memos[op["id"]] = _memo(step, op)
        if stops:
            break
    return compared(is_over=False)


def _memo(step: RecordedStep | None, op: Mapping[str, Json]) -> Json:
    if step is not None:
        return step.memo
    return None if op["op"] in ("Sleep", "WaitForEvent") else {"data": None}


def _name(op: Mapping[str, Json]) -> str:
    index = (op.get("userland") or {}).get("index")
    return f"{op['displayName']}:{index}" if index else str(op["displayName"])
