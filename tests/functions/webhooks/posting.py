"""Deliveries put where the endpoint would put them, and applied as the function does."""

import json
from datetime import datetime
from itertools import count
from typing import Any

from mainstem.functions.services import Services
from mainstem.functions.webhooks.applying import apply_delivery
from mainstem.functions.webhooks.outcome import Outcome
from mainstem.simulate import Delivery
from mainstem.store import StoredDelivery, keep_delivery, load_delivery, track_repository

from ..capture.house import NOW, OWN_TIMES, House, save_home  # noqa: TID252  the house of the captures

__all__ = ["NOW", "OWN_TIMES", "House", "post", "post_made", "save_home", "status_of", "track"]

_numbers = count(1)


def stored(
    event: str, payload: dict[str, Any], at: datetime, *, guid: str | None = None
) -> StoredDelivery:
    """The delivery with that payload, as the endpoint keeps it."""
    return StoredDelivery(
        delivery_id=guid or f"delivery-{next(_numbers):08}",
        event=event,
        action=payload.get("action"),
        hook_id=400000001,
        installation_github_id=(payload.get("installation") or {}).get("id"),
        repository_github_id=(payload.get("repository") or {}).get("id"),
        status="received",
        payload=json.loads(json.dumps(payload)),
        received_at=at,
    )


async def post(
    services: Services, event: str, payload: dict[str, Any], *, guid: str | None = None
) -> Outcome:
    """Keep a delivery and apply it."""
    delivery = stored(event, payload, services.clock.now(), guid=guid)
    services.database.write(keep_delivery, delivery)
    return await apply_delivery(services, delivery.delivery_id)


async def post_made(services: Services, made: Delivery) -> Outcome:
    """The same with a delivery of the pretend GitHub."""
    return await post(services, made.event, made.payload, guid=made.guid)


def status_of(services: Services, guid: str) -> str:
    found = services.database.read(load_delivery, guid)
    assert found is not None
    return found.status


def track(house: House) -> None:
    """Track the house's repository, as a discovery would have."""
    owner, name = house.there.full_name.split("/")
    house.database.write(
        track_repository, house.repository_id, owner=owner, name=name, at=house.clock.now()
    )
