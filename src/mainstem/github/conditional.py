"""Answers kept with their ETag, so that asking again for what has not changed is free.

GitHub does not count a 304 against the hourly budget of an authenticated request. An ETag belongs
to one exact URL and to the token that got it, so the cache lives and dies with one client.

https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
"""

from collections import OrderedDict
from typing import Final

from .answers import Answer

# Enough for the first pages that a poll asks for again; a whole capture passes through it.
MOST_BYTES: Final = 8 * 1024 * 1024


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
        """Keep a full answer that has an ETag, and let the least used go."""
        if answer.status != 200 or "etag" not in answer.headers:
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
