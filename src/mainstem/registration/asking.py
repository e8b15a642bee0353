"""Asking over HTTP, with a time limit and a bounded number of tries."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx

Json = Any

# A host that sleeps when idle needs some seconds to wake; nobody waits longer for an answer. It is
# the whole question with its repetitions that ends then: a client's own limits count from byte to
# byte, and an answer that drips never reaches them.
TIMEOUT_S: Final = 10.0
_TRIES: Final = 3
_FIRST_PAUSE_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: an answer (`status` is above 0), or why there is none (`problem`).

    `text` is its beginning, `content` all of it, `body` what it is as JSON.
    """

    status: int
    headers: Mapping[str, str]
    text: str
    body: Json = None
    problem: str = ""
    content: bytes = b""

    @property
    def is_refused(self) -> bool:
        """Whether the key was not good enough."""
        return self.status in (401, 403)

    @property
    def fields(self) -> Mapping[str, Json]:
        """The body when it is an object, else nothing."""
        return self.body if isinstance(self.body, Mapping) else {}


@asynccontextmanager
async def asking() -> AsyncIterator[httpx.AsyncClient]:
    """A client for a few questions. Proxies and the like are taken from the environment."""
    async with httpx.AsyncClient(timeout=2 * TIMEOUT_S, follow_redirects=False) as http:
        yield http


async def ask(
    http: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    content: bytes = b"",
    tries: int = _TRIES,
    limit_s: float | None = None,
) -> Answer:
    """Ask once, and again where there was no answer or a gateway's (502 to 504). Never raises.

    Takes `limit_s` at most with all tries, `TIMEOUT_S` where none is given.
    """
    limit = TIMEOUT_S if limit_s is None else limit_s
    try:
        async with asyncio.timeout(limit):
            return await _ask(http, method, url, dict(headers or {}), content, tries)
    except TimeoutError:
        return Answer(0, {}, "", problem=f"it did not answer within {limit:g} seconds")


async def _ask(
    http: httpx.AsyncClient,
    method: str,
    url: str,
    headers: dict[str, str],
    content: bytes,
    tries: int,
) -> Answer:
    answer = Answer(0, {}, "", problem="it was not asked")
    for n in range(tries):
        if n:
            await asyncio.sleep(_FIRST_PAUSE_S * 2 ** (n - 1))
        try:
            got = await http.request(method, url, headers=headers, content=content)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            answer = Answer(0, {}, "", problem=_why(error))
            continue
        answer = _read(got)
        if got.status_code not in (502, 503, 504):
            break
    return answer


def _read(got: httpx.Response) -> Answer:
    try:
        body = got.json()
    except ValueError:
        body = None
    headers = {name.lower(): value for name, value in got.headers.items()}
    return Answer(got.status_code, headers, got.text[:2_000], body, content=got.content)


def _why(error: Exception) -> str:
    if isinstance(error, httpx.ConnectError):
        return "nothing listens there, or the name is not known"
    return str(error).rstrip(".") or type(error).__name__
