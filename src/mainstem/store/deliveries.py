"""Webhook deliveries: each GUID once, its payload until it is handled, what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, delete, select, update

from mainstem.store.answers import every, expect_one, one
from mainstem.store.sync_logs import MAX_ERROR_CHARS
from mainstem.store.tables import webhook_deliveries
from mainstem.store.upsert import insert_into
from mainstem.store.vocabulary import DeliveryStatus


@dataclass(frozen=True, slots=True)
class StoredDelivery:
    """A remembered delivery; `payload` is None once it is handled, or when none was kept.

    `outcome` is what applying it came to, None before.
    """

    delivery_id: str
    event: str
    action: str | None
    hook_id: int | None
    installation_github_id: int | None
    repository_github_id: int | None
    status: DeliveryStatus
    payload: Mapping[str, Any] | None
    received_at: datetime
    outcome: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class WaitingDelivery:
    """A delivery that nobody has handled yet, without its payload.

    `handled_at` is when that was last tried, None for never.
    """

    delivery_id: str
    event: str
    action: str | None
    repository_github_id: int | None
    installation_github_id: int | None
    received_at: datetime
    handled_at: datetime | None


def keep_delivery(conn: Connection, delivery: StoredDelivery) -> bool:
    """Remember a delivery; False, and nothing changed, for one whose GUID is known."""
    values = {name: getattr(delivery, name) for name in StoredDelivery.__slots__}
    kept = conn.execute(
        insert_into(conn, webhook_deliveries)
        .values(id=uuid4(), **values)
        .on_conflict_do_nothing(index_elements=["delivery_id"])
        .returning(webhook_deliveries.c.id)
    )
    return kept.first() is not None


def is_untried(conn: Connection, delivery_id: str) -> bool:
    """Whether the delivery of that GUID is to be handled, and was never tried."""
    table = webhook_deliveries
    question = select(table.c.id).where(
        table.c.delivery_id == delivery_id,
        table.c.status == "received",
        table.c.handled_at.is_(None),
    )
    return conn.execute(question).first() is not None


def load_delivery(conn: Connection, delivery_id: str) -> StoredDelivery | None:
    """The delivery of that GUID."""
    columns = [webhook_deliveries.c[name] for name in StoredDelivery.__slots__]
    question = select(*columns).where(webhook_deliveries.c.delivery_id == delivery_id)
    return one(conn, question, StoredDelivery)


def settle_delivery(
    conn: Connection,
    delivery_id: str,
    status: DeliveryStatus,
    *,
    at: datetime,
    error: str | None = None,
    outcome: Mapping[str, Any] | None = None,
) -> None:
    """Record what became of a delivery at `at`. Raises `NoRowWritten` for an unknown one.

    `outcome` is kept as it is, to be answered again; None leaves the one that is kept.
    The payload of one that is handled or ignored is dropped; that of a failed one is kept, so that
    it can be handled again.
    """
    values: dict[str, Any] = {
        "status": status,
        "error": None if error is None else error[:MAX_ERROR_CHARS],
        "handled_at": at,
    }
    if status in ("handled", "ignored"):
        values["payload"] = None
    if outcome is not None:
        values["outcome"] = outcome
    result = conn.execute(
        update(webhook_deliveries)
        .where(webhook_deliveries.c.delivery_id == delivery_id)
        .values(values)
    )
    expect_one(result, table="webhook_deliveries", key={"delivery_id": delivery_id})


def waiting_deliveries(
    conn: Connection, *, before: datetime, since: datetime, limit: int
) -> list[WaitingDelivery]:
    """Deliveries received from `since` until `before` and not handled.

    Those never tried come first, the oldest of them first; then those tried longest ago.
    """
    table = webhook_deliveries
    question = (
        select(*(table.c[name] for name in WaitingDelivery.__slots__))
        .where(
            table.c.status.in_(("received", "failed")),
            table.c.received_at < before,
            table.c.received_at >= since,
        )
        # NULLs sort first on one database and last on the other.
        .order_by(
            table.c.handled_at.is_not(None), table.c.handled_at, table.c.received_at, table.c.id
        )
        .limit(limit)
    )
    return every(conn, question, WaitingDelivery)


def known_deliveries(conn: Connection, delivery_ids: Sequence[str]) -> set[str]:
    """Those of `delivery_ids` that were received, whatever became of them."""
    question = select(webhook_deliveries.c.delivery_id)
    wanted = question.where(webhook_deliveries.c.delivery_id.in_(list(delivery_ids)))
    return set(conn.execute(wanted).scalars())


def repository_hooks(conn: Connection, *, since: datetime) -> list[tuple[int, int]]:
    """Hooks that delivered since then without an App: (hook id, GitHub's repository id)."""
    table = webhook_deliveries
    question = (
        select(table.c.hook_id, table.c.repository_github_id)
        .where(
            table.c.received_at >= since,
            table.c.hook_id.is_not(None),
            table.c.repository_github_id.is_not(None),
            table.c.installation_github_id.is_(None),
        )
        .distinct()
        .order_by(table.c.hook_id, table.c.repository_github_id)
    )
    return [(row.hook_id, row.repository_github_id) for row in conn.execute(question)]


def drop_deliveries(conn: Connection, *, before: datetime) -> int:
    """Forget the deliveries received before `before`; how many they were."""
    table = webhook_deliveries
    return conn.execute(delete(table).where(table.c.received_at < before)).rowcount
