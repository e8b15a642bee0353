"""Asking again for what has not changed, free of charge: by an answer kept, or by its validator.

GitHub does not count a 304 against the hourly budget of an authenticated request. An ETag belongs
to one exact URL and to the token that got it, so the cache of answers lives and
dies with one client. A validator is kept beside the data, and outlives the process.

https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, Protocol

from .answers import Answer
from .damage import damaged

# Enough for the first pages that a poll asks for again; a whole capture passes through it.
MOST_BYTES: Final = 8 * 1024 * 1024


Validator = tuple[str | None, str | None]
"""An answer's `etag` and its `last-modified`, as they were sent."""


class Validators(Protocol):
    """Where validators are kept, by the fingerprint of a credential and the whole address.

    An ETag belongs to the credential that got it: another one's is not even asked for.
    """

    async def known(self, credential: str, url: str) -> Validator | None:
        """What was accepted last; None if nothing was."""

    async def accept(self, offers: Sequence[tuple[str, str, Validator]]) -> None:
        """From now on, those are known: credential, address, and what its full answer came with."""


class MemoryValidators:
    """Validators that last as long as the client."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Validator] = {}

    async def known(self, credential: str, url: str) -> Validator | None:
        return self._known.get((credential, url))

    async def accept(self, offers: Sequence[tuple[str, str, Validator]]) -> None:
        self._known |= {(credential, url): validator for credential, url, validator in offers}


def condition(known: Validator | None, *, dies_hourly: bool = False) -> dict[str, str]:
    """The header that makes a request conditional, or none.

    An App installation's ETags die with its token (`dies_hourly`): its Last-Modified does not.
    """
    etag, last_modified = known or (None, None)
    if last_modified and (dies_hourly or not etag):
        return {"If-Modified-Since": last_modified}
    return {"If-None-Match": etag} if etag else {}


class EtagCache:
    """The answers most recently used, by URL.

    Invariant: `_bytes` is the sum of the bodies held, and never above `most_bytes`.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._held: OrderedDict[str, Answer] = OrderedDict()
        self._bytes = 0

    def held(self, url: str) -> Answer | None:
        """The answer held for `url`, always one with an `etag`; None if there is none."""
        answer = self._held.get(url)
        if answer is not None:
            self._held.move_to_end(url)
        return answer

    def hold(self, url: str, answer: Answer) -> None:
        """Keep a full answer that has an ETag, and let the least used go.

        One that was spoiled on the way has the ETag of the whole one: it must not take its place.
        """
        if answer.status != 200 or "etag" not in answer.headers or damaged(answer, "") is not None:
            return
        old = self._held.pop(url, None)
        self._bytes -= len(old.content) if old else 0
        if len(answer.content) > self._most_bytes:
            return
        self._held[url] = answer
        self._bytes += len(answer.content)
        while self._bytes > self._most_bytes:
            _, dropped = self._held.popitem(last=False)
            self._bytes -= len(dropped.content)
