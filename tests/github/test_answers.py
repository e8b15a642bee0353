import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mainstem.github import (
    BadAnswer,
    Conflict,
    Forbidden,
    Gone,
    LegallyBlocked,
    NotFound,
    RateLimited,
    Rejected,
    Renamed,
    RequestFailed,
    ResourceLimits,
    SecondaryLimited,
    ServerTrouble,
    Unauthorized,
)
from mainstem.github.answers import Answer, Circumstances, verdict
from mainstem.github.graphql_answers import data_of, graphql_verdict, points_of

NOW = datetime(2026, 1, 2, tzinfo=UTC)
ASKED = Circumstances("pull requests of o/r", NOW)
SPENT = {
    "x-ratelimit-limit": "60",
    "x-ratelimit-remaining": "0",
    "x-ratelimit-reset": str(int(NOW.timestamp()) + 90),
    "x-ratelimit-resource": "core",
}
LEFT = SPENT | {"x-ratelimit-remaining": "14"}
SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}
ABUSE = {"message": "You have triggered an abuse detection mechanism."}


def answer(status: int, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
    content = body.encode() if isinstance(body, str) else json.dumps(body or {}).encode()
    return Answer(status=status, headers=headers or {}, content=content, url="http://x/y")


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        (answer(301, {"message": "Moved Permanently"}, {"location": "/repositories/5"}), Renamed),
        (answer(400, {"message": "Problems parsing JSON"}), Rejected),
        (answer(401, {"message": "Bad credentials"}), Unauthorized),
        (answer(403, {"message": "Resource not accessible by integration"}, LEFT), Forbidden),
        (answer(403, {"message": "API rate limit exceeded"}, SPENT), RateLimited),
        (answer(403, {"message": "API rate limit exceeded for 1.2.3.4."}), RateLimited),
        (answer(429, {"message": "whatever"}, SPENT), RateLimited),
        (answer(429, {"message": "whatever"}, LEFT), SecondaryLimited),
        (answer(403, SECONDARY, LEFT), SecondaryLimited),
        (answer(403, ABUSE), SecondaryLimited),
        (answer(403, {"message": "slow"}, {"retry-after": "5"}), SecondaryLimited),
        (answer(404, {"message": "Not Found", "status": "404"}), NotFound),
        (answer(409, {"message": "Git Repository is empty."}), Conflict),
        (answer(410, {"message": "Issues are disabled for this repo"}), Gone),
        (answer(422, {"message": "Validation Failed", "errors": ["x"]}), Rejected),
        (answer(451, {"message": "blocked", "block": {"reason": "dmca"}}), LegallyBlocked),
        (answer(500, {"message": "Server Error"}), ServerTrouble),
        (answer(502, "<html>Unicorn!</html>"), ServerTrouble),
        (answer(503, {"code": "x"}, {"retry-after": "9"}), ServerTrouble),
    ],
)
def test_each_answer_of_rest_has_its_kind_of_error(
    found: Answer, kind: type[RequestFailed]
) -> None:
    error = verdict(found, ASKED)
    assert type(error) is kind
    assert str(error).startswith("Cannot get pull requests of o/r from GitHub: ")


@pytest.mark.parametrize(
    ("status", "final"),
    [(401, True), (403, True), (404, True), (409, False), (410, True), (422, True), (451, True),
     (429, False), (500, False), (301, True)],
)  # fmt: skip
def test_finality_is_read_off_the_class(status: int, final: bool) -> None:
    error = verdict(answer(status), ASKED)
    assert error is not None
    assert error.is_final is final


def test_status_that_the_caller_expects_is_no_error() -> None:
    assert verdict(answer(200), ASKED) is None
    assert verdict(answer(202), ASKED, fine=(200, 202)) is None


def test_spent_budget_tells_when_it_comes_back() -> None:
    error = verdict(answer(403, {}, SPENT), ASKED)
    assert isinstance(error, RateLimited)
    assert error.resets_at == NOW + timedelta(seconds=90)
    assert (error.resource, error.retry_after) == ("core", timedelta(seconds=90))


