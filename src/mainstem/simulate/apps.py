"""A GitHub App: its installations, the tokens they get, and what these may see.

An App proves itself by a JWT that its private key has signed (RS256, good for ten minutes at most);
an installation's token is good for an hour. https://docs.github.com/en/rest/apps/apps
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from mainstem.simulate.answers import Answer, failure
from mainstem.simulate.listing import cut, link_header
from mainstem.simulate.world import Repository, Row, World

__all__ = ["App", "Apps", "Installation"]


@dataclass(frozen=True, slots=True)
class Installation:
    """Where an App is installed. `repositories` are full names; None is every one there is."""

    id: int
    account: str
    repositories: frozenset[str] | None = None
    core_per_hour: int = 5_000
    graphql_per_hour: int = 5_000
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class App:
    """`public_key` (PEM) checks the JWTs; without it any JWT is taken for the App's."""

    id: int
    installations: tuple[Installation, ...] = ()
    public_key: str | None = None
    slug: str = "harbour-master"
    token_seconds: int = 3_600


@dataclass(slots=True)
class Apps:
    """Answers the App's own requests, and keeps the tokens that it gave out."""

    app: App | None
    world: World
    issued: dict[str, tuple[Installation, datetime]] = field(default_factory=dict)

    def installation_of(self, token: str | None, now: datetime) -> Installation | None:
        """The installation that a token was made for, while it is good."""
        found = self.issued.get(token or "")
        return found[0] if found is not None and now < found[1] else None

    def has_expired(self, token: str | None, now: datetime) -> bool:
        """Whether the token was one of an installation and is no more; unknown ones are too."""
        if self.app is None or token is None or not token.startswith("ghs_"):
            return False
        return self.installation_of(token, now) is None

    def answer(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        token: str | None,
        *,
        now: datetime,
        api: str,
    ) -> Answer | None:
        """The answer to one of the App's requests; None when the path is none of them."""
        parts = path.strip("/").split("/")
        of_repository = parts[0] == "repos" and len(parts) == 4 and parts[3] == "installation"
        if self.app is None or not (parts[0] == "app" or of_repository):
            return None
        problem = _wrong_jwt(self.app, token, now)
        if problem is not None:
            return Answer(401, failure(401, problem).body, {}, f"{method} /app (bad token)")
        if of_repository:
            return self._for_repository("/".join(parts[1:3]), api)
        if method == "GET" and parts == ["app"]:
            return Answer(200, _app_row(self.app, api), {}, "GET /app")
        if parts[1:2] != ["installations"]:
            return None
        rows = [self._installation_row(one, api) for one in self.app.installations]
        if method == "GET" and len(parts) == 2:
            part = cut(rows, query)
            link = link_header(f"{api}/app/installations", query, part)
            headers = {} if link is None else {"link": link}
            return Answer(200, list(part.rows), headers, "GET /app/installations")
        known = {str(one.id): one for one in self.app.installations}
        found = known.get(parts[2])
        if found is None:
            return Answer(404, failure(404, "Not Found").body, {}, "GET /app/installations/{id}")
        if method == "GET" and len(parts) == 3:
            return Answer(
                200, self._installation_row(found, api), {}, "GET /app/installations/{id}"
            )
        if method == "POST" and parts[3:] == ["access_tokens"]:
            return self._token(found, now)
        return None

    def _for_repository(self, name: str, api: str) -> Answer:
        endpoint = "GET /repos/{owner}/{repo}/installation"
        home = self.world.find(name)
        for one in self.app.installations if self.app is not None else ():
            if home is not None and covers(one, home[0]):
                return Answer(200, self._installation_row(one, api), {}, endpoint)
        return Answer(404, failure(404, "Not Found").body, {}, endpoint)

    def _token(self, found: Installation, now: datetime) -> Answer:
        endpoint = "POST /app/installations/{id}/access_tokens"
        if found.suspended:
            message = "This installation has been suspended"
            return Answer(403, failure(403, message).body, {}, endpoint)
        app = self.app
        assert app is not None  # noqa: S101  it has answered already
        seed = f"{found.id}/{len(self.issued)}"
        token = f"ghs_{hashlib.sha256(seed.encode()).hexdigest()[:36]}"
        ends = now + timedelta(seconds=app.token_seconds)
        self.issued[token] = (found, ends)
        body = {
            "token": token,
            "expires_at": ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "permissions": _PERMISSIONS,
            "repository_selection": "all" if found.repositories is None else "selected",
        }
        return Answer(201, body, {}, endpoint)

    def _installation_row(self, found: Installation, api: str) -> Row:
        app = self.app
        assert app is not None  # noqa: S101  as above
        return {
            "id": found.id,
            "account": {"login": found.account, "type": "Organization"},
            "repository_selection": "all" if found.repositories is None else "selected",
            "access_tokens_url": f"{api}/app/installations/{found.id}/access_tokens",
            "repositories_url": f"{api}/installation/repositories",
            "app_id": app.id,
            "app_slug": app.slug,
            "target_type": "Organization",
            "permissions": _PERMISSIONS,
            "events": _EVENTS,
            "suspended_at": "2026-01-01T00:00:00Z" if found.suspended else None,
        }


_PERMISSIONS = {"issues": "read", "metadata": "read", "pull_requests": "read"}
_EVENTS = ["issue_comment", "issues", "pull_request", "pull_request_review"]


def covers(installation: Installation, home: Repository) -> bool:
    """Whether the installation is for that repository, by its present or a former name."""
    if installation.repositories is None:
        return True
    names = {name.lower() for name in installation.repositories}
    return any(name.lower() in names for name in (home.full_name, *home.former_names))


def _app_row(app: App, api: str) -> Row:
    return {
        "id": app.id,
        "slug": app.slug,
        "name": app.slug.replace("-", " ").title(),
        "owner": {"login": "riverside", "type": "Organization"},
        "external_url": api,
        "html_url": f"https://github.com/apps/{app.slug}",
        "permissions": _PERMISSIONS,
        "events": _EVENTS,
        "installations_count": len(app.installations),
    }


def _wrong_jwt(app: App, token: str | None, now: datetime) -> str | None:
    """What is wrong with the JWT, in GitHub's words; None when nothing is."""
    if token is None or token.count(".") != 2:
        return "A JSON web token could not be decoded"
    if app.public_key is None:
        return None
    import jwt

    options: Any = {"verify_exp": False, "verify_iat": False, "require": ["iat", "exp", "iss"]}
    try:
        told = jwt.decode(token, app.public_key, algorithms=["RS256"], options=options)
    except jwt.PyJWTError:
        return "A JSON web token could not be decoded"
    moment = now.timestamp()
    if str(told["iss"]) != str(app.id):
        return "'Issuer' claim ('iss') must be an Integer or String identifying the App"
    if not moment < told["exp"] <= moment + 600:
        return "'Expiration time' claim ('exp') is too far in the future or has passed"
    return "'Issued at' claim ('iat') must be in the past" if told["iat"] > moment else None
