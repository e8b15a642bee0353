"""Validators of conditional requests, kept beside the data that they vouch for.

Two columns for each address: what is known, and what was offered with a full answer that may not
be stored yet. Losing a row costs a request, never a record.
"""

from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import Connection, or_, select, update

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


def offer_validator(
    conn: Connection, credential: str, url: str, validator: Validator, *, at: datetime
) -> None:
    """Keep what a full answer came with, to be accepted when that answer is stored."""
    etag, last_modified = validator
    values = {
        "offered_etag": etag,
        "offered_last_modified": last_modified,
        "checked_at": at,
    }
    conn.execute(
        insert_into(conn, table)
        .values(id=uuid4(), credential=credential, url=url, **values)
        .on_conflict_do_update(index_elements=["credential", "url"], set_=values)
    )


def accept_validators(conn: Connection, prefix: str) -> None:
    """What was offered for addresses that begin with `prefix` is known from now on."""
    conn.execute(
        update(table)
        .where(
            table.c.url.startswith(prefix, autoescape=True),
            or_(table.c.offered_etag.is_not(None), table.c.offered_last_modified.is_not(None)),
        )
        .values(
            etag=table.c.offered_etag,
            last_modified=table.c.offered_last_modified,
            offered_etag=None,
            offered_last_modified=None,
        )
    )


class StoredValidators:
    """The same for an event loop, each in a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def known(self, credential: str, url: str) -> Validator | None:
        return await self._database.run_read(known_validator, credential, url)

    async def offer(self, credential: str, url: str, validator: Validator) -> None:
        now = datetime.now(UTC)
        await self._database.run_write(offer_validator, credential, url, validator, at=now)

    async def accept(self, prefix: str) -> None:
        await self._database.run_write(accept_validators, prefix)