def test_secondary_limit_without_a_header_doubles_its_wait_each_time() -> None:
    waits = []
    for repeated in range(3):
        error = verdict(answer(403, SECONDARY, LEFT), Circumstances("x", NOW, repeated))
        assert isinstance(error, SecondaryLimited)
        waits.append(error.retry_after.total_seconds())
    assert waits == [60, 120, 240]


def test_blocked_repository_says_why_and_a_moved_one_where() -> None:
    blocked = verdict(answer(451, {"block": {"reason": "dmca"}}), ASKED)
    moved = verdict(answer(301, {}, {"location": "/repositories/5"}), ASKED)
    assert isinstance(blocked, LegallyBlocked)
    assert blocked.reason == "dmca"
    assert isinstance(moved, Renamed)
    assert moved.location == "/repositories/5"


def errors(*entries: dict[str, Any], data: Any = None) -> Answer:
    return answer(200, {"data": data, "errors": list(entries)})


HEAVY = {"message": "Resource limits for this query exceeded", "type": "RESOURCE_LIMITS_EXCEEDED"}
CODE = {"message": "Field 'nope' doesn't exist", "extensions": {"code": "undefinedField"}}
WRONG = {"message": "Something went wrong while executing your query."}


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        (errors({"type": "NOT_FOUND", "message": "no"}, data={"repository": None}), NotFound),
        (errors({"type": "RATE_LIMITED", "message": "spent"}), RateLimited),
        (errors({"type": "RATE_LIMIT", "message": "spent"}), RateLimited),
        (errors({"message": SECONDARY["message"]}), SecondaryLimited),
        (errors({"type": "FORBIDDEN", "message": "no"}), Forbidden),
        (errors({"type": "INSUFFICIENT_SCOPES", "message": "no"}), Forbidden),
        (errors(HEAVY, data={"repository": {"pullRequests": {"nodes": [None]}}}), ResourceLimits),
        (errors({"type": "MAX_NODE_LIMIT_EXCEEDED", "message": "no"}), Rejected),
        (errors({"type": "EXCESSIVE_PAGINATION", "message": "no"}), Rejected),
        (errors({"type": "SERVICE_UNAVAILABLE", "message": "no"}), ServerTrouble),
        (errors(WRONG), ServerTrouble),
        (errors(CODE), Rejected),
        (errors({"type": "NOT_FOUND", "message": "a"}, HEAVY), ResourceLimits),
        (errors({"type": "NOT_FOUND"}, {"type": "ODD"}), Rejected),
        (answer(200, {"data": None, "errors": "odd"}), ServerTrouble),
        (answer(200, "<html>"), ServerTrouble),
        (answer(200, {"data": None}), BadAnswer),
        (answer(502, {"data": None, "errors": [WRONG]}), ServerTrouble),
        (answer(403, SECONDARY), SecondaryLimited),
        (answer(401, {"message": "Bad credentials"}), Unauthorized),
    ],
)
def test_each_answer_of_graphql_has_its_kind_of_error(
    found: Answer, kind: type[RequestFailed]
) -> None:
    assert type(graphql_verdict(found, ASKED)) is kind


def test_limit_told_by_graphql_is_graphqls_even_without_headers() -> None:
    error = graphql_verdict(errors({"type": "RATE_LIMITED"}), ASKED)
    assert isinstance(error, RateLimited)
    assert error.resource == "graphql"


def test_whole_answer_gives_its_data_and_what_it_cost() -> None:
    whole = answer(200, {"data": {"rateLimit": {"cost": 3}, "repository": {"databaseId": 9}}})
    assert graphql_verdict(whole, ASKED) is None
    assert points_of(whole) == 3
    assert data_of(whole, "x").child("repository").number("databaseId") == 9
    assert points_of(answer(502, "<html>")) == 0
