"""Whether endpoint and server are those of the environment: app, client, keys, mode, addresses."""

from collections.abc import Iterator, Mapping, Sequence

from mainstem.registration.findings import Finding
from mainstem.registration.sides import Endpoint, HeldApp, Server, Wanted, plain_url
from mainstem.settings import short_hash

_SIGNS = {"dev": "signs nothing (dev mode)", "cloud": "signs its calls (cloud mode)"}


def endpoint_findings(wanted: Wanted, endpoints: Sequence[Endpoint]) -> Iterator[Finding]:
    """What is wrong with the endpoints, apart from their functions."""
    for one in endpoints:
        if one.problem is not None:
            yield Finding("error", one.code, one.url, one.problem)
            continue
        if one.mode is not None and one.mode != wanted.mode:
            yield _signature_mode(wanted, one)
        if len(endpoints) == 1 and one.app_id not in (None, wanted.app_id):
            yield Finding(
                "error",
                "other-app-id",
                one.url,
                f"The endpoint {one.url} is app '{one.app_id}', and the settings say "
                f"'{wanted.app_id}'.",
                "Set MAINSTEM_APP_ID to the same on both.",
            )
        yield from _other_client(wanted, one)
        yield from _keys(wanted, one)
        yield from _sdk(wanted.sdk, one.sdk, f"The endpoint {one.url}", one.url)
        yield from _version(wanted.app_version, one.app_version, one.url)
    yield from _one_app_twice(endpoints)


def server_findings(
    wanted: Wanted,
    endpoints: Sequence[Endpoint],
    apps: Mapping[str, str | None],
    server: Server,
) -> Iterator[Finding]:
    """What is wrong with the server, and with what it says of the endpoints' apps.

    `apps` has the app id of each endpoint, by its URL.
    """
    if server.problem is not None:
        yield Finding("error", server.code, server.origin, server.problem)
        return
    if server.kind is not None and server.kind != wanted.mode:
        yield Finding(
            "error",
            "server-kind",
            server.origin,
            f"The server {server.origin} {_SIGNS[server.kind]}, and {wanted.environment} is in "
            f"{wanted.mode} mode.",
            "Set INNGEST_BASE_URL to the environment's own server.",
        )
    for one in endpoints:
        name = apps[one.url]
        if name is not None:
            yield from _of_app(wanted, one, name, server)
        for other in server.at(one.url):
            if other.app_id != name and (one.app_id is not None or len(server.at(one.url)) > 1):
                yield Finding(
                    "error",
                    "stale-app",
                    other.app_id,
                    f"The server also holds app '{other.app_id}' at {one.url}, which is not the "
                    "endpoint's: its functions still take events and cannot be called.",
                    "Remove that app at the server; its id was changed.",
                )


def _of_app(wanted: Wanted, endpoint: Endpoint, name: str, server: Server) -> Iterator[Finding]:
    app = server.apps.get(name)
    if app is None:
        if not server.unknown:
            yield Finding(
                "error",
                "app-missing",
                name,
                f"The server {server.origin} holds no app '{name}': nothing is registered.",
                f"Run `mainstem sync {endpoint.url}`.",
            )
        return
    yield from _addresses(app, endpoint)
    if app.problem is not None:
        yield Finding("error", "sync-refused", name,
                      f"The last sync of app '{name}' was refused: {app.problem}")  # fmt: skip
    if app.branch != wanted.branch and app.branch is not None:
        yield Finding(
            "error",
            "wrong-environment",
            name,
            f"The server holds app '{name}' in branch environment '{app.branch}', expected "
            f"{_branch(wanted.branch)}.",
            "Set INNGEST_ENV to the same where the endpoint runs and here.",
        )
    yield from _sdk(wanted.sdk, app.sdk, f"App '{name}' at the server", name)
    yield from _version(wanted.app_version, app.app_version, f"app '{name}' at the server")


def _addresses(app: HeldApp, endpoint: Endpoint) -> Iterator[Finding]:
    expected = endpoint.app_url or endpoint.url
    if app.url is not None and plain_url(app.url) not in (
        plain_url(expected),
        plain_url(endpoint.url),
    ):
        yield Finding(
            "error",
            "other-url",
            app.app_id,
            f"The server calls app '{app.app_id}' at {app.url}, and this endpoint is {expected}: "
            "two addresses for one app, of which the last to sync wins.",
            "Give each deployment an app id of its own (MAINSTEM_APP_ID), or stop the other one, "
            f"and run `mainstem sync {endpoint.url}`.",
        )
    for rival in app.rivals:
        yield Finding(
            "error",
            "two-urls",
            app.app_id,
            f"App '{app.app_id}' is served at two addresses that both answer: {app.url} and "
            f"{rival}. Calls go to the first only.",
            "Stop one of them, or give it an app id of its own (MAINSTEM_APP_ID).",
        )


def _one_app_twice(endpoints: Sequence[Endpoint]) -> Iterator[Finding]:
    ids = [one.app_id for one in endpoints if one.app_id is not None]
    for name in sorted({name for name in ids if ids.count(name) > 1}):
        urls = [one.url for one in endpoints if one.app_id == name]
        yield Finding(
            "error",
            "two-urls",
            name,
            f"{' and '.join(urls)} are both app '{name}': a server keeps one address for an app, "
            "and the functions of the last to sync replace the others'.",
            "Give each deployment an app id of its own (MAINSTEM_APP_ID).",
        )


