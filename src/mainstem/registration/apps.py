"""Whether what a server holds of the endpoints' apps is theirs: address, environment, release."""

from collections.abc import Iterator, Mapping, Sequence

from mainstem.registration.findings import Finding
from mainstem.registration.releases import app_findings, branch_told, sdk_findings
from mainstem.registration.sides import Endpoint, HeldApp, Server, Wanted, plain_url

# Stands for an address where an app has none: its workers come to the server.
CONNECTED = "connect"

_SIGNS = {"dev": "signs nothing (dev mode)", "cloud": "signs its calls (cloud mode)"}


def server_findings(
    wanted: Wanted,
    endpoints: Sequence[Endpoint],
    apps: Mapping[str, str | None],
    server: Server,
) -> Iterator[Finding]:
    """What is wrong with the server, and with what it says of the endpoints' apps.

    `apps` has the app id of each endpoint by its URL; that of an app of Connect workers is under
    `CONNECTED`.
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
    if (connected := apps.get(CONNECTED)) is not None:
        yield from _of_app(wanted, None, connected, server)
    for one in endpoints:
        name = apps[one.url]
        if name is not None:
            yield from _of_app(wanted, one, name, server)
        if len(endpoints) == 1 and one.app_id is None and name not in (None, wanted.app_id):
            yield Finding(
                "error",
                "other-app-id",
                one.url,
                f"The server knows the endpoint {one.url} as app '{name}', and the settings say "
                f"'{wanted.app_id}'.",
                "Set MAINSTEM_APP_ID to the same on both, and run `mainstem sync` if it was "
                "changed.",
            )
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


def _of_app(
    wanted: Wanted, endpoint: Endpoint | None, name: str, server: Server
) -> Iterator[Finding]:
    app = server.apps.get(name)
    if app is None:
        if not server.unknown:
            yield Finding(
                "error",
                "app-missing",
                name,
                f"The server {server.origin} holds no app '{name}': nothing is registered.",
                "Start a worker." if endpoint is None else f"Run `mainstem sync {endpoint.url}`.",
            )
        return
    if endpoint is None:
        yield from _workers(app)
    elif endpoint.problem is None:
        # What does not answer as an endpoint is no second address of the app.
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
            f"{branch_told(wanted.branch)}.",
            "Set INNGEST_ENV to the same where the endpoint runs and here.",
        )
    yield from sdk_findings(wanted.sdk, app.sdk, f"App '{name}' at the server", name)
    yield from app_findings(wanted.app_version, app.app_version, f"app '{name}' at the server")


def _workers(app: HeldApp) -> Iterator[Finding]:
    if app.workers == 0:
        yield Finding(
            "error",
            "no-worker",
            app.app_id,
            f"No worker of app '{app.app_id}' is connected: its events wait for one.",
            "Start a worker; its own health says since when it is away, and why.",
        )
    # Workers have no address: one that the server knows is that of another deployment.
    urls = [app.url, *app.rivals] if app.url is not None else app.rivals
    for url in urls:
        if url.startswith("http"):
            yield Finding(
                "error",
                "two-urls",
                app.app_id,
                f"App '{app.app_id}' is served by Connect workers and at {url} too: the last to "
                "register gets all calls, and the functions of the other are replaced.",
                "Stop one of them, or give it an app id of its own (MAINSTEM_APP_ID).",
            )


def _addresses(app: HeldApp, endpoint: Endpoint) -> Iterator[Finding]:
    expected = endpoint.app_url or endpoint.url
    own = (plain_url(expected), plain_url(endpoint.url))
    is_told = any(plain_url(rival) in own for rival in app.rivals)
    if app.url is not None and plain_url(app.url) not in own and not is_told:
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
