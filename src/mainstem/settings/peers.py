"""Peers: other deployments whose status page is asked how functions stand there.

The text form is `staging=https://host,production=https://host`. An address may carry the token of
that deployment's page, `https://:TOKEN@host`; it is kept as a secret and taken out of the address.
"""

from urllib.parse import unquote, urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict, SecretStr

from mainstem.errors import Problem
from mainstem.settings.environment import Environment

VARIABLE = "MAINSTEM_STATUS_PEERS"
_FORM = "Write it as ENVIRONMENT=ADDRESS, separated by commas, such as staging=https://host."
_MOST = 20


class Peer(BaseModel):
    """A deployment of `environment` whose page is below `url`, which ends without a slash."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    environment: Environment
    url: str
    token: SecretStr | None = None

    def __str__(self) -> str:
        return f"{self.environment}={self.url}"


def read_peers(text: str, *, variable: str = VARIABLE) -> tuple[tuple[Peer, ...], list[Problem]]:
    """The peers that `text` names, in its order, and everything that is wrong with it."""
    found: list[Peer] = []
    problems: list[Problem] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, address = (piece.strip() for piece in part.partition("="))
        if not equals:
            problems.append(Problem(variable, "a part of it names no address", _FORM))
        elif name not in list(Environment):
            remedy = f"Choose from {', '.join(Environment)}."
            problems.append(Problem(variable, f"'{name}' is no environment", remedy))
        elif (peer := _peer(Environment(name), address)) is None:
            problems.append(Problem(variable, f"the address for {name} is none", _FORM))
        else:
            found.append(peer)
    if len(found) > _MOST:
        problems.append(Problem(variable, f"it names {len(found)} peers", f"Name at most {_MOST}."))
    return tuple(found), problems


def _peer(environment: Environment, address: str) -> Peer | None:
    try:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
            return None
        _ = parts.port  # raises for one that is no number
        token = parts.password or parts.username
    except ValueError:
        return None
    if any(sign.isspace() for sign in address):
        return None
    host = parts.netloc.rpartition("@")[2]
    return Peer(
        environment=environment,
        url=urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", "")),
        token=None if token is None else SecretStr(unquote(token)),
    )
