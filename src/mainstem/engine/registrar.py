"""Registering apps: asked for, sent in, or told by a worker; all three end in `accept`."""

import asyncio
import logging
import uuid
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from mainstem.engine import ids
from mainstem.engine.adapting import adapt_runs
from mainstem.engine.addresses import is_same_address
from mainstem.engine.apps import (
    AppView,
    Conflict,
    FunctionView,
    archive_app,
    known_urls,
    other_addresses,
    pending_run_ids,
    save_app,
    save_error,
    save_rivals,
    served_urls,
    view_apps,
)
from mainstem.engine.ending import cancel_run
from mainstem.engine.errors import (
    BadConfiguration,
    FunctionTaken,
    StillRegistered,
    SyncRefused,
    UnknownFunction,
    WrongEnvironment,
)
from mainstem.engine.loop import Loop
from mainstem.engine.options import EngineOptions
from mainstem.engine.registration import CONNECT_URL, Registration, read_in_band
from mainstem.engine.runs import load_run
from mainstem.engine.syncing import REGISTERED_ELSEWHERE, ask_to_sync, is_sdk_at, is_served
from mainstem.engine.timers import plan_crons

Json = Any
_LOG = logging.getLogger(__name__)
_REMEMBERED: Final = 1000
# Runs that are cancelled in one transaction: other work is to have its turn in between.
_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class Accepted:
    """A registration that was stored; `conflicts` are the app's other addresses that answer."""

    app_id: str
    sync_id: str
    is_modified: bool
    conflicts: tuple[Conflict, ...] = ()

    def answer(self) -> dict[str, Json]:
        """What the app is told."""
        told: dict[str, Json] = {
            "ok": True,
            "modified": self.is_modified,
            "sync_id": self.sync_id,
            "app_id": self.app_id,
        }
        if self.conflicts:
            told["conflicts"] = [[each.url, each.other_url] for each in self.conflicts]
        return told


