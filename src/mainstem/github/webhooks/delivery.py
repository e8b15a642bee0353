"""One delivery: what its headers say, and which repository and installation its body names.

Only the envelope is read here, so that every delivery can be remembered, those included of events
that we do not know. What it says is read by `reading`, when it is applied.

https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mainstem.errors import GitHubError
from mainstem.github.errors import BadAnswer
from mainstem.github.payload import Fields

MAX_BODY_BYTES: Final = 25 * 1024 * 1024
"""GitHub sends no payload above 25 MB."""

_GUID = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{7,63}")
_EVENT = re.compile(r"[a-z][a-z0-9_]{0,63}")


class BadDelivery(GitHubError):  # noqa: N818  the names read as what happened
    """What arrived is no delivery of GitHub's: a header or the envelope is missing or wrong."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery's envelope and its payload. `id` is the GUID; a redelivery has the same one."""

    id: str
    event: str
    action: str | None
    hook_id: int | None
    installation_id: int | None
    repository_id: int | None
    repository_name: str | None
    payload: Mapping[str, Any]


def read_delivery(headers: Mapping[str, str], body: bytes) -> Delivery:
    """The delivery of these headers (lower-case names) and this JSON body. Raises `BadDelivery`."""
    guid = _header(headers, "x-github-delivery", _GUID)
    event = _header(headers, "x-github-event", _EVENT)
    hook = headers.get("x-github-hook-id", "")
    try:
        payload = json.loads(body, parse_constant=_no_json)
    except (ValueError, RecursionError) as error:
        raise _bad("its body is not JSON (the hook's content type must be application/json)") \
            from error  # fmt: skip
    if not isinstance(payload, dict):
        raise _bad("its body is not a JSON object")
    return delivery_of(
        guid, event, int(hook) if hook.isascii() and hook.isdigit() else None, payload
    )


def delivery_of(guid: str, event: str, hook_id: int | None, payload: Mapping[str, Any]) -> Delivery:
    """The delivery with that payload, as it came or as it was kept. Raises `BadDelivery`."""
    try:
        fields = Fields(payload, f"the payload of delivery {guid} ({event})")
        repository = fields.child_or_none("repository")
        installation = fields.child_or_none("installation")
        return Delivery(
            id=guid,
            event=event,
            action=fields.text_or_none("action"),
            hook_id=hook_id,
            installation_id=None if installation is None else installation.number("id"),
            repository_id=None if repository is None else repository.number("id"),
            repository_name=None if repository is None else repository.text("full_name"),
            payload=payload,
        )
    except BadAnswer as error:
        raise _bad(f"{error.what}: {error.found}") from error


def _no_json(word: str) -> None:
    """Python reads NaN and Infinity, which are no JSON and which no database would take."""
    raise ValueError(f"{word} is no JSON")


def _header(headers: Mapping[str, str], name: str, shape: re.Pattern[str]) -> str:
    value = headers.get(name, "").strip()
    if not shape.fullmatch(value):
        raise _bad(f"its header {name} is {'not what GitHub sends' if value else 'missing'}")
    return value


def _bad(found: str) -> BadDelivery:
    return BadDelivery(
        f"Cannot take a webhook delivery: {found}. Nothing was stored. Only GitHub should send to "
        "this address; look at the hook's recent deliveries there."
    )
