"""What handlers need, opened from the settings and closed in order: the last opened goes first."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from mainstem.functions import CoolDowns, Limits, Services
from mainstem.github import AppKey, GitHub, MemoryBudgets
from mainstem.settings import Settings
from mainstem.store import Database, StoredBudgets, StoredValidators


@dataclass(frozen=True, slots=True)
class Opened:
    """The open parts; `services` is what handlers are handed.

    `budgets` are this process's own until `share` puts them into the database, which must have its
    tables by then.
    """

    services: Services
    database: Database
    github: GitHub
    budgets: Budgets

    def share(self) -> None:
        """From now on GitHub's budgets are those of everybody who uses this database."""
        self.budgets.is_shared = True


@dataclass(slots=True)
class Budgets:
    """GitHub's budgets in the database, or in memory while it has no tables yet."""

    database: Database
    is_shared: bool
    memory: MemoryBudgets = field(default_factory=MemoryBudgets)

    async def change(
        self,
        credential: str,
        resource: str,
        move: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    ) -> None:
        """Change one budget alone."""
        kept = StoredBudgets(self.database) if self.is_shared else self.memory
        await kept.change(credential, resource, move)


@asynccontextmanager
async def open_services(
    settings: Settings, *, migrate: bool = False, share: bool = True
) -> AsyncIterator[Opened]:
    """Open database and GitHub client for `settings`; close both at the end, whatever happened.

    With `migrate` the schema is brought up to date first; without, nothing is connected to before
    the first use. Without `share`, GitHub can be asked before the database has tables: budgets are
    in memory until `Opened.share`. Raises `StoreError` for a database that cannot be opened.
    """
    database = Database(settings.database_url)
    try:
        if migrate:
            database.upgrade()
        budgets = Budgets(database, is_shared=share)
        async with github_client(settings, database, budgets) as github:
            services = Services(database=database, github=github, limits=limits_from(settings))
            yield Opened(services, database, github, budgets)
    finally:
        database.close()


def github_client(settings: Settings, database: Database, budgets: Budgets) -> GitHub:
    """The client with the settings' credentials; budgets and validators are the database's."""
    token, key = settings.github_token, settings.github_app_private_key
    app = None
    if settings.github_app_id and key:
        app = AppKey(settings.github_app_id, key.get_secret_value())
    return GitHub(
        base_url=settings.github_url,
        token=token.get_secret_value() if token else None,
        tokens=[one.get_secret_value() for one in settings.github_tokens],
        app=app,
        proxy=settings.github_proxy,
        budgets=budgets,
        validators=StoredValidators(database),
    )


def limits_from(settings: Settings) -> Limits:
    """The functions' limits with what the settings say about them."""
    sync = settings.sync
    return Limits(
        cool_downs=CoolDowns(
            manual=timedelta(hours=sync.cooldown_manual_hours),
            auto_fix=timedelta(hours=sync.cooldown_auto_fix_hours),
            automatic=timedelta(hours=sync.cooldown_automatic_hours),
            default=timedelta(hours=sync.cooldown_default_hours),
            scheduled=timedelta(hours=sync.cooldown_scheduled_hours),
            rest=timedelta(hours=sync.cooldown_rest_hours),
        ),
        pulls_per_sync=sync.pulls_per_sync,
    )
