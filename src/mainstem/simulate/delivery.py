"""One webhook delivery: headers and body as GitHub sends them."""

import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from mainstem.simulate.world import Row

__all__ = ["Delivery", "make_delivery"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """`body` is what is signed: send it as it is. `at` is GitHub's text for a time."""

    guid: str
    event: str
    action: str | None
    payload: Row
    body: bytes
    headers: Mapping[str, str]
    at: str
    repository_id: int | None = None
    installation_id: int | None = None


def make_delivery(
    event: str, payload: Row, at: str, *, seed: str, secret: str | None = None
) -> Delivery:
    """A delivery with that payload. The same `seed` gives the same GUID, as a repetition has.

    https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers
    """
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    guid = str(uuid.uuid5(uuid.NAMESPACE_URL, seed))
    headers = {
        "content-type": "application/json",
        "user-agent": "GitHub-Hookshot/0000000",
        "x-github-delivery": guid,
        "x-github-event": event,
        "x-github-hook-id": "400000001",
        "x-github-hook-installation-target-type": "repository",
    }
    home, installation = payload.get("repository"), payload.get("installation")
    if home is not None:
        headers["x-github-hook-installation-target-id"] = str(home["id"])
    if secret is not None:
        seal = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        headers["x-hub-signature-256"] = f"sha256={seal}"
    return Delivery(
        guid,
        event,
        payload.get("action"),
        payload,
        body,
        headers,
        at,
        None if home is None else home["id"],
        None if installation is None else installation["id"],
    )
