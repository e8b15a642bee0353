"""What an answer means: the value it carries, or the error it amounts to. Nothing is sent here.

A verdict rests on status, headers and GitHub's error types. Wording is looked at only where
nothing else tells a secondary limit from a missing permission, and then only for a few words.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from .errors import (
    Conflict,
    Forbidden,
    Gone,
    LegallyBlocked,
    NotFound,
    RateLimited,
    Rejected,
    Renamed,
    RequestFailed,
    SecondaryLimited,
    ServerTrouble,
    Unauthorized,
)
from .limits import pause_asked, reading_of, retry_after
from .values import Offer

_SECONDARY_WORDS: Final = ("secondary rate limit", "abuse detection", "secondary-rate-limits")
_PRIMARY_WORDS: Final = ("api rate limit",)
_LONGEST_MESSAGE: Final = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer. `headers` has lower-case names; `url` is where it came from.

    `seconds` is what it took, without any waiting of ours; `offer` is what a poll came with.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes
    url: str
    seconds: float = 0.0
    offer: Offer | None = None
    # A page of GraphQL has a megabyte, and is looked at by verdict, ledger and reader.
    _parsed: list[Any] = field(default_factory=list, init=False, repr=False, compare=False)

    def json(self) -> Any:
        """The body as JSON, read once; None when it is empty or is no JSON."""
        if not self._parsed:
            try:
                self._parsed.append(json.loads(self.content))
            except ValueError:
                self._parsed.append(None)
        return self._parsed[0]

    def message(self) -> str:
        """GitHub's own words, cut short; empty when the body has none."""
        body = self.json()
        text = body.get("message") if isinstance(body, Mapping) else None
        return text[:_LONGEST_MESSAGE] if isinstance(text, str) else ""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a verdict needs beside the answer: what was asked, GitHub's time, earlier limits."""

    what: str
    now: datetime
    repeated: int = 0


def verdict(
    answer: Answer, asked: Circumstances, *, fine: Collection[int] = (200,)
) -> RequestFailed | None:
    """The error that `answer` amounts to, None when its status is one of `fine`."""
    if answer.status in fine:
        return None
    limited = limit_met(answer, asked)
    if limited is not None:
        return limited
    return _FINAL.get(answer.status, _other)(answer, asked.what)


def limit_met(answer: Answer, asked: Circumstances) -> RateLimited | SecondaryLimited | None:
    """The limit that a 403 or 429 speaks of, None for a 403 that is a missing permission."""
    if answer.status not in {403, 429}:
        return None
    reading = reading_of(answer.headers)
    words = answer.content[:2000].decode("utf-8", "replace").lower()
    if (reading is not None and reading.remaining == 0) or any(w in words for w in _PRIMARY_WORDS):
        return rate_limited(answer, asked)
    if (
        answer.status == 429
        or retry_after(answer.headers) is not None
        or any(word in words for word in _SECONDARY_WORDS)
    ):
        return secondary_limited(answer, asked)
    return None


def rate_limited(answer: Answer, asked: Circumstances, *, resource: str = "core") -> RateLimited:
    """The hourly budget is spent: of the resource that the answer names, else of `resource`."""
    pause = pause_asked(answer.headers, now=asked.now, repeated=asked.repeated)
    named = answer.headers.get("x-ratelimit-resource", resource)
    return budget_spent(asked.what, named, now=asked.now, resets_at=asked.now + pause)


def budget_spent(what: str, resource: str, *, now: datetime, resets_at: datetime) -> RateLimited:
    """The error for a budget that is known to be spent. Both times are GitHub's."""
    return RateLimited(
        what,
        f"the '{resource}' budget is spent until {resets_at:%Y-%m-%d %H:%M:%S} UTC",
        "Try again after that; a token has a larger budget than none.",
        status=None,
        resource=resource,
        retry_after=resets_at - now,
        resets_at=resets_at,
    )


def secondary_limited(answer: Answer, asked: Circumstances) -> SecondaryLimited:
    """Requests came too fast."""
    pause = pause_asked(answer.headers, now=asked.now, repeated=asked.repeated)
    return too_fast(asked.what, pause, status=answer.status)


def too_fast(what: str, pause: timedelta, *, status: int | None = None) -> SecondaryLimited:
    """The error for a secondary limit that is still to be waited for."""
    return SecondaryLimited(
        what,
        f"requests come too fast; GitHub asks for a pause of {pause.total_seconds():.0f} s",
        "Wait that long, then ask less often.",
        status=status,
        retry_after=pause,
    )


def _said(answer: Answer) -> str:
    message = answer.message()
    return f"it answered {answer.status}" + (f" ({message})" if message else "")


def _unauthorized(answer: Answer, what: str) -> RequestFailed:
    return Unauthorized(
        what,
        _said(answer),
        "The token is wrong, revoked or expired: set GITHUB_TOKEN to one that is valid.",
        status=answer.status,
    )


def _forbidden(answer: Answer, what: str) -> RequestFailed:
    return Forbidden(
        what, _said(answer), "Give the token the permission it lacks.", status=answer.status
    )


def _not_found(answer: Answer, what: str) -> RequestFailed:
    return NotFound(
        what,
        _said(answer),
        "Check the spelling; if it is private, use a token that may see it.",
        status=answer.status,
    )


def _gone(answer: Answer, what: str) -> RequestFailed:
    return Gone(what, _said(answer), "It will not come back: leave it out.", status=answer.status)


def _conflict(answer: Answer, what: str) -> RequestFailed:
    return Conflict(
        what, _said(answer), "An empty repository answers so: try later.", status=answer.status
    )


def _blocked(answer: Answer, what: str) -> RequestFailed:
    body = answer.json()
    block = body.get("block") if isinstance(body, Mapping) else None
    reason = block.get("reason") if isinstance(block, Mapping) else None
    return LegallyBlocked(
        what,
        _said(answer),
        "GitHub must not show it: leave this repository out.",
        status=answer.status,
        reason=reason if isinstance(reason, str) else None,
    )


def not_followed(what: str, status: int, location: str | None, because: str) -> Renamed:
    """The error for a redirect that ends the request."""
    return Renamed(
        what,
        f"it has moved to {location or 'an address that was not told'} ({because})",
        "Ask for it under its new name.",
        status=status,
        location=location,
    )


def _moved(answer: Answer, what: str) -> RequestFailed:
    location = answer.headers.get("location")
    return not_followed(what, answer.status, location, "not followed")


def _other(answer: Answer, what: str) -> RequestFailed:
    if answer.status >= 500 or answer.status == 408:
        return ServerTrouble(
            what,
            _said(answer),
            "Try again in some minutes.",
            status=answer.status,
            retry_after=retry_after(answer.headers),
            perhaps_heavy=answer.status in {502, 504},
        )
    return Rejected(what, _said(answer), "The request itself must change.", status=answer.status)


_FINAL: Final = {
    301: _moved,
    302: _moved,
    307: _moved,
    308: _moved,
    401: _unauthorized,
    403: _forbidden,
    404: _not_found,
    409: _conflict,
    410: _gone,
    451: _blocked,
}
