"""One request as a value: where it goes, what for, what it may cost, and whose it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from .addresses import below_base
from .answers import Answer, Circumstances, verdict
from .credentials import Credential
from .damage import damaged
from .errors import RequestFailed
from .ledger import Api

Judge = Callable[[Answer, Circumstances], RequestFailed | None]
Repository = tuple[str, str]

REDIRECTS: Final = frozenset({301, 302, 307, 308})


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: `what` it is for in words, and how its answer is judged.

    `points` is what it is expected to cost. `repository` is whose credential it needs; where it is
    not given, the address or the variables of a query say so. `poll_of` is set where an answer is
    of use only if it is another than the one stored: the address whose validator is sent along.
    `credential` is set where nobody else will do. `narrows`: whoever asks can ask for less.
    """

    api: Api
    url: str
    what: str
    judge: Judge
    payload: Mapping[str, Any] | None = None
    points: int = 1
    repository: Repository | None = None
    poll_of: str | None = None
    credential: Credential | None = None
    narrows: bool = False

    @property
    def resource(self) -> str:
        """The budget that it is charged to, unless the answer says otherwise."""
        if self.api == "graphql":
            return "graphql"
        return "search" if "/search/" in urlsplit(self.url).path else "core"


def repository_of(base: str, ask: Ask) -> Repository | None:
    """The repository that a request names: itself, in its path, or in its query's variables."""
    if ask.repository is not None:
        return ask.repository
    if ask.payload is not None:
        variables = ask.payload.get("variables")
        if not isinstance(variables, Mapping):
            return None
        owner, name = variables.get("owner"), variables.get("name")
        return (owner, name) if isinstance(owner, str) and isinstance(name, str) else None
    parts = _path(base, ask)
    if len(parts) < 3 or parts[0] != "repos":
        return None
    return unquote(parts[1]), unquote(parts[2])


def cause_of(base: str, ask: Ask) -> str:
    """What was asked, as a kind: a query's name, or a path without its owner and numbers."""
    if ask.payload is not None:
        return str(ask.payload.get("operationName") or "POST")
    parts = _path(base, ask)
    if parts and parts[0] in {"repos", "repositories"}:
        parts = parts[3:] if parts[0] == "repos" else parts[2:]
    return "GET /" + "/".join("*" if part.isdigit() else part for part in parts)


def rest_judge(fine: tuple[int, ...]) -> Judge:
    """A judge that has nothing against the statuses in `fine`, nor against a redirect.

    A good status is not enough: the answer may have been spoiled on its way.
    """
    passed = frozenset(fine) | REDIRECTS

    def judge(answer: Answer, asked: Circumstances) -> RequestFailed | None:
        return verdict(answer, asked, fine=passed) or damaged(answer, asked.what)

    return judge


def _path(base: str, ask: Ask) -> list[str]:
    return (below_base(base, ask.url) or "").partition("?")[0].split("/")[1:]
