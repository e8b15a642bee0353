"""What may be asked now, later or not at all: decisions over one credential's budget. No I/O.

A budget is shared by every task and process that uses the credential. Its row holds what nobody
has borrowed yet; a process borrows a few points before it asks (`lend`), and tells what the answers
said (`told`). Whoever changes the row does so alone, so that no point is lent twice.

All times are GitHub's. Pace is kept by one moment, `next_at`: where the next point would stand if
points stood evenly in line. It may run ahead of the clock by a burst; further ahead, one waits.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from .budget_rules import (
    LENT_SHARE,
    LONGEST_LINE,
    LONGEST_SPREAD,
    LOW,
    LOWERED,
    LOWERED_BURST,
    LOWEST_PER_MINUTE,
    MOST_LENT,
    RAISED_TO,
    RAISED_WITHIN,
    REMEMBERED,
    RESERVE,
    RESET_UNKNOWN,
    SAME_RESET,
    UNKNOWN_LENT,
    WINDOW,
    Rule,
)
from .limits import Reading
from .priorities import Priority


@dataclass(frozen=True, slots=True)
class Budget:
    """The state of one credential and resource, as everybody shares it. None is not known.

    `remaining` is what is neither spent nor lent, until `resets_at`; while the limit is not known
    it counts down from zero. Before `quiet_until` nothing is asked: a secondary limit was met at
    `met_at`, for the `quiet_repeats`-th time, when `met_per_minute` points had been sent in a
    minute and `quiet_cause` was asked.
    """

    limit: int | None = None
    remaining: int | None = None
    resets_at: datetime | None = None
    quiet_until: datetime | None = None
    quiet_cause: str | None = None
    quiet_repeats: int = 0
    next_at: datetime | None = None
    met_per_minute: int | None = None
    met_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What a request needs: its points, and for whom. A wait beyond `longest` is not booked."""

    points: int
    priority: Priority
    longest: timedelta


@dataclass(frozen=True, slots=True)
class Loan:
    """`points` may be spent from `at` on."""

    points: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Refusal:
    """Nothing may be asked before `until`: after a secondary limit (`quiet`), since the budget is
    spent, down to its reserve, or since its pace leaves no place within the wait asked for."""

    why: Literal["quiet", "spent", "reserve", "pace"]
    until: datetime


def opened(budget: Budget, now: datetime) -> Budget:
    """The budget at `now`: full again where its window is over. The next answer tells the reset."""
    if budget.resets_at is None or budget.resets_at > now:
        return budget
    return replace(budget, remaining=budget.limit, resets_at=None)


def told(budget: Budget, reading: Reading) -> Budget:
    """The budget after an answer.

    Answers arrive out of order: within one window the lowest counts, an earlier window not at all.
    """
    left = max(0, reading.remaining)
    if budget.resets_at is None:
        # Since the last window ended points may have been lent that no answer has told of.
        known = left
        if budget.limit is None:
            known = min(left, reading.limit + (budget.remaining or 0))
        elif budget.limit == reading.limit and budget.remaining is not None:
            known = min(left, budget.remaining)
        return replace(budget, limit=reading.limit, remaining=known, resets_at=reading.resets_at)
    ahead = reading.resets_at - budget.resets_at
    if ahead > SAME_RESET:
        return replace(budget, limit=reading.limit, remaining=left, resets_at=reading.resets_at)
    if ahead < -SAME_RESET:
        return budget
    known = left if budget.remaining is None else min(budget.remaining, left)
    return replace(budget, limit=reading.limit, remaining=known)


def repaid(budget: Budget, points: int, *, window: datetime | None) -> Budget:
    """The budget with points back that were lent in the window that resets at `window`."""
    if budget.remaining is None or points <= 0 or window != budget.resets_at:
        return budget
    most = budget.remaining + points if budget.limit is None else budget.limit
    return replace(budget, remaining=min(most, budget.remaining + points))


def busied(budget: Budget, busy: timedelta, now: datetime) -> Budget:
    """The budget after GitHub has computed for so long: as much later is its next point."""
    if busy <= timedelta(0):
        return budget
    return replace(budget, next_at=max(budget.next_at or now, now) + busy)


