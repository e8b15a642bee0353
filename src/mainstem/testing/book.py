"""What is written down while functions run: calls, tries, lines, events, errors.

The engine keeps what a server would know of a run. This is the rest, which only somebody inside the
app's process can see; it is kept by run and outlives an engine that is restarted.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from mainstem.testing.seen import LogSeen, Mishap, SentEvent, StepKind, Try


@dataclass(slots=True, eq=False)
class Call:
    """One call of a function. `lost_at` is the step around which the app was lost, if it was,
    `lost_why` what it did if that was its own doing.

    `is_live` is true once the code goes on where no earlier call had come, `is_told` once
    what it raised is written down; `raised` is what its steps raised.
    """

    run: str
    book: "Book"
    lost_at: str | None = None
    lost_why: str | None = None
    is_live: bool = False
    step: str | None = None
    is_lookup: bool = False
    is_told: bool = False
    raised: list[BaseException] = field(default_factory=list)


# Set in the task or thread that runs a function, for what is logged and sent from there.
CURRENT: ContextVar[Call | None] = ContextVar("mainstem_testing_call", default=None)


@dataclass(slots=True, eq=False)
class Book:
    """Everything written down, by run; steps by their hash."""

    calls: dict[str, Call] = field(default_factory=dict)
    tries: defaultdict[tuple[str, str], list[Try]] = field(
        default_factory=lambda: defaultdict(list)
    )
    kinds: dict[tuple[str, str], StepKind] = field(default_factory=dict)
    # Steps as they were first met: name, and what came before. Then what came before their end.
    met: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)
    ended: dict[tuple[str, str], int] = field(default_factory=dict)
    mishaps: defaultdict[str, list[Mishap]] = field(default_factory=lambda: defaultdict(list))
    lines: defaultdict[str, list[LogSeen]] = field(default_factory=lambda: defaultdict(list))
    raised: defaultdict[str, list[BaseException]] = field(default_factory=lambda: defaultdict(list))
    sent: list[SentEvent] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    is_closed: bool = False

    def clear(self) -> None:
        """Forget everything but calls under way."""
        for part in (
            self.tries,
            self.kinds,
            self.met,
            self.ended,
            self.mishaps,
            self.lines,
            self.raised,
            self.sent,
        ):
            part.clear()

    @property
    def names(self) -> set[str]:
        """The names of all steps that were met."""
        return {name for name, _ in self.met.values()}

    def note_mishap(self, run: str, at: datetime, text: str) -> None:
        """Write down what went wrong in a call, but in no step."""
        self.mishaps[run].append(Mishap(at, text, next(self.numbers)))

    def note_sent(self, events: list[tuple[str, str, dict[str, object]]], at: datetime) -> None:
        """Write down accepted events (id, name, data), with who sends them."""
        call = CURRENT.get()
        for event_id, name, data in events:
            run, step = (call.run, call.step) if call is not None else (None, None)
            order = next(self.numbers)
            self.sent.append(SentEvent(event_id, name, data, at, run, step, order))
