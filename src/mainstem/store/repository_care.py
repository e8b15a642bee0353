"""What GitHub says of known repositories: their names, and whether it shows them at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection, or_, select, update

from mainstem.store.answers import every, one
from mainstem.store.rows import RepositoryRow
from mainstem.store.tables import repositories
from mainstem.store.writers import save_repositories

Refused = Literal["unreachable", "blocked"]

# One 404 may be a deploy of GitHub's, a token that was just changed, or a repository on its way
# from one owner to another. Three over a day are none of these.
STRIKES = 3
STRIKES_OVER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class KnownRepository:
    """A stored repository and how GitHub answered for it lately."""

    id: UUID
    github_id: int
    owner: str
    name: str
    full_name: str
    former_names: Sequence[str] | None
    refused: str | None
    refusals: int
    first_refused_at: datetime | None
    metadata_refreshed_at: datetime | None


def repositories_to_refresh(conn: Connection) -> list[UUID]:
    """Active public repositories, those with most stars first.

    Those that GitHub refuses are among them: once a day they cost a request, and may be back.
    """
    table = repositories
    question = (
        select(table.c.id)
        .where(table.c.is_active, or_(table.c.is_private.is_(None), ~table.c.is_private))
        # NULLs sort first on one database and last on the other: "unknown" has a key of its own.
        .order_by(table.c.stargazers_count.is_(None), table.c.stargazers_count.desc(), table.c.id)
    )
    return list(conn.execute(question).scalars())


def known_repositories(conn: Connection, ids: Sequence[UUID]) -> list[KnownRepository]:
    """The stored ones of `ids`, in that order."""
    found = {
        row.id: row
        for row in every(conn, _KNOWN.where(repositories.c.id.in_(ids)), KnownRepository)
    }
    return [found[wanted] for wanted in ids if wanted in found]


def save_refreshed(conn: Connection, row: RepositoryRow, *, at: datetime) -> None:
    """Store what GitHub said at `at`: a name it had before is kept, a refusal is over.

    Raises `KeyConflict` when another stored repository holds the new name.
    """
    known = one(conn, _KNOWN.where(repositories.c.id == row["id"]), KnownRepository)
    if known is not None and known.full_name != row.get("full_name", known.full_name):
        former = [*(known.former_names or ()), known.full_name]
        row = {**row, "former_names": list(dict.fromkeys(former))}
    save_repositories(conn, [row], at=at)
    conn.execute(
        update(repositories)
        .where(repositories.c.id == row["id"])
        .values(metadata_refreshed_at=at, refused=None, refusals=0, first_refused_at=None)
    )


def note_refusal(
    conn: Connection, repository_id: UUID, *, is_blocked: bool, at: datetime
) -> Refused | None:
    """Count one refusal at `at`, and give what the repository is now.

    Counting it again for the same moment changes nothing: `metadata_refreshed_at`, which is when
    GitHub was last asked, tells that this one was counted.
    """
    known = one(conn, _KNOWN.where(repositories.c.id == repository_id), KnownRepository)
    if known is None:
        return None
    values: dict[str, Any] = {"metadata_refreshed_at": at}
    was_counted = known.metadata_refreshed_at is not None and known.metadata_refreshed_at >= at
    refusals = known.refusals if was_counted else known.refusals + 1
    first = known.first_refused_at or at
    refused = refusal_after(refusals, first, is_blocked=is_blocked, at=at)
    values |= {"refusals": refusals, "first_refused_at": first, "refused": refused}
    conn.execute(update(repositories).where(repositories.c.id == repository_id).values(values))
    return refused


def refusal_after(
    refusals: int, first: datetime, *, is_blocked: bool, at: datetime
) -> Refused | None:
    """What a repository is after so many refusals in a row: blocked at once, unreachable only
    after three over a day."""
    if is_blocked:
        return "blocked"
    return "unreachable" if refusals >= STRIKES and at - first >= STRIKES_OVER else None


_KNOWN = select(
    repositories.c.id,
    repositories.c.github_id,
    repositories.c.owner,
    repositories.c.name,
    repositories.c.full_name,
    repositories.c.former_names,
    repositories.c.refused,
    repositories.c.refusals,
    repositories.c.first_refused_at,
    repositories.c.metadata_refreshed_at,
)
