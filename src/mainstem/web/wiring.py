"""What handlers need, opened from the settings and closed in order: the last opened goes first."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from mainstem.functions import CoolDowns, Limits, Services
from mainstem.github import AppKey, GitHub
from mainstem.settings import Settings
from mainstem.store import Database, StoredBudgets, StoredValidators


@dataclass(frozen=True, slots=True)
class Opened:
    """The open parts; `services` is what handlers are handed."""

    services: Services
    database: Database
    github: GitHub


@asynccontextmanager
async def open_services(settings: Settings, *, migrate: bool = False) -> AsyncIterator[Opened]:
    """Open database and GitHub client for `settings`; close both at the end, whatever happened.

    With `migrate` the schema is brought up to date first; without, nothing is connected to before
    the first use. Raises `StoreError` for a database that cannot be opened.
    """
    database = Database(settings.database_url)
    try:
        if migrate:
            database.upgrade()
        async with github_client(settings, database) as github:
            services = Services(database=database, github=github, limits=limits_from(settings))
            yield Opened(services=services, database=database, github=github)
    finally:
        database.close()


def github_client(settings: Settings, database: Database) -> GitHub:
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
        budgets=StoredBudgets(database),
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
