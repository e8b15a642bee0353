"""How the endpoint is, for load balancers and people: served at `/healthz`, without secrets."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from mainstem.errors import StoreError
from mainstem.settings import Settings
from mainstem.store import Database, SchemaOutdated, SchemaTooNew


@dataclass(frozen=True, slots=True)
class DatabaseHealth:
    """Whether the database answers, and whether its schema is the one this code needs."""

    reachable: bool
    migrations_current: bool
    problem: str | None = None

    @property
    def is_well(self) -> bool:
        return self.reachable and self.migrations_current


@dataclass(frozen=True, slots=True)
class Health:
    """What `/healthz` answers; `ok` is false when a run would fail now.

    `database` is None where the services are not our own, whose database we know.
    """

    ok: bool
    environment: str
    decided_by: str
    app_id: str
    mode: str
    functions: int
    database: DatabaseHealth | None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def database_health(database: Database) -> DatabaseHealth:
    """Ask `database`, once. Blocks; call it on a thread."""
    try:
        database.check_current()
    except (SchemaOutdated, SchemaTooNew) as error:
        return DatabaseHealth(reachable=True, migrations_current=False, problem=str(error))
    except StoreError as error:
        return DatabaseHealth(reachable=False, migrations_current=False, problem=str(error))
    return DatabaseHealth(reachable=True, migrations_current=True)


def health(settings: Settings, *, functions: int, database: DatabaseHealth | None) -> Health:
    """Put together what is known; pure."""
    return Health(
        ok=database is None or database.is_well,
        environment=str(settings.environment),
        decided_by=settings.decided_by,
        app_id=settings.app_id,
        mode="dev" if settings.inngest_dev else "cloud",
        functions=functions,
        database=database,
    )
