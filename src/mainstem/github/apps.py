"""A GitHub App: it proves who it is with its key, and gets a token for each installation.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from mainstem.errors import GitHubError

from .addresses import repository_path
from .answers import Answer
from .budget_rules import JWT_BACKDATED, JWT_LASTS, REFRESH_BEFORE
from .credentials import Credential, Kind, fingerprint
from .errors import BadAnswer, Forbidden, NotFound
from .payload import Fields, rows

Clock = Callable[[], datetime]

_NO_JWT: Final = (
    "Cannot sign in as a GitHub App: PyJWT with cryptography is not installed. Install the extra "
    "with `pip install 'mainstem[app]'`, or set GITHUB_TOKEN instead."
)
_NOT_INSTALLED_FOR: Final = timedelta(minutes=10)
"""How long it is taken as true that an App is not installed on a repository."""


class Call(Protocol):
    """One REST request with a credential of its own: a POST where `post`, else a GET."""

    def __call__(
        self, path: str, *, what: str, credential: Credential, post: bool = False
    ) -> Awaitable[Answer]: ...


@dataclass(frozen=True, slots=True)
class AppKey:
    """An App's id (or client id) and its private key in PEM. The key shows nowhere."""

    app_id: str
    private_key: str = field(repr=False)


def app_token(key: AppKey, now: datetime) -> str:
    """The App's own token: signed, and good for ten minutes from a minute ago.

    Raises `GitHubError` where PyJWT is missing or the key is none.
    """
    try:
        import jwt  # an optional extra, which only those need who configure an App
    except ImportError as error:
        raise GitHubError(_NO_JWT) from error
    claims = {
        "iat": int((now - JWT_BACKDATED).timestamp()),
        "exp": int((now + JWT_LASTS).timestamp()),
        "iss": key.app_id,
    }
    try:
        return jwt.encode(claims, key.private_key, algorithm="RS256")
    except NotImplementedError:
        # PyJWT without the library that signs.
        raise GitHubError(_NO_JWT) from None
    except Exception:  # noqa: BLE001  what the libraries say of a key may quote it: never chained
        raise GitHubError(
            f"Cannot sign in as GitHub App '{key.app_id}': its private key cannot be used. Set "
            "MAINSTEM_GITHUB_APP_PRIVATE_KEY to the whole PEM text that GitHub gave, or "
            "MAINSTEM_GITHUB_APP_PRIVATE_KEY_FILE to its file."
        ) from None


class _Itself:
    """The App as such, which may ask about its installations and nothing else."""

    kind: Kind = "app"

    def __init__(self, base: str, key: AppKey, clock: Clock) -> None:
        self.name = fingerprint(base, "app", key.app_id)
        self.label = f"GitHub App '{key.app_id}'"
        self._key = key
        self._clock = clock

    async def authorization(self) -> str | None:
        return f"Bearer {app_token(self._key, self._clock())}"

    def renew(self, _authorization: str | None, /) -> bool:
        return False


class Installation:
    """An App on one account: a token for an hour at a time, and budgets that stay the same.

    Invariant: one refresh is under way at most; whoever else needs the token waits for it.
    """

    kind: Kind = "installation"

    def __init__(self, app: "App", number: int, name: str) -> None:
        self.name = name
        self.number = number
        self.label = f"installation {number} of {app.label}"
        self._app = app
        self._token = ""
        self._expires_at: datetime | None = None
        self._turn = asyncio.Lock()

    def __repr__(self) -> str:
        return f"Installation({self.number})"

    async def authorization(self) -> str | None:
        async with self._turn:
            if self._is_old():
                self._token, self._expires_at = await self._app.installation_token(self.number)
            return f"Bearer {self._token}"

    def renew(self, authorization: str | None, /) -> bool:
        if authorization == f"Bearer {self._token}":
            self._expires_at = None
        return True

    def _is_old(self) -> bool:
        return self._expires_at is None or self._expires_at - self._app.now() <= REFRESH_BEFORE


class App:
    """Finds the installation that sees a repository, and gets tokens for it."""

    def __init__(self, key: AppKey, *, base: str, clock: Clock, call: Call) -> None:
        self.now = clock
        self._base = base
        self._key = key
        self._call = call
        self._itself = _Itself(base, key, clock)
        self.label = self._itself.label
        self._installations: dict[int, Installation] = {}
        self._of: dict[str, Installation] = {}
        self._not_on: dict[str, datetime] = {}
        self._asking = asyncio.Lock()

    async def on(self, owner: str, name: str) -> Installation | None:
        """The installation on a repository; None if the App is not installed there."""
        place = f"{owner}/{name}".lower()
        async with self._asking:
            if place not in self._of and self._may_ask(place):
                await self._look(owner, name, place)
            return self._of.get(place)

    async def any(self) -> Installation | None:
        """Some installation, for what belongs to no repository; None if there is none."""
        async with self._asking:
            if not self._installations:
                what = f"the installations of {self.label}"
                answer = await self._call(
                    "/app/installations?per_page=1", what=what, credential=self._itself
                )
                for one in rows(_body(answer, what), what):
                    self._known(one.number("id"))
            return next(iter(self._installations.values()), None)

    @property
    def itself(self) -> Credential:
        """The App as such, for what is asked about itself."""
        return self._itself

    def forget(self, owner: str, name: str) -> None:
        """Ask again who sees a repository: the App may have been taken away from it."""
        self._of.pop(f"{owner}/{name}".lower(), None)

    async def installation_token(self, number: int) -> tuple[str, datetime]:
        """A fresh token, and when it ends."""
        what = f"a token for installation {number} of {self.label}"
        path = f"/app/installations/{number}/access_tokens"
        try:
            answer = await self._call(path, what=what, credential=self._itself, post=True)
        except (NotFound, Forbidden):
            # Deleted or suspended: whoever asks next looks for the installation again.
            self._installations.pop(number, None)
            self._of = {place: one for place, one in self._of.items() if one.number != number}
            raise
        told = Fields(_body(answer, what), what)
        return told.text("token"), told.time("expires_at")

    async def _look(self, owner: str, name: str, place: str) -> None:
        what = f"the installation of {self.label} on {owner}/{name}"
        path = repository_path(owner, name, "installation")
        try:
            answer = await self._call(path, what=what, credential=self._itself)
        except NotFound:
            self._not_on[place] = self.now()
            return
        self._of[place] = self._known(Fields(_body(answer, what), what).number("id"))

    def _may_ask(self, place: str) -> bool:
        asked = self._not_on.get(place)
        return asked is None or self.now() - asked >= _NOT_INSTALLED_FOR

    def _known(self, number: int) -> Installation:
        if number not in self._installations:
            name = fingerprint(self._base, "installation", self._key.app_id, str(number))
            self._installations[number] = Installation(self, number, name)
        return self._installations[number]


def _body(answer: Answer, what: str) -> object:
    body = answer.json()
    if body is None:
        raise BadAnswer(
            what, "the answer is no JSON", "Check that the base URL points at GitHub's API."
        )
    return body
