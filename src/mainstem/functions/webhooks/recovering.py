"""Deliveries that were left: those that we have and did not handle, those that never came.

What is found here is late by minutes; what is not (GitHub forgets deliveries after three days) is
the reconciliation's to find.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection

from mainstem.functions.services import Services
from mainstem.functions.troubles import asking_github
from mainstem.functions.webhooks.delivered import GithubWebhookReceived
from mainstem.github import GitHub, NotFound, RequestFailed
from mainstem.github.hook_deliveries import Hook, missed
from mainstem.store import (
    WaitingDelivery,
    drop_deliveries,
    find_repository_by_github_id,
    known_deliveries,
    repository_hooks,
    waiting_deliveries,
)

T = TypeVar("T")

GITHUB_REMEMBERS: Final = timedelta(days=3)
_LEFT_AFTER: Final = timedelta(minutes=2)
_FIRST_PAUSE: Final = timedelta(minutes=8)
_KEPT_FOR: Final = timedelta(days=30)
_SENT_AT_ONCE: Final = 200
_ASKED_AT_ONCE: Final = 50
_HOOKS_AT_ONCE: Final = 20
_TURN: Final = timedelta(minutes=10)
"""The schedule's: each run looks at the next webhooks, where there are more than those."""

_REFUSED_FOR: Final = timedelta(days=1)

# Webhooks that a client was not allowed to see, and when: it is told once and asked seldom.
_refused: WeakKeyDictionary[GitHub, dict[str, datetime]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Missed:
    """How many deliveries never came, and how many of them were asked for again.

    `unseen` are the webhooks that the credential may not look at.
    """

    missed: int = 0
    asked_again: int = 0
    unseen: tuple[str, ...] = ()


async def left_deliveries(services: Services) -> list[GithubWebhookReceived]:
    """The events of deliveries that wait for more than two minutes and are due for another try."""
    now = services.clock.now()
    found = await services.database.run_read(
        waiting_deliveries,
        before=now - _LEFT_AFTER,
        since=now - GITHUB_REMEMBERS,
        limit=_SENT_AT_ONCE * 10,
    )
    due = [one for one in found if is_due(one, now)]
    return [
        GithubWebhookReceived(
            delivery_id=one.delivery_id,
            event=one.event,
            action=one.action,
            repository_github_id=one.repository_github_id,
            installation_github_id=one.installation_github_id,
        )
        for one in due[:_SENT_AT_ONCE]
    ]


def is_due(delivery: WaitingDelivery, now: datetime) -> bool:
    """Whether to try a delivery again: each pause is as long as everything before it.

    One that was never tried is due at once; its event was lost, or waits behind others.
    """
    if delivery.handled_at is None:
        return True
    return now - delivery.handled_at >= max(
        _FIRST_PAUSE, delivery.handled_at - delivery.received_at
    )


async def forget_old(services: Services) -> int:
    """Drop what is older than 30 days; how many deliveries that were."""
    before = services.clock.now() - _KEPT_FOR
    return await services.database.run_write(drop_deliveries, before=before)


async def ask_for_missed(services: Services) -> Missed:
    """Look at what each webhook sent, and ask again for what failed and is not here.

    The webhooks are the App's, where the client is one, and those of repositories that delivered
    something within 30 days, a few in each run. Trying twice asks twice at worst; the GUID makes
    one of them.
    """
    hooks = await services.database.run_read(
        _hooks, services.clock.now(), is_app=services.github.is_app
    )
    found, asked = 0, 0
    now = services.clock.now()
    since = now - GITHUB_REMEMBERS
    refused = _refused.setdefault(services.github, {})
    known = set(refused)
    for hook in hooks:
        if now - refused.get(hook.label, since) < _REFUSED_FOR:
            continue
        with asking_github(services.clock):
            try:
                attempts = await services.github.hook_attempts(hook, since=since)
            except RequestFailed as error:
                if not error.is_final:
                    raise
                refused[hook.label] = now
                continue
            refused.pop(hook.label, None)
            tries = missed(attempts)
            here = await services.database.run_read(known_deliveries, sorted(tries))
            wanted = [attempt for guid, attempt in sorted(tries.items()) if guid not in here]
            found += len(wanted)
            for attempt in wanted[: _ASKED_AT_ONCE - asked]:
                asked += await _deliver_again(services, hook, attempt)
    _tell(services, sorted(set(refused) - known))
    return Missed(found, asked, tuple(sorted(refused)))


async def _deliver_again(services: Services, hook: Hook, attempt: int) -> int:
    try:
        await services.github.deliver_again(hook, attempt)
    except NotFound:  # forgotten since it was listed
        return 0
    return 1


def _tell(services: Services, unseen: list[str]) -> None:
    if unseen:
        services.logger.warning(
            "The credential for GitHub may not see what %s sent; deliveries that were missed are "
            "left to the reconciliation. A token needs the scope admin:repo_hook for it.",
            ", ".join(unseen),
        )


def in_turn(known: Sequence[T], now: datetime, *, at_once: int = _HOOKS_AT_ONCE) -> list[T]:
    """Those of `known` that are looked at now: every ten minutes the next, and so round."""
    if len(known) <= at_once:
        return list(known)
    start = int(now.timestamp() // _TURN.total_seconds()) * at_once % len(known)
    return [*known[start:], *known[:start]][:at_once]


def _hooks(conn: Connection, now: datetime, *, is_app: bool) -> list[Hook]:
    hooks = [Hook()] if is_app else []
    for hook_id, number in in_turn(repository_hooks(conn, since=now - _KEPT_FOR), now):
        home = find_repository_by_github_id(conn, number)
        if home is not None and home.is_active:
            hooks.append(Hook(hook_id, home.owner, home.name))
    return hooks
