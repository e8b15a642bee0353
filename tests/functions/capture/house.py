"""A database on disk, a pretend GitHub over HTTP, and a clock that stands still: a test's house."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from mainstem.functions.services import Limits, Services
from mainstem.simulate import Repository as Pretended
from mainstem.simulate import SimulatedGitHub, World
from mainstem.store import Database, ids, save_repositories, tables

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)

# Ours, not GitHub's: two captures of one repository differ in them.
OWN_TIMES = {
    "row_synced_at",
    "first_seen_at",
    "details_synced_at",
    "last_synced_at",
    "read_up_to",
}


@dataclass(slots=True)
class StillClock:
    """The time a test says it is."""

    moment: datetime = NOW

    def now(self) -> datetime:
        return self.moment

    def pass_(self, length: timedelta) -> None:
        self.moment += length


@dataclass(slots=True)
class House:
    """What a capture meets: `services`, the pretend GitHub they reach, and the steered clock."""

    services: Services
    github: SimulatedGitHub
    clock: StillClock

    @property
    def world(self) -> World:
        return self.github.world

    @property
    def there(self) -> Pretended:
        """The repository at GitHub."""
        return self.github.world.repository

    @property
    def database(self) -> Database:
        return self.services.database

    @property
    def repository_id(self) -> UUID:
        return ids.repository_id(self.there.id)

    def pull_id(self, number: int) -> UUID:
        return ids.pull_request_id(self.there.id, number)

    def issue_id(self, number: int) -> UUID:
        return ids.issue_id(self.there.id, number)

    def user(self, *, kind: str = "User") -> int:
        """The id of some account of that type."""
        return next(number for number, row in self.world.users.items() if row["type"] == kind)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Every row of a table, in order of GitHub's id where it has one."""
        found = tables.metadata.tables[table]
        order = found.c.github_id if "github_id" in found.c else found.c.id
        return self.database.read(
            lambda conn: [
                dict(row) for row in conn.execute(select(found).order_by(order)).mappings()
            ]
        )

    def what_github_said(self) -> dict[str, list[dict[str, Any]]]:
        """The captured tables without our own times, to compare two captures."""
        return {
            name: [
                {key: value for key, value in row.items() if key not in OWN_TIMES}
                for row in self.rows(name)
            ]
            for name in ("contributors", "pull_requests", "reviews", "comments", "issues")
        }

    def count(self, table: str) -> int:
        return len(self.rows(table))

    def pull(self, number: int) -> dict[str, Any]:
        """The stored pull request of that number."""
        return next(row for row in self.rows("pull_requests") if row["number"] == number)


def save_home(database: Database, there: Pretended, *, at: datetime = NOW) -> None:
    """What discovery leaves behind: the repository's row."""
    owner, name = there.full_name.split("/")
    row: Any = {
        "id": ids.repository_id(there.id),
        "github_id": there.id,
        "owner": owner,
        "name": name,
        "full_name": there.full_name,
    }
    database.write(save_repositories, [row], at=at)


def with_limits(house: House, **limits: Any) -> Services:
    """The house's services under other limits."""
    services = house.services
    return Services(services.database, services.github, services.clock, Limits(**limits))


def text_of(moment: datetime) -> str:
    """A time as GitHub writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
