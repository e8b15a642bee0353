"""Registering: have endpoints register, and wait until the server holds what they serve.

An answer of 200 is no proof. The SDK passes on what the server said, an error too; and a server may
take the registration and hold it at another address. So the server itself is asked, until it has
the functions or the time is up.
"""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import httpx

from mainstem.registration.asking import ask, asking
from mainstem.registration.endpoints import ask_endpoint
from mainstem.registration.keys import Keys, keys_of, signed
from mainstem.registration.refusals import SyncFailed, one_app, refusal
from mainstem.registration.servers import ask_server
from mainstem.registration.sides import Endpoint, HeldApp, Mode, Server, plain_url
from mainstem.settings import Settings, without_password

_FIRST_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Synced:
    """An endpoint that is registered. `functions` are what the server holds of it, by id.

    None where the server does not tell; `note` then says why. `is_modified` is whether it was news
    to the server, None where that is not said.
    """

    url: str
    app_id: str | None
    is_modified: bool | None
    functions: tuple[str, ...] | None
    note: str = ""


async def sync(settings: Settings, urls: Sequence[str], *, wait_s: float = 30) -> list[Synced]:
    """Register the endpoints at `urls`, one after the other, with the server of `settings`.

    Waits for the server up to `wait_s` for each. Raises `SyncFailed` at the first that fails, and
    when two turn out to be one app.
    """
    keys = keys_of(settings)
    mode: Mode = "dev" if settings.inngest_dev else "cloud"
    async with asking() as http:
        endpoints = [await ask_endpoint(http, url, keys) for url in urls]
        for endpoint in endpoints:
            _expect_fit(endpoint, mode)
        _expect_apart(endpoints)
        synced = [
            await _one(http, settings, keys, mode, url, each, wait_s)
            for url, each in zip(urls, endpoints, strict=True)
        ]
        if len(endpoints) > 1:
            await _expect_all_there(http, settings, keys, synced)
    return synced


async def _one(
    http: httpx.AsyncClient,
    settings: Settings,
    keys: Keys,
    mode: Mode,
    url: str,
    endpoint: Endpoint,
    wait_s: float,
) -> Synced:
    """Have the endpoint register, at its `url` as it was given, with a password if it has one."""
    body = json.dumps({"url": url}).encode()
    headers = {"content-type": "application/json", "x-inngest-server-kind": mode}
    key = _key_of(endpoint, keys)
    if key is not None:
        headers |= signed(body, key, now_seconds=int(time.time()))
    answer = await ask(http, "PUT", url, headers=headers, content=body, tries=1)
    if (wrong := refusal(endpoint.url, answer, without_password(settings.api_origin))) is not None:
        raise wrong
    app, note = await _held(http, settings, keys, endpoint, wait_s)
    known = app is not None and app.functions is not None
    return Synced(
        url=endpoint.url,
        app_id=app.app_id if app else endpoint.app_id,
        is_modified=answer.fields.get("modified"),
        functions=tuple(sorted(app.functions or ())) if app is not None and known else None,
        note=note,
    )


async def _held(
    http: httpx.AsyncClient, settings: Settings, keys: Keys, endpoint: Endpoint, wait_s: float
) -> tuple[HeldApp | None, str]:
    """The app as the server holds it, once it holds all that is served; or why that is unknown."""
    needed = endpoint.function_count or 0
    until, pause = time.monotonic() + wait_s, _FIRST_PAUSE_S
    while True:
        server = await ask_server(
            http,
            settings.api_origin,
            keys,
            {endpoint.app_id or settings.app_id},
            branch=settings.inngest_env,
        )
        app = app_at(endpoint, server, settings.app_id)
        if server.unknown:
            return None, f"The server does not tell what it holds: {server.unknown}."
        if app is not None and _holds(app, endpoint) and server.problem is None:
            return _alone(app, endpoint), ""
        if server.problem is not None and time.monotonic() >= until:
            raise SyncFailed(
                endpoint.url,
                server.code,
                f"Cannot tell whether {endpoint.url} is registered: it took the call, and the "
                f"server could not be asked for {wait_s:g} seconds. {server.problem}",
            )
        if time.monotonic() >= until:
            origin = without_password(settings.api_origin)
            has = "no such app" if app is None else f"{len(app.functions or ())} of them"
            raise SyncFailed(
                endpoint.url,
                "not-held",
                f"Cannot register {endpoint.url}: it was told so {wait_s:g} seconds ago, it serves "
                f"{needed} functions, and the server {origin} holds {has}. Does the "
                "endpoint register with another server? Its INNGEST_BASE_URL must be this one's.",
            )
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE_S)


def _alone(app: HeldApp, endpoint: Endpoint) -> HeldApp:
    """`app`, when no other address answers for it. Raises `SyncFailed`."""
    others = [url for url in (app.url, *app.rivals)
              if url is not None and plain_url(url) != plain_url(endpoint.url)]  # fmt: skip
    if app.rivals and others:
        raise one_app(app.app_id, endpoint.url, others[0], done=True)
    return app


def _holds(app: HeldApp, endpoint: Endpoint) -> bool:
    """Whether `app` is what `endpoint` serves, as far as either tells."""
    held = app.functions or {}
    if endpoint.functions is None:
        return len(held) >= (endpoint.function_count or 0)
    return all(
        name in held and held[name].fingerprint in (None, one.fingerprint)
        for name, one in endpoint.functions.items()
    )


def app_at(endpoint: Endpoint, server: Server, app_id: str) -> HeldApp | None:
    """The app that the server holds for `endpoint`: by its own id, its address, or `app_id`."""
    if endpoint.app_id is not None:
        return server.apps.get(endpoint.app_id)
    at_url = server.at(endpoint.url)
    by_id = {app.app_id: app for app in at_url}
    if app_id in by_id or len(at_url) != 1:
        found = by_id.get(app_id)
        return found if found is not None or server.is_listed else server.apps.get(app_id)
    return at_url[0]


def _expect_fit(endpoint: Endpoint, mode: Mode) -> None:
    if endpoint.problem is not None:
        raise SyncFailed(endpoint.url, endpoint.code, endpoint.problem)
    if endpoint.mode != mode:
        raise SyncFailed(
            endpoint.url,
            "mode",
            f"Cannot register {endpoint.url}: it is in {endpoint.mode} mode, and this environment "
            f"is in {mode} mode. Run this with the endpoint's own MAINSTEM_ENV and keys.",
        )


def _expect_apart(endpoints: Sequence[Endpoint]) -> None:
    seen: dict[str, str] = {}
    for one in endpoints:
        if one.app_id is None:
            continue
        if one.app_id in seen:
            raise one_app(one.app_id, one.url, seen[one.app_id])
        seen[one.app_id] = one.url


async def _expect_all_there(
    http: httpx.AsyncClient, settings: Settings, keys: Keys, synced: Sequence[Synced]
) -> None:
    """The last endpoint must not have taken an earlier one's place."""
    names = {one.app_id for one in synced if one.app_id}
    server = await ask_server(http, settings.api_origin, keys, names, branch=settings.inngest_env)
    for one in synced:
        app = server.apps.get(one.app_id or "")
        if app is not None and app.url is not None and plain_url(app.url) != plain_url(one.url):
            raise one_app(app.app_id, one.url, app.url)


def _key_of(endpoint: Endpoint, keys: Keys) -> str | None:
    """The key that the endpoint takes: its own where it tells which, else the first."""
    if endpoint.mode == "dev" or not keys.signing:
        return None
    by_hash = dict(zip(keys.signing_hashes, keys.signing, strict=True))
    return by_hash.get(endpoint.signing_hash or "", keys.signing[0])