class Registrar:
    """Who may register, and with what result."""

    def __init__(self, loop: Loop, options: EngineOptions) -> None:
        self._loop = loop
        self._options = options
        # The registrations taken lately, by the address they named, to know them again.
        self._taken: deque[tuple[str, Accepted]] = deque(maxlen=_REMEMBERED)
        # Where registrations came from that were refused, to ask there again.
        self._refused: deque[str] = deque(maxlen=_REMEMBERED)
        # The pairs of addresses, by app, that were told of while both go on registering it.
        self._conflicts: dict[str, set[frozenset[str]]] = {}

    async def sync(self, url: str) -> Mapping[str, Json]:
        """Ask the app at `url` to register; its answer. Raises `SyncRefused`."""
        try:
            return await self._sync(url)
        except SyncRefused as error:
            self.note_error(error.reason, url=url)
            raise

    async def accept(self, registration: Registration) -> Accepted:
        """Take an app's functions in place of those it had.

        Raises `WrongEnvironment`, or `FunctionTaken` when a function belongs to another app.
        """
        try:
            self.expect_environment(registration.name, registration.env)
            alive = await self._rivals(registration)
            accepted = self._store(registration, alive)
        except (WrongEnvironment, FunctionTaken) as error:
            self.note_error(str(error), name=registration.name)
            raise
        if registration.url in self._refused:
            self._refused.remove(registration.url)
        for conflict in self._new_conflicts(registration.name, accepted.conflicts):
            _LOG.warning(
                "App %r is served at two addresses that both registered it: %s and %s. Calls go to"
                " the first only. Stop one of them, or give it an app id of its own.",
                registration.name,
                conflict.url,
                conflict.other_url,
            )
        return accepted

    def _new_conflicts(self, app: str, conflicts: tuple[Conflict, ...]) -> list[Conflict]:
        """Those not told of yet; the two addresses register in turn, at every poll."""
        told = self._conflicts.pop(app, set())
        pairs = {frozenset((each.url, each.other_url)): each for each in conflicts}
        if pairs:
            self._conflicts[app] = set(pairs)
        return [each for pair, each in pairs.items() if pair not in told]

    def expect_environment(self, app: str, env: str | None) -> None:
        """Refuse an app of another branch environment. Raises `WrongEnvironment`."""
        expected = self._options.env
        if expected and self._options.server_kind == "cloud" and env != expected:
            raise WrongEnvironment(app, found=env or None, expected=expected)

    def remove(self, url: str) -> bool:
        """Take away all functions of the app at `url`; whether there was one."""
        with self._loop.work() as work:
            was_there = archive_app(work.sql, url)
            self._loop.registry.reload(work.sql)
            plan_crons(work)
        return was_there

    def note_error(self, error: str, *, name: str | None = None, url: str = "") -> None:
        """Keep why an app was not registered, by its name or address."""
        with self._loop.work() as work:
            save_error(work.sql, error, work.now, name=name, url=url)

    def note_refused(self, url: str) -> None:
        """Remember where a registration came from that was refused."""
        if url.startswith(("http://", "https://")) and url not in self._refused:
            self._refused.append(url)

    def polled_urls(self) -> list[str]:
        """Where apps may be asked again: those that are served, and those that were refused."""
        return list(dict.fromkeys([*served_urls(self._loop.storage.connection), *self._refused]))

    def known_urls(self) -> list[str]:
        """Every address of an app that is known already, so that it need not be discovered."""
        return [*known_urls(self._loop.storage.connection), *self._refused]

    async def is_sdk_at(self, url: str) -> bool:
        """Whether an SDK of any app answers at `url`."""
        kind, now = self._options.server_kind, self._loop.clock.now()
        return await is_sdk_at(self._loop.prober(), url, kind=kind, now=now)

    async def drop_runs(self, app: str, function: str) -> int:
        """Cancel what a function left behind; how many runs. Raises as `Engine.drop_runs`."""
        found = self._function(app, function)
        if not found.is_archived:
            raise StillRegistered(found.slug)
        dropped = 0
        while run_ids := pending_run_ids(self._loop.storage.connection, found.id, _AT_ONCE):
            with self._loop.work() as work:
                dropped += sum(cancel_run(work, load_run(work.sql, each)) for each in run_ids)
            await asyncio.sleep(0)
        return dropped

    def _function(self, app: str, function: str) -> FunctionView:
        for each in self.apps():
            if app in (each.name, each.id):
                for one in (*each.functions, *each.archived):
                    if function in (one.slug, one.id, one.slug.removeprefix(f"{each.name}-")):
                        return one
        raise UnknownFunction(f"{app}/{function}")

    def apps(self) -> list[AppView]:
        """Every app with its functions."""
        apps = view_apps(self._loop.storage.connection)
        return [replace(app, workers=self._loop.workers.count(app.name)) for app in apps]

    async def _sync(self, url: str) -> Mapping[str, Json]:
        before = self._taken[-1] if self._taken else None
        is_in_band, answer = await ask_to_sync(
            self._loop.caller(), url, kind=self._options.server_kind, now=self._loop.clock.now()
        )
        if is_in_band:
            try:
                return (await self.accept(read_in_band(answer))).answer()
            except (BadConfiguration, FunctionTaken, WrongEnvironment) as error:
                raise SyncRefused(url, str(error)) from error
        taken = self._find_taken(url, answer.get("sync_id"), after=before)
        if taken is None:
            raise SyncRefused(url, REGISTERED_ELSEWHERE)
        return taken.answer()

    def _find_taken(
        self, url: str, sync_id: Json, *, after: tuple[str, Accepted] | None
    ) -> Accepted | None:
        """The registration that an app at `url` means by its answer to a sync.

        The SDK of TypeScript does not pass on which one: it is then what came while it was asked,
        from that address if any did. An app behind a proxy names another.
        """
        if sync_id is not None:
            return next((each for _, each in self._taken if each.sync_id == sync_id), None)
        came = list(self._taken)
        if after in came:
            came = came[came.index(after) + 1 :]
        came.sort(key=lambda each: is_same_address(each[0], url))
        return came[-1][1] if came else None

    async def _rivals(self, registration: Registration) -> list[str]:
        """The app's other addresses at which an SDK still answers."""
        others = other_addresses(self._loop.storage.connection, registration.name, registration.url)
        answers = await asyncio.gather(
            *(self._is_alive(registration.name, other) for other in others)
        )
        return [other for other, is_alive in zip(others, answers, strict=True) if is_alive]

    async def _is_alive(self, app: str, url: str) -> bool:
        if url == CONNECT_URL:
            return self._loop.workers.count(app) > 0
        kind, now = self._options.server_kind, self._loop.clock.now()
        return await is_served(self._loop.prober(), url, app=app, kind=kind, now=now)

    def _store(self, registration: Registration, alive: list[str]) -> Accepted:
        sync_id = str(uuid.uuid4())
        with self._loop.work() as work:
            is_modified = save_app(work.sql, registration, work.now)
            save_rivals(work.sql, registration.name, alive, work.now)
            if is_modified:
                before = self._loop.registry.all()
                self._loop.registry.reload(work.sql)
                plan_crons(work)
                adapt_runs(work, before)
        conflicts = tuple(Conflict(registration.url, each, work.now) for each in alive)
        accepted = Accepted(ids.app_id(registration.name), sync_id, is_modified, conflicts)
        self._taken.append((registration.url, accepted))
        return accepted
