"""A canary: an event that must come back as a run, so that the whole way is proved once.

The function does nothing but answer with what it was sent. A deployment that wants to be tried
lists `canary_definition` in its catalogue.
"""

import asyncio
import json
import secrets
import time
from dataclasses import dataclass
from typing import Any, Final

import inngest

from mainstem.catalog import EventData, Run, client_sender, define, event
from mainstem.registration.asking import Json, asking
from mainstem.registration.errors import RegistrationError
from mainstem.registration.keys import keys_of
from mainstem.registration.servers import ask_api
from mainstem.settings import Settings

CANARY_ID: Final = "mainstem-canary"
_FIRST_PAUSE_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 1.0


class CanarySent(EventData, name="mainstem/canary"):
    """Asks for `nonce` back."""

    nonce: str


@dataclass(frozen=True, slots=True)
class CanaryAnswer:
    """The answer to a canary."""

    nonce: str


@define(id=CANARY_ID, on=event(CanarySent), name="Mainstem canary", retries=0, sends=())
async def canary_definition(run: Run[CanarySent], services: Any) -> CanaryAnswer:  # noqa: ARG001
    """Answer with what was sent. Touches nothing and needs no services."""
    return CanaryAnswer(run.data.nonce)


class CanaryLost(RegistrationError):  # noqa: N818  it says what happened
    """A canary did not come back. `code` says how far it came: unsent, unanswered, failed."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class CanaryBack:
    """A canary that came back: its event, its run, and how long it took."""

    event_id: str
    run_id: str
    seconds: float


async def send_canary(
    settings: Settings, client: inngest.Inngest, *, wait_s: float = 30
) -> CanaryBack:
    """Send a canary with `client`, and wait up to `wait_s` for its run. Raises `CanaryLost`."""
    nonce = secrets.token_hex(8)
    began = time.monotonic()
    try:
        (event_id,) = await client_sender(client)(CanarySent(nonce=nonce))
    except Exception as error:
        # The SDK's errors have no public base, and for no answer at all it raises a bare Exception.
        raise CanaryLost(
            "unsent",
            f"Cannot send a canary to {client.event_api_origin}: "
            f"{str(error) or type(error).__name__}. Check INNGEST_EVENT_KEY and the address "
            "(`mainstem doctor`).",
        ) from error
    run = await _ended_run(settings, event_id, nonce, until=began + wait_s)
    if run is None:
        raise CanaryLost("unanswered", _UNANSWERED.format(event=event_id, s=f"{wait_s:g}"))
    if str(run.get("status")).upper() != "COMPLETED":
        raise CanaryLost(
            "failed",
            f"The canary's run {run.get('run_id')} ended as {run.get('status')}: "
            f"{json.dumps(run.get('output'))[:300]}. The server reaches the endpoint; the error "
            "is in what it answers.",
        )
    return CanaryBack(event_id, str(run.get("run_id")), round(time.monotonic() - began, 3))


_UNANSWERED: Final = (
    "The canary {event} was accepted, and no run of it ended within {s} seconds. Look whether "
    "'mainstem-canary' is registered in this environment (list `canary_definition` in the "
    "catalogue and run `mainstem sync`), whether the event key is this environment's, and whether "
    "the server can reach the endpoint's address."
)


async def _ended_run(
    settings: Settings, event_id: str, nonce: str, *, until: float
) -> dict[str, Json] | None:
    """The run that the event started, once it is over; None when the time is up before."""
    keys, pause = keys_of(settings), _FIRST_PAUSE_S
    async with asking() as http:
        while True:
            answer = await ask_api(
                http, "GET", settings.api_origin, f"/v1/events/{event_id}/runs", keys,
                branch=settings.inngest_env,
            )  # fmt: skip
            runs = answer.fields.get("data") or []
            for run in runs if isinstance(runs, list) else []:
                # Other functions may start on a pattern that covers the canary's event.
                if nonce in json.dumps(run.get("output")):
                    return dict(run)
            failed = [run for run in runs if str(run.get("status")).upper() in _FAILED]
            if failed and len(failed) == len(runs):
                return dict(failed[0])
            if time.monotonic() >= until:
                return None
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)


_FAILED: Final = ("FAILED", "CANCELLED")
