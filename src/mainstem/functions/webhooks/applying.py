"""Applying one delivery: load it, read it, write what it tells, settle it; one transaction."""

from datetime import datetime

from sqlalchemy import Connection

from mainstem.catalog import NonRetriableError
from mainstem.functions.capture.rows import Rows
from mainstem.functions.home import Home
from mainstem.functions.services import Services
from mainstem.functions.webhooks.homes import apply_feed, apply_repository, home_of, with_discovery
from mainstem.functions.webhooks.installed import apply_installation
from mainstem.functions.webhooks.names import rename
from mainstem.functions.webhooks.outcome import Outcome, after, from_json, ignored, to_json
from mainstem.functions.webhooks.records import Records
from mainstem.functions.webhooks.talk import apply_discussion
from mainstem.github import BadAnswer
from mainstem.github.webhooks import (
    BadDelivery,
    CommentTold,
    Delivery,
    DiscussionTold,
    FeedTold,
    InstallationTold,
    IssueTold,
    NameTold,
    PullTold,
    RepositoryTold,
    ReviewTold,
    Told,
    delivery_of,
    read_told,
)
from mainstem.store import load_delivery, settle_delivery


async def apply_delivery(services: Services, delivery_id: str) -> Outcome:
    """Apply the stored delivery of that GUID; one that is settled answers what it answered then.

    Safe to try twice: rows, verdict and answer are one transaction, and what is applied again
    changes nothing. So who was killed between the work and its answer gets that answer. Raises
    `NonRetriableError` for a payload that cannot be read; then nothing is changed.
    """
    try:
        return await services.database.run_write(
            _apply, delivery_id, services.clock.now(), has_token=services.github.has_token
        )
    except (BadDelivery, BadAnswer) as error:
        raise NonRetriableError(f"Cannot apply webhook delivery {delivery_id}: {error}") from error


async def note_failure(services: Services, delivery_id: str, message: str) -> None:
    """Settle a delivery as failed, and keep its payload: it is tried again later."""
    await services.database.run_write(
        settle_delivery, delivery_id, "failed", error=message, at=services.clock.now()
    )


def _apply(conn: Connection, delivery_id: str, at: datetime, *, has_token: bool) -> Outcome:
    stored = load_delivery(conn, delivery_id)
    if stored is None:
        raise NonRetriableError(
            f"Cannot apply webhook delivery {delivery_id}: it is not stored in this database. It "
            "is older than 30 days, or the endpoint that received it uses another one."
        )
    kept = from_json(stored.outcome)
    if stored.payload is None or stored.status in ("handled", "ignored"):
        return kept or ignored(f"it is {stored.status} already")
    delivery = delivery_of(stored.delivery_id, stored.event, stored.hook_id, stored.payload)
    told = apply_told(
        conn, delivery, read_told(delivery), stored.received_at, at, has_token=has_token
    )
    outcome = after(kept, told)
    status = "received" if outcome.status == "waiting" else outcome.status
    settle_delivery(conn, delivery_id, status, error=outcome.why, outcome=to_json(outcome), at=at)
    return outcome


def apply_told(
    conn: Connection,
    delivery: Delivery,
    told: Told | None,
    received_at: datetime,
    at: datetime,
    *,
    has_token: bool = False,
) -> Outcome:
    """Write what a delivery tells, within the caller's transaction.

    `has_token`: what is private may be read without an installation of ours.
    """
    if told is None:
        return ignored("nothing is kept of it")
    if isinstance(told, InstallationTold):
        return apply_installation(conn, told, received_at, at)
    if isinstance(told, RepositoryTold):
        return apply_repository(conn, delivery, told, at, has_token=has_token)
    found = home_of(conn, delivery, at)
    if found is None:
        return ignored("the repository is not tracked")
    home, is_new = found
    outcome = _apply_in(conn, home, told, at)
    return with_discovery(outcome, home) if is_new else outcome


def _apply_in(
    conn: Connection,
    home: Home,
    told: PullTold | ReviewTold | CommentTold | IssueTold | NameTold | FeedTold | DiscussionTold,
    at: datetime,
) -> Outcome:
    records = Records(conn, Rows(home), at)
    match told:
        case PullTold():
            return records.pull(told)
        case ReviewTold():
            return records.review(told)
        case CommentTold():
            return records.comment(told)
        case IssueTold():
            return records.issue(told)
        case NameTold():
            rename(conn, home.id, told, at)
            return Outcome()
        case FeedTold():
            return apply_feed(conn, home, told, at)
        case DiscussionTold():
            return apply_discussion(conn, home, told, at)
