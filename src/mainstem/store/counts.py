"""How much is stored."""

from collections.abc import Mapping

from sqlalchemy import Connection, func, select

from mainstem.store.tables import metadata


def table_counts(conn: Connection) -> Mapping[str, int]:
    """Rows of every table, by table name, in alphabetical order."""
    return {
        name: conn.execute(select(func.count()).select_from(table)).scalar_one()
        for name, table in sorted(metadata.tables.items())
    }
