"""The log of what was served to whom: enough to debug a registration from it alone.

The answer to a sync is read as it passes and goes on its way untouched, byte for byte. An endpoint
of the original answered syncs itself and so kept the server from ever seeing its functions (domain
reference, section 9, 2025-09-21), which is why nothing here may answer, delay or change anything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mainstem.serving.log import say
from mainstem.serving.served import Served

_SYNC_KIND = "x-inngest-sync-kind"


def log_sync(
    served: Served,
    *,
    asked: Mapping[str, str],
    status: int,
    headers: Mapping[str, str],
    body: bytes,
) -> None:
    """Log one sync: who asked (its headers), who serves, and what was answered.

    It is a warning when the server refused it, also where the SDK answers 200 with that inside.
    """
    named = {name.lower(): value for name, value in asked.items()}
    told = _read(body)
    refused = status >= 400 or "error" in told
    say(
        "warning" if refused else "info",
        "sync refused" if refused else "sync answered",
        **served.in_short(),
        asked_by=named.get("user-agent", "unknown"),
        server_kind=named.get("x-inngest-server-kind", "unknown"),
        sync_kind=headers.get(_SYNC_KIND, "unknown"),
        status=status,
        answer=_shortened(told),
    )


def _shortened(body: dict[str, Any]) -> dict[str, Any]:
    """The answer without the long and the confidential: counts for lists, no key hashes."""
    kept = {name: value for name, value in body.items() if name != "inspection"}
    if isinstance(functions := kept.get("functions"), list):
        kept["functions"] = len(functions)
    return kept


def _read(body: bytes) -> dict[str, Any]:
    try:
        read = json.loads(body)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {"value": read}