def _signature_mode(wanted: Wanted, endpoint: Endpoint) -> Finding:
    is_open = endpoint.mode == "dev"
    return Finding(
        "error",
        "signature-mode",
        endpoint.url,
        f"The endpoint {endpoint.url} is in {endpoint.mode} mode, and {wanted.environment} is in "
        f"{wanted.mode} mode" + (": it runs functions for anybody who asks." if is_open else "."),
        "Unset INNGEST_DEV and set MAINSTEM_ENV where it runs." if is_open
        else "Run this for the endpoint's environment (MAINSTEM_ENV), with its keys.",
    )  # fmt: skip


def _other_client(wanted: Wanted, endpoint: Endpoint) -> Iterator[Finding]:
    origins = (
        ("registers with", endpoint.api_origin, wanted.api_origin, "INNGEST_API_BASE_URL"),
        ("sends its events to", endpoint.event_origin, wanted.event_origin,
         "INNGEST_EVENT_API_BASE_URL"),
    )  # fmt: skip
    for does, told, expected, variable in origins:
        if told is not None and plain_url(told) != plain_url(expected):
            yield Finding(
                "error",
                "other-client",
                endpoint.url,
                f"The client of the endpoint {endpoint.url} {does} {told}, expected {expected}.",
                f"Set INNGEST_BASE_URL (or {variable}) to the same on both.",
            )
    for name in sorted(_strangers(wanted, endpoint)):
        yield Finding(
            "error",
            "other-client",
            name,
            f"The endpoint {endpoint.url} serves '{name}', which was made with the client of "
            f"another app than '{endpoint.app_id}': calls of it will not find it.",
            "Bind its definition with the catalogue, or adopt it: `catalog.adopt(function)`.",
        )
    if endpoint.is_authenticated and endpoint.branch != wanted.branch:
        yield Finding(
            "error",
            "wrong-environment",
            endpoint.url,
            f"The endpoint {endpoint.url} is in {_branch(endpoint.branch)}, expected "
            f"{_branch(wanted.branch)}.",
            "Set INNGEST_ENV to the same where the endpoint runs and here.",
        )


def _strangers(wanted: Wanted, endpoint: Endpoint) -> set[str]:
    """What is served under another app's id, and is one of ours behind it."""
    others = {*(endpoint.functions or ())} - wanted.functions.keys()
    return {
        name for name in others if any(name.endswith(f"-{known}") for known in wanted.functions)
    }


def _keys(wanted: Wanted, endpoint: Endpoint) -> Iterator[Finding]:
    known = wanted.signing_hashes
    if endpoint.signing_hash is not None and known and endpoint.signing_hash != known[0]:
        is_rotated = endpoint.signing_hash in known
        yield Finding(
            "warning" if is_rotated else "error",
            "signing-key-differs",
            endpoint.url,
            f"The signing key of {endpoint.url} is another than ours (hash "
            f"{short_hash(endpoint.signing_hash)} there, {short_hash(known[0])} here)"
            + (": it has our fallback key." if is_rotated else "."),
            "Finish the rotation: set INNGEST_SIGNING_KEY to the new key everywhere."
            if is_rotated
            else "Set INNGEST_SIGNING_KEY to the same on both.",
        )
    told, ours = endpoint.event_hash, wanted.event_hash
    if told is not None and ours is not None and told != ours:
        yield Finding(
            "error",
            "event-key-differs",
            endpoint.url,
            f"The event key of {endpoint.url} is another than ours (hash {short_hash(told)} there, "
            f"{short_hash(ours)} here): its events may go to another environment.",
            "Set INNGEST_EVENT_KEY to the same on both.",
        )
    for name, has in (
        ("INNGEST_EVENT_KEY", endpoint.has_event_key),
        ("INNGEST_SIGNING_KEY", endpoint.has_signing_key),
    ):
        if has is False and endpoint.mode == "cloud":
            yield Finding("error", "key-missing", endpoint.url,
                          f"The endpoint {endpoint.url} is in cloud mode without a key.",
                          f"Set {name} where it runs.")  # fmt: skip


def _sdk(expected: str, told: str | None, who: str, subject: str) -> Iterator[Finding]:
    if told is None or not expected:
        return
    plain = told.removeprefix("inngest-").replace(":v", " ")
    wanted = expected.removeprefix("inngest-").replace(":v", " ")
    if plain != wanted:
        yield Finding(
            "error",
            "other-sdk",
            subject,
            f"{who} has the SDK {plain}, here it is {wanted}.",
            "Install the same release on both: deploy with the locked requirements.",
        )


def _version(expected: str | None, told: str | None, who: str) -> Iterator[Finding]:
    if None not in (expected, told) and expected != told:
        yield Finding(
            "error",
            "other-app-version",
            who,
            f"Version '{told}' of the app is at {who}, expected '{expected}'.",
            "Wait until the deployment is through, or deploy again.",
        )


def _branch(name: str | None) -> str:
    return "no branch environment" if name is None else f"branch environment '{name}'"
