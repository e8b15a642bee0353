"""A canary: an event that must come back as a run, so that the whole way is proved once.

The function does nothing but answer with what it was sent. A deployment that wants to be tried
lists `canary_definition` in its catalogue, or serves what `with_canary` gives. Several apps of one
server may have it; each answers every canary, so the run is told by its function.
"""

import asyncio
import json
import secrets
import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar
from urllib.parse import quote

import inngest

from mainstem.catalog import Catalog, EventData, Run, Skipped, client_sender, define, event
from mainstem.registration.asking import Json, asking
from mainstem.registration.errors import RegistrationError
from mainstem.registration.keys import keys_of
from mainstem.registration.servers import ask_api, ask_server, items_of
from mainstem.settings import Settings, without_password

S = TypeVar("S")

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


def with_canary(
    catalog: Catalog[S], *, groups: Collection[str] = (), tags: Collection[str] = ()
) -> Catalog[S]:
    """`catalog` with the canary's function; the same where it has it.

    It belongs to the part of `groups` and `tags` that is served, since a part is an app of its own.
    """
    if CANARY_ID in catalog:
        return catalog
    own = replace(
        canary_definition, group=next(iter(sorted(groups)), None), tags=tuple(sorted(tags))
    )
    return Catalog([*catalog, own], receives=(*catalog.receives, CanarySent))


class CanaryLost(RegistrationError):  # noqa: N818  it says what happened
    """A canary did not come back.

    `code` says how far it came: unregistered, unsent, unanswered, skipped, failed.
    """

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class CanaryBack:
    """A canary that came back: its event, its run, and how long it took.

    `app_id` is the app that answered, `url` where the server calls it; None where the server does
    not tell.
    """

    event_id: str
    run_id: str
    seconds: float
    app_id: str | None = None
    url: str | None = None


async def send_canary(
    settings: Settings, client: inngest.Inngest, *, wait_s: float = 30
) -> CanaryBack:
    """Send a canary with `client`, and wait up to `wait_s` for its run. Raises `CanaryLost`.

    Where the server tells that the app has no such function, none is sent.
    """
    nonce = secrets.token_hex(8)
    began = time.monotonic()
    names = await _names(settings, client.app_id)
    try:
        (event_id,) = await client_sender(client)(CanarySent(nonce=nonce))
    except Exception as error:
        # The SDK's errors have no public base, and for no answer at all it raises a bare Exception.
        raise CanaryLost(
            "unsent",
            f"Cannot send a canary to {without_password(client.event_api_origin)}: "
            f"{str(error) or type(error).__name__}. Check INNGEST_EVENT_KEY and the address "
            "(`mainstem doctor`).",
        ) from error
    run = await _ended_run(settings, event_id, names, nonce, until=began + wait_s)
    if run is None:
        raise CanaryLost("unanswered", _UNANSWERED.format(event=event_id, s=f"{wait_s:g}"))
    if (skipped := Skipped.from_wire(run.get("output"))) is not None:
        raise CanaryLost(
            "skipped",
            f"The canary came back undone: {skipped.reason}. The server reaches the endpoint; "
            "look at MAINSTEM_FUNCTIONS and MAINSTEM_DISABLED_FUNCTIONS where it is deployed.",
        )
    if str(run.get("status")).upper() != "COMPLETED":
        raise CanaryLost(
            "failed",
            f"The canary's run {run.get('run_id')} ended as {run.get('status')}: "
            f"{json.dumps(run.get('output'))[:300]}. The server reaches the endpoint; the error "
            "is in what it answers.",
        )
    seconds = round(time.monotonic() - began, 3)
    app_id, url = await _answered(settings, client.app_id, run, is_ours=names is not None)
    return CanaryBack(event_id, str(run.get("run_id")), seconds, app_id, url)


async def _answered(
    settings: Settings, app_id: str, run: dict[str, Json], *, is_ours: bool
) -> tuple[str | None, str | None]:
    """Which app a run is of, and where the server calls it, as far as the server tells."""
    keys, branch = keys_of(settings), settings.inngest_env
    async with asking() as http:
        server = await ask_server(http, settings.api_origin, keys, {app_id}, branch=branch)
        by_slug = {f"{name}-{CANARY_ID}": name for name in server.apps}
        name = app_id if is_ours else by_slug.get(str(run.get("function_id")))
        for other in () if name is not None else server.apps:
            path = f"/v1/apps/{quote(other, safe='')}/functions"
            answer = await ask_api(http, "GET", settings.api_origin, path, keys, branch=branch)
            ids = {str(one.get("id")) for one in items_of(answer) or ()}
            if str(run.get("function_id")) in ids:
                name = other
    app = server.apps.get(name or "")
    return name, None if app is None else app.url


_UNANSWERED: Final = (
    "The canary {event} was accepted, and no run of it ended within {s} seconds. Look whether "
    "'mainstem-canary' is registered in this environment (list `canary_definition` in the "
    "catalogue and run `mainstem sync`), whether the event key is this environment's, and whether "
    "the server can reach the endpoint's address."
)


async def _names(settings: Settings, app_id: str) -> frozenset[str] | None:
    """What a run may call the app's canary: its id at the server or its full id.

    None where the server does not tell its functions. Raises `CanaryLost` where it has none.
    """
    slug = f"{app_id}-{CANARY_ID}"
    async with asking() as http:
        path = f"/v1/apps/{quote(app_id, safe='')}/functions"
        answer = await ask_api(
            http, "GET", settings.api_origin, path, keys_of(settings), branch=settings.inngest_env
        )
    functions = items_of(answer)
    if not functions:
        return None
    by_slug = {str(one.get("slug")): one.get("id") for one in functions}
    if slug not in by_slug:
        origin = without_password(settings.api_origin)
        raise CanaryLost(
            "unregistered",
            f"Cannot send a canary: app '{app_id}' has no function '{CANARY_ID}' at "
            f"{origin}. List `mainstem.registration.canary_definition` in the "
            "catalogue, deploy it, and run `mainstem sync`.",
        )
    return frozenset({slug, str(by_slug[slug])})


async def _ended_run(
    settings: Settings, event_id: str, names: frozenset[str] | None, nonce: str, *, until: float
) -> dict[str, Json] | None:
    """The run that the event started, once it is over; None when the time is up before."""
    keys, pause = keys_of(settings), _FIRST_PAUSE_S
    async with asking() as http:
        while True:
            answer = await ask_api(
                http, "GET", settings.api_origin, f"/v1/events/{event_id}/runs", keys,
                branch=settings.inngest_env,
            )  # fmt: skip
            told = answer.fields.get("data")
            runs = [run for run in told if isinstance(run, dict)] if isinstance(told, list) else []
            if names is not None:
                runs = [run for run in runs if run.get("function_id") in names]
            for run in runs:
                # Other functions may start on a pattern that covers the canary's event.
                if nonce in json.dumps(run.get("output")):
                    return dict(run)
            undone = [run for run in runs if _is_undone(run)]
            if undone and len(undone) == len(runs):
                return dict(undone[0])
            if time.monotonic() >= until:
                return None
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)


_FAILED: Final = ("FAILED", "CANCELLED")


def _is_undone(run: dict[str, Json]) -> bool:
    is_skipped = Skipped.from_wire(run.get("output")) is not None
    return is_skipped or str(run.get("status")).upper() in _FAILED
