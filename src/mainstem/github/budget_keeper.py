"""The shared budgets as one process uses them: it borrows points, spends them, tells of it.

What is decided is decided in `budgets`; what is shared lies behind `BudgetStore`, in a database or
in memory. Exact, whatever the number of processes: no point of the hourly budget is lent twice, and
what is lent per minute. Known late, by `LENT_FOR` at most: another process's secondary limit.
Exact within a process only: how many requests are under way, and points spent per minute.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from .budget_rules import LENT_FOR, WINDOW, rule_of
from .budgets import (
    Budget,
    Loan,
    Refusal,
    Wish,
    busied,
    is_remembered,
    lend,
    opened,
    per_minute,
    quieted,
    repaid,
    room_for,
    told,
)
from .limits import Reading, merged
from .priorities import Priority

Row = Mapping[str, Any]


class BudgetStore(Protocol):
    """Where budgets are shared: one row for each credential's fingerprint and resource."""

    async def change(self, credential: str, resource: str, move: Callable[[Row], Row]) -> None:
        """Put `move` of the row in its place, alone; the row is empty the first time.

        `move` may be called again where the first attempt did not come through.
        """


class MemoryBudgets:
    """Budgets shared by the tasks of one client."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], Row] = {}

    async def change(self, credential: str, resource: str, move: Callable[[Row], Row]) -> None:
        place = (credential, resource)
        self._rows[place] = move(self._rows.get(place, {}))


@dataclass(slots=True)
class _Till:
    """One budget's part in this process.

    `left` points are borrowed, of the window that resets at `window`, and good until `good_until`;
    `free` ones were spent on answers that cost nothing.
    `shown` is the shared budget as it was seen last, `reading` what answers said since, `busy` how
    long GitHub computed since, `sent` the points of the last minute with their times.
    """

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    left: int = 0
    free: int = 0
    window: datetime | None = None
    good_until: datetime | None = None
    shown: Budget = field(default_factory=Budget)
    reading: Reading | None = None
    busy: timedelta = timedelta(0)
    sent: deque[tuple[datetime, int]] = field(default_factory=deque)

    def sent_in_a_minute(self, now: datetime) -> int:
        while self.sent and self.sent[0][0] <= now - WINDOW:
            self.sent.popleft()
        return sum(points for _, points in self.sent)


class BudgetKeeper:
    """The budgets of every credential of one client. It belongs to one event loop."""

    def __init__(self, store: BudgetStore, *, paced: bool) -> None:
        self._store = store
        self._paced = paced
        self._tills: dict[tuple[str, str], _Till] = {}

    async def admit(
        self, credential: str, resource: str, wish: Wish, now: datetime
    ) -> timedelta | Refusal:
        """How long to wait before a request may go, its points then being its own; or why not."""
        till = self._till(credential, resource)
        async with till.lock:
            wait = self._minute(till, resource, wish, now)
            if wait > wish.longest:
                return Refusal("pace", now + wait)
            if till.left < wish.points or till.good_until is None or till.good_until <= now:
                answer = await self._borrow(credential, resource, till, wish, now)
                if isinstance(answer, Refusal):
                    return answer
                wait = max(wait, answer.at - now)
                till.left += answer.points
            till.left -= wish.points
            till.sent.append((now + wait, wish.points))
            return wait

    def refusal(self, credential: str, resource: str, now: datetime) -> Refusal | None:
        """What this process knows that forbids a request which was admitted before."""
        shown = self._till(credential, resource).shown
        if shown.quiet_until is not None and shown.quiet_until > now:
            return Refusal("quiet", shown.quiet_until)
        return None

    def room(self, credential: str, resource: str, priority: Priority, now: datetime) -> float:
        """About how many points there are, as this process knows; none while all is quiet."""
        till = self._till(credential, resource)
        if self.refusal(credential, resource, now) is not None:
            return 0
        budget = till.shown if till.reading is None else told(till.shown, till.reading)
        room = room_for(opened(budget, now), priority)
        return float("inf") if room is None else max(0, room) + till.left

    def repeats(self, credential: str, resource: str, now: datetime) -> int:
        """How often a secondary limit was met of late."""
        shown = self._till(credential, resource).shown
        return shown.quiet_repeats if is_remembered(shown, now) else 0

    def answered(self, credential: str, reading: Reading) -> None:
        """An answer told the state of the budget that it names."""
        till = self._till(credential, reading.resource)
        till.reading = merged(till.reading, reading)
        if reading.remaining < till.left:
            till.left = reading.remaining

    def took(self, credential: str, resource: str, busy: timedelta) -> None:
        """An answer was `busy` in the making; of a server without such rules nobody minds."""
        if self._paced:
            self._till(credential, resource).busy += busy

    def free_of_charge(self, credential: str, resource: str, points: int) -> None:
        """An answer cost nothing of the hourly budget; it counts by the minute all the same."""
        self._till(credential, resource).free += points

    def clock_was_set(self) -> None:
        """The time that this process goes by was wrong: nothing borrowed or sent has a time."""
        for till in self._tills.values():
            till.good_until = None
            till.sent.clear()

    async def quiet(
        self, credential: str, resource: str, *, cause: str, pause: timedelta, now: datetime
    ) -> None:
        """A secondary limit was met: nobody asks for `pause`, and later everybody less often."""
        till = self._till(credential, resource)
        sent = till.sent_in_a_minute(now)

        outcome: list[Budget] = []

        def move(row: Row) -> Row:
            before = _read(row)
            outcome.append(
                quieted(before, cause=cause, until=now + pause, sent_per_minute=sent, now=now)
            )
            return asdict(outcome[-1])

        await self._store.change(credential, resource, move)
        till.shown = outcome[-1]
        till.good_until = None

    async def give_back(self) -> None:
        """Tell what is known and return what is borrowed; harmless twice."""
        for credential, resource in list(self._tills):
            await self.tell(credential, resource)

    async def tell(self, credential: str, resource: str) -> None:
        """Tell everybody what answers said of one budget, now and not with the next loan."""
        till = self._till(credential, resource)
        left, window, reading = till.left + till.free, till.window, till.reading
        if left <= 0 and reading is None:
            return
        till.left, till.free, till.reading, till.good_until = 0, 0, None, None

        def move(row: Row) -> Row:
            return asdict(_settled(_read(row), left, window, reading))

        await self._store.change(credential, resource, move)

    async def _borrow(
        self, credential: str, resource: str, till: _Till, wish: Wish, now: datetime
    ) -> Loan | Refusal:
        # Taken out first: what comes in while the row is changed belongs to the next time.
        left, window = till.left + till.free, till.window
        reading, busy = till.reading, till.busy
        till.left, till.free, till.reading, till.busy = 0, 0, None, timedelta(0)
        rule = rule_of(resource, paced=self._paced)
        outcome: list[tuple[Budget, Loan | Refusal]] = []

        def move(row: Row) -> Row:
            budget = busied(_settled(_read(row), left, window, reading), busy, now)
            outcome.append(lend(budget, wish, rule, now))
            return asdict(outcome[-1][0])

        await self._store.change(credential, resource, move)
        till.shown, answer = outcome[-1]
        till.window = till.shown.resets_at
        till.good_until = now + LENT_FOR
        if till.window is not None:
            till.good_until = min(till.good_until, till.window)
        return answer

    def _minute(self, till: _Till, resource: str, wish: Wish, now: datetime) -> timedelta:
        """How long until the last minute has room for the wish.

        GitHub's own number counts, and after a secondary limit the pace that was lowered: what led
        to it may still be in that minute when the pause that GitHub asked for is over.
        """
        rule = rule_of(resource, paced=self._paced)
        most = float(rule.per_minute)
        if is_remembered(till.shown, now):
            most = max(wish.points, per_minute(till.shown, rule, now))
        sent = till.sent_in_a_minute(now)
        if sent + wish.points <= most or not till.sent:
            return timedelta(0)
        for at, points in till.sent:
            sent -= points
            if sent + wish.points <= most:
                return max(timedelta(0), at + WINDOW - now)
        return WINDOW

    def _till(self, credential: str, resource: str) -> _Till:
        return self._tills.setdefault((credential, resource), _Till())


def _read(row: Row) -> Budget:
    return replace(Budget(), **row)


def _settled(budget: Budget, left: int, window: datetime | None, reading: Reading | None) -> Budget:
    """The shared budget with what a process has borrowed and not spent, and what it was told."""
    budget = repaid(budget, left, window=window)
    return budget if reading is None else told(budget, reading)
