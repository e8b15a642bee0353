"""What a call names its dispatch by, and how a checkpoint finds the call that it belongs to.

A queue item is a request with all of its retries: the id of the first job of that chain, which each
retry carries on. A dispatch is one sending of it, told apart by its generation. Inngest SDK
protocol, "Checkpointing".
"""

import binascii
import re
import sqlite3
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Final

from mainstem.engine.jobs import CALLS, Job
from mainstem.engine.lifecycle import JobStatus

_ITEM: Final = re.compile(r"(\d{1,18})::mainstem")
_DATED: Final = re.compile(r"[0-9A-Z]{26}\.([0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A call as its job stands now; `leased` (milliseconds) while an app has it."""

    generation: int
    attempt: int
    leased: int | None


def chain_of(job: Job) -> str:
    """The id of the first job of a call's chain of retries."""
    return job.detail or str(job.id)


def queue_item(job: Job) -> str:
    """What a call is told as its queue item."""
    return b64encode(f"{chain_of(job)}::mainstem".encode()).decode()


def read_queue_item(text: object) -> str | None:
    """The chain a queue item names; None for what this engine never wrote."""
    if not isinstance(text, str):
        return None
    try:
        found = _ITEM.fullmatch(b64decode(text, validate=True).decode("ascii"))
    except (binascii.Error, ValueError):
        return None
    return found[1] if found else None


def dated_request(request_id: str, generation: str) -> str:
    """A request's id that tells its generation: Connect has no other place for that."""
    return f"{request_id}.{generation}"


def read_generation(generation: object, request_id: object) -> int | None:
    """The generation that a checkpoint names, by itself or in the id of its request."""
    if type(generation) is int:
        return generation
    found = _DATED.fullmatch(request_id) if isinstance(request_id, str) else None
    return int(found[1]) if found else None


def find_dispatch(sql: sqlite3.Connection, run_id: str, chain: str) -> Dispatch | None:
    """The call of a run that this chain has come to; None when it was answered for good."""
    row = sql.execute(
        "SELECT generation, attempt, leased, status FROM jobs WHERE run_id = ?"
        " AND kind IN (?, ?, ?) AND (id = ? OR detail = ?)",
        (run_id, *sorted(CALLS), int(chain), chain),
    ).fetchone()
    if row is None:
        return None
    leased = row["leased"] if row["status"] == JobStatus.LEASED else None
    return Dispatch(row["generation"], row["attempt"], leased)
