"""The thin shell, against a real server on a socket; pauses are steered, not slept."""

import asyncio
import contextlib
from datetime import timedelta
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mainstem.github import (
    BadAnswer,
    Forbidden,
    GitHub,
    NotFound,
    RateLimited,
    Rejected,
    Renamed,
    RetryPolicy,
    SecondaryLimited,
    ServerTrouble,
    Unauthorized,
    Unreachable,
)

from .scripted import START, Script, SteeredClock, pull_json, reply, serving

HTML = Response("<html>Unicorn!</html>", status_code=502)
PULLS = [pull_json()]


def budget(remaining: int, in_seconds: int, resource: str = "core") -> dict[str, Any]:
    return {
        "x_ratelimit_limit": "60",
        "x_ratelimit_remaining": str(remaining),
        "x_ratelimit_reset": str(int(START.timestamp()) + in_seconds),
        "x_ratelimit_resource": resource,
    }


async def test_request_carries_githubs_headers_and_the_token(
    github: GitHub, script: Script
) -> None:
    script.play(reply(PULLS))
    await github.pulls_page("o", "r")
    sent = script.asked[0].headers
    assert sent["authorization"] == "Bearer s3cret"
    assert sent["accept"] == "application/vnd.github+json"
    assert sent["x-github-api-version"] == "2022-11-28"
    assert (sent["user-agent"], sent["x-github-next-global-id"]) == ("mainstem", "1")
    assert str(script.asked[0].query_params) == (
        "state=all&sort=created&direction=asc&per_page=100"
    )


async def test_without_a_token_no_credential_is_sent(script: Script) -> None:
    script.play(reply(PULLS))
    async with GitHub(base_url=script.url) as anonymous:
        await anonymous.pulls_page("o", "r")
    assert "authorization" not in script.asked[0].headers


async def test_a_limit_met_without_a_token_is_a_limit_and_a_refusal_asks_for_one(
    script: Script, clock: SteeredClock
) -> None:
    limited = reply({"message": "You have exceeded a secondary rate limit."}, 403, retry_after="90")
    script.play(limited, reply({"message": "Requires authentication"}, 401))
    async with GitHub(base_url=script.url, sleep=clock.sleep) as anonymous:
        with pytest.raises(SecondaryLimited):
            await anonymous.probe("o", "r")
    async with GitHub(base_url=script.url, sleep=clock.sleep) as anonymous:
        with pytest.raises(Unauthorized, match="for those who sign in"):
            await anonymous.probe("o", "r")


async def test_token_shows_in_no_repr_and_no_error(github: GitHub, script: Script) -> None:
    script.play(reply({"message": "Bad credentials"}, 401))
    with pytest.raises(Exception, match="answered 401") as caught:
        await github.pulls_page("o", "r")
    assert "s3cret" not in repr(github) + repr(caught.value) + str(caught.value)
    assert github.base_url == script.url


async def test_trouble_that_passes_is_tried_again(
    github: GitHub, script: Script, clock: SteeredClock
) -> None:
    script.play(HTML, reply({}, 503), reply(PULLS))
    assert len((await github.pulls_page("o", "r")).items) == 1
    assert clock.slept == [1.0, 2.0]
    usage = github.ledger.snapshot()
    assert (usage.requests, usage.retries, usage.waited_seconds) == (3, 2, 3.0)


async def test_trouble_that_stays_is_raised_after_five_tries(
    github: GitHub, script: Script, clock: SteeredClock
) -> None:
    script.play(HTML)
    with pytest.raises(ServerTrouble, match="it answered 502") as caught:
        await github.pulls_page("o", "r")
    assert caught.value.status == 502
    assert (len(script.asked), clock.slept) == (5, [1.0, 2.0, 4.0, 8.0])


async def test_missing_permission_is_raised_at_once(github: GitHub, script: Script) -> None:
    script.play(reply({"message": "Resource not accessible"}, 403, **budget(50, 60)))
    with pytest.raises(Forbidden):
        await github.pulls_page("o", "r")
    assert len(script.asked) == 1


async def test_refused_connection_is_unreachable(clock: SteeredClock) -> None:
    async with serving(Script()) as gone:
        pass
    async with GitHub(base_url=gone.url, clock=clock, sleep=clock.sleep) as github:
        with pytest.raises(Unreachable, match="the connection failed") as caught:
            await github.pulls_page("o", "r")
    assert isinstance(caught.value.__cause__, httpx.ConnectError)
    assert len(clock.slept) == 4


