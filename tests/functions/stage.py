"""What the tests of classify and update share: a steered clock, services over a pretend GitHub."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

import databases
from mainstem import store
from mainstem.functions.services import Services
from mainstem.github import GitHub
from mainstem.simulate import Options, SimulatedGitHub, World, generate, simulated_github
from mainstem.simulate.generator import DEFAULT_UNTIL
from mainstem.store import Database, ids, tables

NOW = DEFAULT_UNTIL


@dataclass
class StillClock:
    """Stands still until it is moved."""

    moment: datetime = NOW

    def now(self) -> datetime:
        return self.moment

    def pass_(self, length: timedelta) -> None:
        self.moment += length


@dataclass
class Stage:
    """One world, an empty migrated database, and the services between them."""

    services: Services
    github: SimulatedGitHub
    clock: StillClock

    @property
    def database(self) -> Database:
        return self.services.database

    @property
    def home_id(self) -> UUID:
        """Our id of the world's repository."""
        return ids.repository_id(self.github.world.repository.id)

    def keep_home(self, *, tracked: bool = True, full_name: str | None = None) -> UUID:
        """Store the world's repository, as a discovery would have."""
        return self.keep(
            self.github.world.repository.id,
            full_name or self.github.world.repository.full_name,
            tracked=tracked,
        )

    def keep(self, github_id: int, full_name: str, *, tracked: bool = True) -> UUID:
        owner, name = full_name.split("/")
        row: Any = {
            "id": ids.repository_id(github_id),
            "github_id": github_id,
            "owner": owner,
            "name": name,
            "full_name": full_name,
        }
        self.database.write(store.save_repositories, [row], at=self.clock.now())
        if tracked:
            self.database.write(
                store.track_repository, row["id"], owner=owner, name=name, at=self.clock.now()
            )
        return ids.repository_id(github_id)

    def empty(self, *names: str) -> None:
        """Delete every row of the named tables."""

        def delete(conn: Connection) -> None:
            for name in names:
                conn.execute(tables.metadata.tables[name].delete())

        self.database.write(delete)

    def tracking(self, repository_id: UUID | None = None) -> store.Tracking:
        found = self.database.read(store.load_tracking, repository_id or self.home_id)
        assert found is not None
        return found


@asynccontextmanager
async def staged(
    path: Path, world: World | None = None, *, stats_pending: int = 0
) -> AsyncIterator[Stage]:
    """A stage with its own database file and its own pretend GitHub."""
    url = databases.fresh(path)
    clock = StillClock()
    options = Options(now=clock.now, stats_pending=stats_pending)
    async with (
        simulated_github(world or generate(5, 30), options=options) as github,
        GitHub(base_url=github.url, token="token") as client,
    ):
        with Database(url) as database:
            yield Stage(Services(database, client, clock), github, clock)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
