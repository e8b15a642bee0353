"""What the server remembers: when it took each function in, and how its last runs went.

The embedded engine tells both, at `/v1/apps` and `/v1/functions/runs`. Other servers have no list
of either, so there it is not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from mainstem.catalog import Skipped
from mainstem.registration import Answer
from mainstem.web.status.facts import LastRun, Sync

Json = Any
Object = Mapping[str, Json]

RUNS_SHOWN = 5
_METHODS = {
    "out_of_band": "the endpoint sent its functions",
    "in_band": "the server fetched its functions",
    "connect": "a Connect worker sent its functions",
}


@dataclass(frozen=True, slots=True)
class Runs:
    """A function's last runs, newest first, and those of the last day counted by status."""

    last: tuple[LastRun, ...]
    today: Mapping[str, int] = field(default_factory=dict)


def syncs_in(answer: Answer, *, app_id: str) -> dict[str, Sync] | None:
    """The last sync of each function of `app_id`, by its id; None where the server tells none."""
    apps = _items(answer)
    if apps is None:
        return None
    for app in apps:
        if app.get("name") == app_id:
            return {
                str(one["slug"]).removeprefix(f"{app_id}-"): _sync(app, one)
                for one in app.get("functions") or ()
            }
    return {}


def runs_in(answer: Answer, *, app_id: str) -> dict[str, Runs] | None:
    """The last runs of each function of `app_id`, by its id; None where the server tells none."""
    items = _items(answer)
    if items is None:
        return None
    prefix = f"{app_id}-"
    return {
        str(one["function_id"]).removeprefix(prefix): Runs(
            tuple(_run(run) for run in one.get("runs") or ()),
            {str(status).lower(): int(n) for status, n in (one.get("counts") or {}).items()},
        )
        for one in items
        if str(one.get("function_id", "")).startswith(prefix)
    }


def _sync(app: Object, function: Object) -> Sync:
    method = str(app.get("sync_method") or "")
    answer = "taken in"
    if app.get("last_error"):
        answer = f"taken in; a later sync was refused: {app['last_error']}"
    elif function.get("changed_at") == function.get("synced_at"):
        answer = "taken in, as a new configuration"
    elif function.get("changed_at"):
        answer = "taken in, unchanged"
    return Sync(
        at=_moment(function.get("synced_at")) or datetime.fromtimestamp(0, UTC),
        answer=answer,
        method=_METHODS.get(method, method),
        version=function.get("version"),
        changed_at=_moment(function.get("changed_at")),
    )


def _run(told: Object) -> LastRun:
    status = str(told.get("status", "")).lower()
    output = told.get("output")
    reason = told.get("skip_reason")
    error = None
    if (skipped := Skipped.from_wire(output)) is not None:
        # The run ended as done, since nothing went wrong; what it did was nothing.
        status, reason, output = "skipped", skipped.reason, None
    elif status == "failed":
        error, output = _error(output), None
    return LastRun(
        id=str(told["id"]),
        status=status,
        created_at=_moment(told.get("created_at")) or datetime.fromtimestamp(0, UTC),
        started_at=_moment(told.get("started_at")),
        ended_at=_moment(told.get("ended_at")),
        result=output,
        error=error,
        skip_reason=None if reason is None else str(reason),
    )


def _error(output: Json) -> str:
    if isinstance(output, Mapping):
        name, message = output.get("name"), output.get("message")
        told = ": ".join(str(part) for part in (name, message) if part)
        return told or "it failed without a message"
    return "it failed; the error is long" if output is None else str(output)


def _items(answer: Answer) -> list[Object] | None:
    data = answer.fields.get("data")
    if answer.status != 200 or not isinstance(data, list):
        return None
    return [one for one in data if isinstance(one, Mapping)]


def _moment(milliseconds: Json) -> datetime | None:
    if not isinstance(milliseconds, int | float) or not milliseconds:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
