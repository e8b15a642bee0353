"""A database on disk, a pretend GitHub over HTTP and a still clock, for one scenario."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select

import databases
from mainstem.catalog import Definition, EventData
from mainstem.functions import Services
from mainstem.github import GitHub
from mainstem.simulate import Repository, SimulatedGitHub, World, simulated_github
from mainstem.store import Database, ids, save_repositories, tables
from mainstem.testing import run_handler

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


@dataclass(slots=True)
class Still:
    """The time that the scenario says it is."""

    moment: datetime = NOW

    def now(self) -> datetime:
        return self.moment


@dataclass(slots=True)
class Stage:
    """What handlers are handed, and the pretend GitHub on the other side."""

    services: Services
    github: SimulatedGitHub

    @property
    def there(self) -> Repository:
        """The repository at GitHub."""
        return self.github.world.repository

    @property
    def home(self) -> UUID:
        """The id of its row."""
        return ids.repository_id(self.there.id)

    async def run(self, definition: Definition[Any, Services, Any], data: EventData) -> Any:
        """The result of a function's handler, replayed after each step."""
        return (await run_handler(definition, data, self.services)).output

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Every row of a table."""
        found = tables.metadata.tables[table]
        return self.services.database.read(
            lambda conn: [dict(row) for row in conn.execute(select(found)).mappings()]
        )

    def pull(self, number: int) -> dict[str, Any]:
        """The stored pull request of that number."""
        return next(row for row in self.rows("pull_requests") if row["number"] == number)


async def at_once(_seconds: float) -> None:
    """The client's pauses, without the waiting."""


@asynccontextmanager
async def stage(path: Path, world: World) -> AsyncIterator[Stage]:
    """An empty database that knows the repository, and `world` served."""
    url = databases.fresh(path)
    async with simulated_github(world) as github:
        with Database(url) as database:
            there = world.repository
            owner, name = there.full_name.split("/")
            row: Any = {
                "id": ids.repository_id(there.id),
                "github_id": there.id,
                "owner": owner,
                "name": name,
                "full_name": there.full_name,
            }
            database.write(save_repositories, [row], at=NOW)
            async with GitHub(base_url=github.url, token="t", sleep=at_once) as client:
                yield Stage(Services(database, client, Still()), github)


OWN_TIMES = {
    "row_synced_at",
    "first_seen_at",
    "details_synced_at",
    "last_synced_at",
    "read_up_to",
}
CAPTURED = ("contributors", "pull_requests", "reviews", "comments", "issues")


def facts(here: Stage) -> dict[str, list[str]]:
    """The captured tables without our own times, in an order of their own."""
    return {
        name: sorted(
            repr({key: value for key, value in row.items() if key not in OWN_TIMES})
            for row in here.rows(name)
        )
        for name in CAPTURED
    }
