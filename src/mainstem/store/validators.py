"""Validators of conditional requests, kept beside the data that they vouch for.

Of each address only what came with an answer that is stored. Losing a row costs a request, never a
record.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import Connection, select

from mainstem.store.database import Database
from mainstem.store.tables import conditional_requests as table
from mainstem.store.upsert import insert_into

Validator = tuple[str | None, str | None]


def known_validator(conn: Connection, credential: str, url: str) -> Validator | None:
    """The accepted ETag and Last-Modified of `url`; None if there is neither."""
    question = select(table.c.etag, table.c.last_modified).where(
        table.c.credential == credential, table.c.url == url
    )
    row = conn.execute(question).one_or_none()
    return None if row is None or row == (None, None) else (row.etag, row.last_modified)


def accept_validators(
    conn: Connection, offers: Sequence[tuple[str, str, Validator]], *, at: datetime
) -> None:
    """Those are known from now on: credential, address, and what its stored answer came with."""
    for credential, url, (etag, last_modified) in sorted(offers, key=lambda offer: offer[:2]):
        values = {"etag": etag, "last_modified": last_modified, "checked_at": at}
        conn.execute(
            insert_into(conn, table)
            .values(id=uuid4(), credential=credential, url=url, **values)
            .on_conflict_do_update(index_elements=["credential", "url"], set_=values)
        )


class StoredValidators:
    """The same for an event loop, each call in a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def known(self, credential: str, url: str) -> Validator | None:
        return await self._database.run_read(known_validator, credential, url)

    async def accept(self, offers: Sequence[tuple[str, str, Validator]]) -> None:
        await self._database.run_write(accept_validators, offers, at=datetime.now(UTC))
