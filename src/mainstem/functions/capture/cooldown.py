"""May a repository be synced again yet? A table by reason, and what may break it.

A skip is a normal answer, never an error (defect D16). The time of the last sync is
`repositories.last_synced_at`, which nothing but a sync moves (defect D9).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mainstem.functions.events import SyncReason
from mainstem.functions.services import CoolDowns


@dataclass(frozen=True, slots=True)
class Wait:
    """A sync that comes too early: `until` is when it may run, `reason` says so in words."""

    until: datetime
    reason: str


def graphql_cool_down(reason: SyncReason | None, cool_downs: CoolDowns) -> timedelta:
    """The GraphQL sync's cool-down. No reason, and a discovery, have the default.

    A reason that we do not know never gets here: it is refused with its event.
    """
    by_reason = {
        SyncReason.MANUAL: cool_downs.manual,
        SyncReason.AUTO_FIX: cool_downs.auto_fix,
        SyncReason.AUTOMATIC: cool_downs.automatic,
        SyncReason.SCHEDULED: cool_downs.scheduled,
        SyncReason.DISCOVERY: cool_downs.default,
    }
    return cool_downs.default if reason is None else by_reason[reason]


def rest_cool_down(reason: SyncReason | None, cool_downs: CoolDowns) -> timedelta:
    """The REST sync's cool-down: one figure, which somebody who asks by hand need not wait for."""
    return timedelta(0) if reason is SyncReason.MANUAL else cool_downs.rest


def must_wait(
    last_synced_at: datetime | None, *, now: datetime, cool_down: timedelta, has_data: bool = True
) -> Wait | None:
    """Why the sync must be skipped now, or None if it may run.

    Without `has_data` (no pull requests, or none with a review or comment) it always may: the
    original meant to shorten the wait to five minutes then, but its check never blocked, and that
    is what made first syncs get through. The end of the cool-down is the first moment allowed.
    """
    if last_synced_at is None or not has_data:
        return None
    until = last_synced_at + cool_down
    if now >= until:
        return None
    ago = now - last_synced_at
    return Wait(until, f"synced {_told(ago)} ago; the cool-down is {_told(cool_down)}")


def _told(length: timedelta) -> str:
    minutes = int(length.total_seconds() // 60)
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours and rest else f"{hours} h" if hours else f"{rest} min"