async def test_server_that_hangs_is_left_after_the_time_out(
    script: Script, clock: SteeredClock
) -> None:
    free = asyncio.Event()

    async def hang(_request: Request) -> Response:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(free.wait(), 5)
        return reply(PULLS)

    script.play(hang)
    policy = RetryPolicy(attempts=2)
    async with GitHub(
        base_url=script.url, timeout=timedelta(milliseconds=50), policy=policy, sleep=clock.sleep
    ) as github:
        with pytest.raises(Unreachable, match=r"no answer within 0\.05 s"):
            await github.pulls_page("o", "r")
        free.set()
    assert len(script.asked) == 2


async def test_short_primary_limit_is_waited_for(
    github: GitHub, script: Script, clock: SteeredClock
) -> None:
    script.play(reply({"message": "x"}, 403, **budget(0, 20)), reply(PULLS, **budget(59, 3620)))
    await github.pulls_page("o", "r")
    assert clock.slept == [21.0]
    assert github.ledger.snapshot().core_remaining == 59


async def test_long_primary_limit_is_raised_with_its_end_and_nothing_is_sent_before(
    github: GitHub, script: Script, clock: SteeredClock
) -> None:
    script.play(reply({"message": "x"}, 429, **budget(0, 1800)))
    for _ in range(2):
        with pytest.raises(RateLimited, match="'core' budget is spent until") as caught:
            await github.pulls_page("o", "r")
        assert caught.value.resets_at == START + timedelta(seconds=1800)
    assert (len(script.asked), clock.slept) == (1, [])


async def test_budget_spent_by_a_good_answer_holds_the_next_request_back(
    github: GitHub, script: Script, clock: SteeredClock
) -> None:
    script.play(reply(PULLS, **budget(0, 30)), reply(PULLS, **budget(59, 3630)))
    await github.pulls_page("o", "r")
    await github.pulls_page("o", "r")
    assert clock.slept == [31.0]


async def test_clock_that_is_off_does_not_change_the_wait(
    script: Script, clock: SteeredClock
) -> None:
    clock.at = START + timedelta(hours=5)
    limit = reply({"message": "x"}, 403, date="Fri, 02 Jan 2026 03:04:05 GMT", **budget(0, 20))
    script.play(limit, reply(PULLS, **budget(59, 3620)))
    async with GitHub(base_url=script.url, clock=clock, sleep=clock.sleep) as github:
        await github.pulls_page("o", "r")
    assert clock.slept == [21.0]


SLOW: dict[str, Any] = {"message": "You have exceeded a secondary rate limit."}


async def test_secondary_limit_waits_as_asked_then_a_minute_then_gives_up(
    github: GitHub, script: Script, clock: SteeredClock
) -> None:
    script.play(reply(SLOW, 403, retry_after="9"), reply(SLOW, 403))
    with pytest.raises(SecondaryLimited) as caught:
        await github.pulls_page("o", "r")
    assert clock.slept == [9.0]
    assert caught.value.retry_after == timedelta(seconds=120)


async def test_secondary_limit_met_by_one_task_holds_the_others_back(
    github: GitHub, script: Script, clock: SteeredClock
) -> None:
    script.play(reply(SLOW, 403, retry_after="600"), reply(PULLS))
    with pytest.raises(SecondaryLimited):
        await github.pulls_page("o", "r")
    with pytest.raises(SecondaryLimited):
        await github.issues_page("o", "r")
    assert len(script.asked) == 1
    clock.at += timedelta(seconds=600)
    await github.pulls_page("o", "r")


async def test_redirect_on_the_same_server_is_followed(github: GitHub, script: Script) -> None:
    moved = reply({"message": "Moved Permanently"}, 301, location="/repositories/9/pulls?page=1")
    script.play(moved, reply(PULLS))
    assert (await github.pulls_page("o", "r")).seen == 1
    assert script.asked[1].url.path == "/repositories/9/pulls"


