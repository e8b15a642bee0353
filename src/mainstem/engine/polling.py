"""Keeping up with apps: those named at the start, those that change, go, return or turn up.

All in real time and beside the engine's own work, which never waits for it. Each app is asked to
register again (`PUT`), as Inngest's dev server does; one that has nothing new modifies nothing.
What is told is told once: when it begins, not in every round.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from mainstem.engine.addresses import is_same_address
from mainstem.engine.discovery import PATHS, PORTS, Scout
from mainstem.engine.engine import Engine
from mainstem.engine.errors import (
    AppUnreachable,
    EngineNotRunning,
    StorageBusy,
    StorageFailed,
    SyncRefused,
)
from mainstem.engine.registrar import Registrar

_LOG = logging.getLogger(__name__)
# One who starts the engine before the app should not have to wait for the next poll.
_SOON_SECONDS: Final = 1.0
# An app that was found and refused is somebody else's, as a rule: asked again after these rounds.
_SHUNNED_ROUNDS: Final = 12


class Sign(StrEnum):
    """What there is to tell of an app."""

    SYNCED = "synced"
    CHANGED = "changed"
    BACK = "back"
    AWAY = "away"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that is new about the app at `url`; `reason` when it could not be synced."""

    sign: Sign
    url: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Watch:
    """What is watched: the apps at `urls` until they have registered, and then all that are known.

    `interval` is in seconds. Without `poll` an app that has registered is not asked again; without
    `discover` nothing is looked for.
    """

    urls: tuple[str, ...] = ()
    poll: bool = True
    discover: bool = True
    interval: float = 5.0
    ports: tuple[int, ...] = PORTS
    paths: tuple[str, ...] = PATHS


@asynccontextmanager
async def watching(
    engine: Engine, watch: Watch, tell: Callable[[Notice], None]
) -> AsyncIterator[None]:
    """Watch apps while the block runs, whose engine is running; `tell` hears what is new.

    The block begins when each of `watch.urls` has been asked once.
    """
    watcher = _Watcher(engine.registrar, watch, tell)
    await watcher.ask_all(watch.urls)
    own = f"http://127.0.0.1:{engine.options.port}"
    tasks = [asyncio.create_task(each) for each in watcher.chores(own)]
    for task in tasks:
        task.add_done_callback(_report)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _report(task: "asyncio.Task[None]") -> None:
    """A defect of the watch must not go unseen; the engine goes on without it."""
    if not task.cancelled() and (error := task.exception()) is not None:
        _LOG.error("Apps are not watched any more; restart the engine.", exc_info=error)


@dataclass(slots=True)
class _Watcher:
    registrar: Registrar
    watch: Watch
    tell: Callable[[Notice], None]
    # By address, why its last sync failed; empty when it went well.
    last: dict[str, str] = field(default_factory=dict)
    # Of the addresses that were named, those whose app has registered.
    arrived: set[str] = field(default_factory=set)

    def chores(self, own: str) -> list[Coroutine[None, None, None]]:
        """The loops to run; `own` is the engine's address, at which no app is."""
        chores = [self.insist()]
        if self.watch.poll:
            chores.append(self.poll())
        if self.watch.discover:
            chores.append(self.discover(own))
        return chores

    async def insist(self) -> None:
        """Ask the apps that were named until each has registered once."""
        while missing := self.missing():
            await asyncio.sleep(min(_SOON_SECONDS, self.watch.interval))
            await self.ask_all(missing)

    async def poll(self) -> None:
        """Ask every known app again, for ever."""
        while True:
            await asyncio.sleep(self.watch.interval)
            missing = self.missing()
            await self.ask_all(
                url for url in self.registrar.polled_urls() if not _is_among(url, missing)
            )

    async def discover(self, own: str) -> None:
        """Look for apps and ask those that are found, for ever."""
        scout = Scout(self.registrar.is_sdk_at, self.watch.ports, self.watch.paths)
        shunned: dict[str, int] = {}
        while True:
            known = [own, *self.registrar.known_urls(), *self.watch.urls, *shunned]
            for url in await scout.look(known):
                if not await self.ask(url):
                    shunned[url] = _SHUNNED_ROUNDS
            shunned = {url: rounds - 1 for url, rounds in shunned.items() if rounds > 1}
            await asyncio.sleep(self.watch.interval)

    def missing(self) -> list[str]:
        """The addresses that were named and whose app has never registered."""
        return [url for url in self.watch.urls if url not in self.arrived]

    async def ask_all(self, urls: Iterable[str]) -> None:
        """Ask apps to register, all at once."""
        await asyncio.gather(*map(self.ask, urls))

    async def ask(self, url: str) -> bool:
        """Ask one app to register, and tell what is new; whether it did."""
        before = self.last.get(url)
        try:
            answer = await self.registrar.sync(url)
        except SyncRefused as error:
            is_away = isinstance(error.__cause__, AppUnreachable)
            self._tell_failed(Sign.AWAY if is_away else Sign.REFUSED, url, error.reason)
            return False
        except StorageBusy as error:
            self._tell_failed(Sign.REFUSED, url, str(error))
            return False
        except (StorageFailed, EngineNotRunning):
            raise
        except Exception as error:  # noqa: BLE001  one app must not end the watch of the others
            reason = f"the engine cannot make out its answer: {type(error).__name__}: {error}"
            if reason != before:
                _LOG.exception("cannot sync the app at %s", url)
            self._tell_failed(Sign.REFUSED, url, reason)
            return False
        self.last[url] = ""
        self.arrived.add(url)
        is_modified = answer.get("modified") is True
        if before is None:
            self.tell(Notice(Sign.SYNCED, url))
        elif before:
            self.tell(Notice(Sign.BACK, url))
        elif is_modified:
            self.tell(Notice(Sign.CHANGED, url))
        return True

    def _tell_failed(self, sign: Sign, url: str, reason: str) -> None:
        """Tell why an app was not synced, unless that was told."""
        if reason != self.last.get(url):
            self.tell(Notice(sign, url, reason))
        self.last[url] = reason


def _is_among(url: str, others: Iterable[str]) -> bool:
    return any(is_same_address(url, other) for other in others)
