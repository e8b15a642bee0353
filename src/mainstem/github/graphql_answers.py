"""What a GraphQL answer means. Trouble mostly comes with status 200 and a list of errors.

A partial answer, `data` beside `errors`, is never passed on: a node that is null for the sake of
an error looks just like one that has nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from .answers import Answer, Circumstances, rate_limited, secondary_limited, verdict
from .errors import (
    BadAnswer,
    Forbidden,
    NotFound,
    Rejected,
    RequestFailed,
    ResourceLimits,
    ServerTrouble,
)
from .payload import Fields

_RATE: Final = frozenset({"RATE_LIMITED", "RATE_LIMIT"})
_HEAVY: Final = frozenset({"RESOURCE_LIMITS_EXCEEDED"})
_TROUBLE: Final = frozenset({"SERVICE_UNAVAILABLE", "INTERNAL"})
_FORBIDDEN: Final = frozenset({"FORBIDDEN", "INSUFFICIENT_SCOPES"})
_MISSING: Final = frozenset({"NOT_FOUND"})
_SECONDARY_WORDS: Final = ("secondary rate limit", "abuse detection")
_LONGEST_MESSAGE: Final = 200


@dataclass(frozen=True, slots=True)
class _Told:
    """The errors of one answer, summed up."""

    types: frozenset[str]
    words: str
    codes: bool


def graphql_verdict(
    answer: Answer, asked: Circumstances, *, missing_is_fine: bool = False
) -> RequestFailed | None:
    """The error that a GraphQL answer amounts to, None if its `data` is whole.

    `missing_is_fine`: where things were asked for by their ids, null for those that are gone is an
    answer; the repository itself must be there.

    Of several errors the one that waiting or narrowing may cure decides: the others may be its
    consequences.
    """
    failed = verdict(answer, asked)
    if failed is not None:
        return failed
    body = answer.json()
    if not isinstance(body, Mapping):
        return _no_json(answer, asked.what)
    errors = body.get("errors")
    if errors and missing_is_fine and _only_missing(errors, body.get("data")):
        return None
    if errors:
        return _judge_errors(_sum_up(errors), answer, asked)
    if not isinstance(body.get("data"), Mapping):
        return BadAnswer(
            asked.what,
            "found neither 'data' nor 'errors' in the answer",
            "Check that the base URL points at GitHub's API.",
            status=answer.status,
        )
    return None


def _only_missing(errors: Any, data: Any) -> bool:
    """Whether every error says that one of the things asked for is gone."""
    if not isinstance(errors, list) or not isinstance(data, Mapping):
        return False
    if data.get("repository", "") is None:
        return False
    return all(isinstance(each, Mapping) and each.get("type") in _MISSING for each in errors)


def points_of(answer: Answer) -> int:
    """What the query cost by its own `rateLimit`; 0 when the answer does not tell."""
    match answer.json():
        case {"data": {"rateLimit": {"cost": int(cost)}}}:
            return cost
        case _:
            return 0


def data_of(answer: Answer, what: str) -> Fields:
    """The `data` of an answer that passed `graphql_verdict`."""
    return Fields(answer.json(), what).child("data")


def _no_json(answer: Answer, what: str) -> ServerTrouble:
    # A page of a proxy or a body cut short: it passes.
    return ServerTrouble(
        what,
        "the answer is no JSON object",
        "Try again; if it stays so, check that the base URL points at GitHub's API.",
        status=answer.status,
    )


def _sum_up(errors: Any) -> _Told:
    entries: Iterable[Any] = errors if isinstance(errors, list) else [errors]
    objects = [entry for entry in entries if isinstance(entry, Mapping)]
    return _Told(
        types=frozenset(str(entry["type"]) for entry in objects if entry.get("type")),
        words="; ".join(
            # The sentence around it has a full stop of its own.
            str(entry.get("message", "")).rstrip(".")
            for entry in objects
        )[:_LONGEST_MESSAGE],
        codes=any(isinstance(entry.get("extensions"), Mapping) for entry in objects),
    )


def _judge_errors(told: _Told, answer: Answer, asked: Circumstances) -> RequestFailed:
    what, found = asked.what, f"its errors say: {told.words or 'nothing'}"
    if told.types & _RATE:
        return rate_limited(answer, asked, resource="graphql")
    if any(word in told.words.lower() for word in _SECONDARY_WORDS):
        return secondary_limited(answer, asked)
    if told.types & _HEAVY:
        return too_heavy(what, found)
    if told.types & _TROUBLE or not (told.types or told.codes):
        # Without a type it is "Something went wrong while executing your query": a time-out.
        return ServerTrouble(
            what, found, "Try again, or ask for less at once.", status=200, perhaps_heavy=True
        )
    if told.types & _FORBIDDEN:
        return Forbidden(what, found, "Give the token the permission it lacks.", status=200)
    if told.types & _MISSING and told.types <= _MISSING:
        return NotFound(
            what,
            found,
            "Check the spelling; if it is private, use a token that may see it.",
            status=200,
        )
    return Rejected(what, found, "The query itself must change: please report this.", status=200)


def too_heavy(what: str, found: str) -> ResourceLimits:
    """The error for a query that asks for more than GitHub computes in one go."""
    return ResourceLimits(what, found, "Ask for fewer items at once.", status=200)