async def test_redirect_to_another_server_never_gets_the_token(
    github: GitHub, script: Script
) -> None:
    async with serving(Script()) as other:
        other.play(reply(PULLS))
        script.play(reply({}, 302, location=f"{other.url}/repositories/9/pulls"))
        with pytest.raises(Renamed, match="another server") as caught:
            await github.pulls_page("o", "r")
    assert other.asked == []
    assert caught.value.location == f"{other.url}/repositories/9/pulls"


@pytest.mark.parametrize("headers", [{"location": "/round"}, {}])
async def test_redirects_without_an_end_are_left(
    github: GitHub, script: Script, headers: dict[str, str]
) -> None:
    script.play(reply({}, 301, **headers))
    with pytest.raises(Renamed):
        await github.pulls_page("o", "r")
    assert len(script.asked) <= 6


async def test_unchanged_answer_is_taken_from_memory(github: GitHub, script: Script) -> None:
    script.play(reply(PULLS, etag='W/"1"'), Response(status_code=304, headers={"etag": 'W/"1"'}))
    first = await github.pulls_page("o", "r")
    again = await github.pulls_page("o", "r")
    assert script.asked[1].headers["if-none-match"] == 'W/"1"'
    assert first == again
    assert github.ledger.snapshot().not_modified == 1


async def test_no_more_than_four_rest_requests_are_under_way(
    github: GitHub, script: Script
) -> None:
    under_way, most, full = 0, 0, asyncio.Event()

    async def count(_request: Request) -> Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        if under_way == 4:
            full.set()
        await asyncio.wait_for(full.wait(), 5)
        under_way -= 1
        return JSONResponse(PULLS)

    script.play(count)
    await asyncio.gather(*(github.pulls_page("o", "r") for _ in range(8)))
    assert most == 4


async def test_next_page_of_another_server_is_refused(github: GitHub, script: Script) -> None:
    script.play(reply(PULLS, link='<https://evil.example/x?page=2>; rel="next"'))
    with pytest.raises(BadAnswer, match="next page lies on another server"):
        await github.pulls_page("o", "r")
    with pytest.raises(BadAnswer, match="not one of this client's"):
        await github.pulls_page("o", "r", next="https://evil.example/x?page=2")


@pytest.mark.parametrize("body", [Response("<html>"), JSONResponse({"odd": 1})])
async def test_answer_of_another_kind_is_a_bad_answer(
    github: GitHub, script: Script, body: Response
) -> None:
    script.play(body)
    with pytest.raises(BadAnswer, match="Check that the base URL points at GitHub's API"):
        await github.pulls_page("o", "r")


async def test_graphql_limit_in_a_good_status_is_a_limit(github: GitHub, script: Script) -> None:
    script.play(reply({"errors": [{"type": "RATE_LIMITED"}]}, **budget(0, 900, "graphql")))
    with pytest.raises(RateLimited, match="'graphql'"):
        await github.pull_bundle("o", "r", 5)
    script.play(reply(PULLS))
    assert (await github.pulls_page("o", "r")).seen == 1


async def test_query_that_github_refuses_is_not_repeated(github: GitHub, script: Script) -> None:
    script.play(reply({"errors": [{"extensions": {"code": "undefinedField"}, "message": "no."}]}))
    with pytest.raises(Rejected, match=r"its errors say: no\.( [A-Z]|$)"):
        await github.pull_bundle("o", "r", 5)
    assert len(script.asked) == 1


async def test_null_without_an_error_is_not_found(github: GitHub, script: Script) -> None:
    script.play(reply({"data": {"repository": None}}))
    with pytest.raises(NotFound, match="'repository' is null"):
        await github.pull_bundle("o", "r", 5)


async def test_busy_graphql_server_is_server_trouble(github: GitHub, script: Script) -> None:
    script.play(reply({}, 503))
    with pytest.raises(ServerTrouble, match="503"):
        await github.pull_bundle("o", "r", 5)


async def test_closing_twice_is_harmless_and_borrowed_connections_stay_open(
    script: Script,
) -> None:
    script.play(reply(PULLS))
    async with httpx.AsyncClient() as http:
        github = GitHub(base_url=script.url, http=http)
        await github.pulls_page("o", "r")
        await github.aclose()
        await github.aclose()
        assert not http.is_closed
    owned = GitHub(base_url=script.url)
    await owned.aclose()
    await owned.aclose()


def test_base_url_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match=r"Cannot use 'api\.github\.com' as GitHub's address"):
        GitHub(base_url="api.github.com")
