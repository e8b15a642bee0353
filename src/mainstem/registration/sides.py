"""What each side says of itself: expected of an environment, told by an endpoint, held by a server.

None means "not known", and beside it stands why. That is another thing than "none" or "no".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from mainstem.registration.described import Described
from mainstem.settings import without_password

Mode = Literal["dev", "cloud"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What should be: by the catalogue and the settings of one environment.

    Keys are there as hashes. `branch` is the branch environment, `sdk` the release installed here,
    `groups` and `tags` what parts of the catalogue can be served by.
    """

    environment: str
    app_id: str
    mode: Mode
    functions: Mapping[str, Described]
    branch: str | None = None
    sdk: str = ""
    app_version: str | None = None
    signing_hashes: tuple[str, ...] = ()
    event_hash: str | None = None
    api_origin: str = ""
    event_origin: str = ""
    groups: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What the endpoint at `url` told. `problem` is why it told nothing, with what to do.

    `functions` are those that it serves, known only where it may be asked in band;
    `functions_unknown` says why not. `app_url` is where it says that it is, `environment` what its
    health says, where it has one of ours. `is_signed` is whether its answer carried our signature,
    None where none is due.
    """

    url: str
    problem: str | None = None
    code: str = ""
    mode: Mode | None = None
    app_id: str | None = None
    app_url: str | None = None
    app_version: str | None = None
    sdk: str | None = None
    framework: str | None = None
    branch: str | None = None
    function_count: int | None = None
    functions: Mapping[str, Described] | None = None
    functions_unknown: str = ""
    is_authenticated: bool = False
    is_signed: bool | None = None
    environment: str | None = None
    signing_hash: str | None = None
    event_hash: str | None = None
    has_event_key: bool | None = None
    has_signing_key: bool | None = None
    api_origin: str | None = None
    event_origin: str | None = None


@dataclass(frozen=True, slots=True)
class HeldApp:
    """An app that a server holds. `functions` are None where the server does not tell them.

    `problem` is why its last sync was refused; `rivals` are other addresses that answer for it.
    `workers` counts its Connect workers, None where the server does not tell.
    """

    app_id: str
    url: str | None = None
    sdk: str | None = None
    framework: str | None = None
    app_version: str | None = None
    branch: str | None = None
    functions: Mapping[str, Described] | None = None
    problem: str | None = None
    rivals: tuple[str, ...] = ()
    workers: int | None = None


@dataclass(frozen=True, slots=True)
class Server:
    """What the server at `origin` told. `problem` is why it told nothing, with what to do.

    `apps` are those that it lists, or those that were asked for by name: `is_listed` says which.
    `unknown` says why an app's functions are not known.
    """

    origin: str
    problem: str | None = None
    code: str = ""
    kind: Mode | None = None
    version: str | None = None
    apps: Mapping[str, HeldApp] = field(default_factory=dict)
    is_listed: bool = False
    unknown: str = ""

    def at(self, url: str) -> tuple[HeldApp, ...]:
        """The apps that the server calls at `url`."""
        same = [app for app in self.apps.values() if app.url is not None]
        return tuple(app for app in same if plain_url(app.url or "") == plain_url(url))


def plain_url(url: str) -> str:
    """`url` without what makes no difference: a slash at the end, another name for loopback, and
    who asks.
    """
    scheme, separator, rest = without_password(url).partition("://")
    if separator:
        host, slash, path = rest.partition("/")
        url = f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"
    return url.partition("?")[0].rstrip("/").replace("://localhost", "://127.0.0.1")