def quieted(
    budget: Budget, *, cause: str, until: datetime, sent_per_minute: int, now: datetime
) -> Budget:
    """The budget after a secondary limit: silence, and then half the pace at which it was met.

    A limit met at a pace that was lowered already lowers that one. Several requests that were
    under way together meet it together: that is once.
    """
    if budget.quiet_until is not None and budget.quiet_until > now:
        return replace(budget, quiet_until=max(until, budget.quiet_until))
    again = is_remembered(budget, now)
    met = max(LOWEST_PER_MINUTE, sent_per_minute)
    if again and budget.met_per_minute is not None:
        met = min(met, max(LOWEST_PER_MINUTE, int(budget.met_per_minute * LOWERED)))
    return replace(
        budget,
        quiet_until=max(until, budget.quiet_until or until),
        quiet_cause=cause,
        quiet_repeats=budget.quiet_repeats + 1 if again else 1,
        met_per_minute=met,
        met_at=now,
        next_at=max(until, budget.next_at or until),
    )


def is_remembered(budget: Budget, now: datetime) -> bool:
    """Whether a secondary limit was met not long ago."""
    return budget.met_at is not None and now - budget.met_at < REMEMBERED


def per_minute(budget: Budget, rule: Rule, now: datetime) -> float:
    """How many points a minute are asked for, without an end."""
    if not is_remembered(budget, now) or budget.met_per_minute is None or budget.met_at is None:
        return rule.steady
    grown = min(1.0, (now - budget.met_at) / RAISED_WITHIN)
    share = LOWERED + (RAISED_TO - LOWERED) * grown
    return min(rule.steady, max(LOWEST_PER_MINUTE * LOWERED, budget.met_per_minute * share))


def room_for(budget: Budget, priority: Priority) -> int | None:
    """What `priority` may spend in this window; None where no budget is known."""
    if budget.remaining is None or budget.limit is None:
        return None
    return budget.remaining - _kept(budget, priority)


def lend(budget: Budget, wish: Wish, rule: Rule, now: datetime) -> tuple[Budget, Loan | Refusal]:
    """Points for `wish`, and the budget without them; or why there are none, and the budget.

    Where there is plenty more points are lent than were wished for, for requests to come.
    """
    budget = opened(budget, now)
    if budget.quiet_until is not None and budget.quiet_until > now:
        return budget, Refusal("quiet", budget.quiet_until)
    room = room_for(budget, wish.priority)
    if room is not None and room < _needed(budget, wish):
        until = budget.resets_at or now + RESET_UNKNOWN
        has_some = (budget.remaining or 0) >= wish.points
        return budget, Refusal("reserve" if has_some else "spent", until)
    apart, burst = _pace(budget, wish.priority, rule, room, now)
    line = max(budget.next_at or now, now)
    if line - now > LONGEST_LINE:
        line = now  # nobody waits so long: whoever set it had another clock
    at = max(now, line - apart * burst)
    if wish.priority == "interactive":
        # Others' places in line are no reason for a user to wait.
        at = min(at, now + 2 * apart if is_remembered(budget, now) else now)
    if at - now > wish.longest:
        return budget, Refusal("pace", at)
    points = max(wish.points, _slice(room) if burst > MOST_LENT else 1)
    left = (budget.remaining or 0) - points
    if budget.limit is not None:
        left = max(0, left)
    return replace(budget, remaining=left, next_at=line + apart * points), Loan(points, at)


def _kept(budget: Budget, priority: Priority) -> int:
    return 0 if priority == "interactive" else round((budget.limit or 0) * RESERVE)


def _needed(budget: Budget, wish: Wish) -> int:
    # A request dearer than a whole budget can only be tried with a full one.
    if budget.limit is None:
        return wish.points
    return max(1, min(wish.points, budget.limit - _kept(budget, wish.priority)))


def _slice(room: int | None) -> int:
    return UNKNOWN_LENT if room is None else min(MOST_LENT, int(room * LENT_SHARE))


def _pace(
    budget: Budget, priority: Priority, rule: Rule, room: int | None, now: datetime
) -> tuple[timedelta, float]:
    """The time from one point to the next, and how many may come at once."""
    apart = WINDOW / per_minute(budget, rule, now)
    burst = LOWERED_BURST if is_remembered(budget, now) else rule.burst
    if room is None or not budget.limit or budget.remaining is None or budget.resets_at is None:
        return apart, burst
    if rule.spreads and budget.remaining < budget.limit * LOW[priority]:
        spread = (budget.resets_at - now) / max(1, room)
        if apart < spread <= LONGEST_SPREAD:
            return spread, 1
    return apart, burst
