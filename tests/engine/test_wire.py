"""What an app's answer means, by a table of answers."""

import json

import pytest

from mainstem.engine.limits import MAX_RESPONSE_BYTES
from mainstem.engine.wire import (
    Broken,
    CallContext,
    Raised,
    Reported,
    Returned,
    call_body,
    call_url,
    read_answer,
)

SDK = {"x-inngest-sdk": "py", "x-inngest-req-version": "2"}
CONTEXT = CallContext("run", "fn", "item", 1, "step", 0, 5, False, ["a"], 1, "7", "rq", 2)


@pytest.mark.parametrize(
    ("status", "headers", "body", "expected"),
    [
        (200, SDK, b"null", Returned),
        (206, SDK, b"[]", Reported),
        (206, SDK, b'[{"op": "None", "id": "x"}]', Reported),
        (206, SDK, b"{}", Broken),
        (206, SDK, b'[{"op": "StepRun"}]', Broken),
        (206, SDK, b'[{"op": "Dance", "id": "x"}]', Broken),
        (500, SDK, b'{"message": "m", "name": "n"}', Raised),
        (404, SDK, b'"lost"', Raised),
        (200, SDK, b"{oops", Broken),
        (200, {}, b"null", Broken),
        (502, {}, b"Bad gateway", Broken),
        (201, SDK, b"  {}", Broken),
        (200, SDK, b" " * (MAX_RESPONSE_BYTES + 1), Raised),
    ],
)
def test_an_answer_is_read_for_what_it_is(
    status: int, headers: dict[str, str], body: bytes, expected: type
) -> None:
    assert isinstance(read_answer(status, headers, body), expected)


def test_a_streamed_answer_is_unwrapped_with_its_headers() -> None:
    inner = {"status": 500, "body": '{"message": "m"}', "headers": {"X-Inngest-No-Retry": "true"}}
    answer = read_answer(201, SDK, b"   " + json.dumps(inner).encode())
    assert isinstance(answer, Raised)
    assert answer.retry.forbidden


def test_state_that_is_too_large_is_left_for_the_app_to_fetch() -> None:
    event = '{"name":"a"}'
    small = json.loads(call_body(CONTEXT, [event], {"a": '{"data":1}'}))
    assert (small["use_api"], small["steps"]) == (False, {"a": {"data": 1}})
    large = json.loads(call_body(CONTEXT, [event], {"a": json.dumps({"data": "x" * 2**22})}))
    assert (large["use_api"], large["steps"], len(large["events"])) == (True, {}, 1)
    batch = json.loads(call_body(CONTEXT, [event] * 400_000, {}))
    assert (batch["use_api"], batch["events"], batch["event"]) == (True, [], {"name": "a"})


def test_a_targeted_call_goes_to_its_step() -> None:
    url = "http://app:1/api?fnId=a-b&stepId=step&x=1"
    assert call_url(url, "abc") == "http://app:1/api?fnId=a-b&stepId=abc&x=1"
