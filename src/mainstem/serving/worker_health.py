"""How a Connect worker is: connected, away since when and why, or stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from mainstem.settings import Settings, without_password

if TYPE_CHECKING:
    from inngest.connect._internal.connection import WorkerConnection

_PROBE_S: Final = 2.0

State = Literal["connected", "away", "stopped"]


@dataclass(frozen=True, slots=True)
class WorkerHealth:
    """`since` is when it came into its state; `problem` what keeps it away, as far as is known.

    `attempts` counts the connections begun since it was last connected.
    """

    state: State
    since: datetime
    app_id: str
    functions: int
    attempts: int = 0
    problem: str | None = None

    @property
    def is_well(self) -> bool:
        """Whether events of the server would reach it now."""
        return self.state == "connected"

    def as_json(self) -> dict[str, Any]:
        """The same for a health page."""
        return {**asdict(self), "ok": self.is_well, "since": self.since.isoformat()}


def pause_before(attempt: int, *, cap: float, chance: float) -> float:
    """Seconds to wait before the next attempt: 1, 2, 4, … up to `cap`, shortened by up to half.

    `chance`, 0 to 1, keeps many workers from coming back in the same moment.
    """
    return float(min(cap, 2.0 ** min(attempt, 30)) * (1 - chance / 2))


def explained(told: str, settings: Settings) -> str:
    """What the SDK said when a connection failed, with what to do about it.

    The SDK keeps the status of an answer and throws away what the server said.
    """
    server = f"the server {without_password(settings.api_origin).rstrip('/')}"
    if "unauthorized" in told:
        cause = f"{server} does not take the key of INNGEST_SIGNING_KEY"
        if settings.signing_key is None:
            cause = f"{server} asks for a key, and {settings.environment} has none (dev mode)"
        mend = "Set MAINSTEM_ENV and INNGEST_SIGNING_KEY to those of the server's environment."
    elif "failed to send start request" in told:
        branch = settings.inngest_env
        named = "no branch environment" if branch is None else f"branch environment '{branch}'"
        cause = f"{server} refuses a worker that names {named}, and its log says why"
        mend = "Set INNGEST_ENV to the server's own, or INNGEST_BASE_URL to this one's server."
    elif "Failed request" in told:
        cause = f"{server} does not answer"
        mend = "Is it running, and is INNGEST_BASE_URL right?"
    else:
        return told
    return f"{told}: {cause}. {mend}"


async def why_silent(settings: Settings) -> str:
    """Why there is no connection, as far as one question to the server tells. Never raises.

    Whatever it answers, it is there; within two seconds or not at all.
    """
    import httpx

    server = without_password(settings.api_origin).rstrip("/")
    try:
        async with httpx.AsyncClient(timeout=_PROBE_S) as http, asyncio.timeout(_PROBE_S):
            await http.get(settings.api_origin)
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
        told = str(error) or f"within {_PROBE_S:g} seconds"
        return (
            f"no answer comes from the server {server} ({told}). "
            "Is it running, and is INNGEST_BASE_URL right?"
        )
    return f"the server {server} answers, and has not connected the worker yet"


def on_refusal(connection: WorkerConnection, heard: Callable[[str], None]) -> None:
    """Have `heard` called with what the server says when it does not take the functions.

    The SDK drops that message and connects again, for ever. It has no public way to hear it; where
    a release keeps its handlers elsewhere, a refusal shows as a worker that is away.
    """
    from inngest.connect._internal import connect_pb2

    handlers: list[Any] = getattr(connection, "_handlers", [])
    failed = getattr(connect_pb2, "SYNC_FAILED", None)
    for handler in handlers[:1]:
        inner = handler.handle_msg

        def handle(msg: Any, *rest: Any, _inner: Any = inner) -> Any:
            if msg.kind == failed:
                told = connect_pb2.SystemError()
                told.ParseFromString(msg.payload)
                heard(told.message)
            return _inner(msg, *rest)

        handler.handle_msg = handle


def end_thread(connection: WorkerConnection) -> None:
    """Stop the loop of the SDK's thread, which then ends; for a connection that is closed.

    It has no public way. Where a release keeps its loop elsewhere, nothing is done.
    """
    loop = getattr(connection, "_loop", None)
    if isinstance(loop, asyncio.AbstractEventLoop) and not loop.is_closed():
        with suppress(RuntimeError):  # closed in the meantime
            loop.call_soon_threadsafe(loop.stop)
