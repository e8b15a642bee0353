"""The migrations: which exist, where a database stands, and bringing it up to date.

`REVISIONS` repeats the migrations' own chain, so that the check at every start needs no Alembic;
a test holds the two equal.
"""

from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from mainstem.store.errors import SchemaOutdated, SchemaTooNew

if TYPE_CHECKING:
    from alembic.config import Config

REVISIONS: tuple[str, ...] = ("0001", "0002")
HEAD = REVISIONS[-1]


def current_revision(conn: Connection) -> str | None:
    """The migration that the database stands at, or None for one never migrated."""
    if not inspect(conn).has_table("alembic_version"):
        return None
    found = conn.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def check_current(conn: Connection, *, url: str) -> None:
    """Raise `SchemaOutdated` or `SchemaTooNew` unless the database stands at `HEAD`."""
    found = _known_revision(conn, url=url)
    if found != HEAD:
        raise SchemaOutdated(url=url, found=found, expected=HEAD)


def upgrade(conn: Connection, *, url: str) -> None:
    """Run the missing migrations inside the caller's transaction, which must hold the lock.

    Raises `SchemaTooNew`, changing nothing, when the database is ahead of this code.
    """
    if _known_revision(conn, url=url) == HEAD:
        return
    from alembic import command

    command.upgrade(_config(conn), "head")


def downgrade(conn: Connection, revision: str = "base") -> None:
    """Undo migrations down to `revision`; data in dropped tables is lost."""
    from alembic import command

    command.downgrade(_config(conn), revision)


def _known_revision(conn: Connection, *, url: str) -> str | None:
    found = current_revision(conn)
    if found is not None and found not in REVISIONS:
        raise SchemaTooNew(url=url, found=found, expected=HEAD)
    return found


def _config(conn: Connection) -> "Config":
    from alembic.config import Config

    config = Config(attributes={"connection": conn})
    # Package and folder, not a path: found in a checkout and in an installed wheel alike.
    config.set_main_option("script_location", "mainstem.store:migrations")
    # Alembic asks for it; we have one folder of versions, so it separates nothing.
    config.set_main_option("path_separator", "os")
    return config
