"""Whatever is asked is answered or refused: nothing makes the API fall over."""

import asyncio
import json
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from mainstem.engine.api import ENDPOINTS, Endpoint
from mainstem.engine.api.shapes import fields_of

from .busy import BUSY, CONFIGS, busy
from .desk import desk, returning

Json = Any
ODD = [
    *("", "0", "-1", "--5", "1e9", "²", "9" * 30, "true", "null", "None", "t-works", "t", "%00"),
    *("\x00", "a,b", "FAILED", "FAILED,", ",", "2030-01-01T00:00:00Z", "é", "'", "\ud800", "sleep"),
    *(
        "9999-12-31T23:59:59-23:59",
        "0" * 26,
        "7" + "Z" * 25,
        "Z" * 26,
        "start",
        "failure",
        "event.",
    ),
    "x" * 5000,
]
WRONG: list[Json] = [None, True, 0, -1, 1 << 70, 1.5, [], {}, ["FAILED"], [{}], {"a": 1}]
VALUES = st.sampled_from([*ODD, *WRONG])
ASKED = [each for each in ENDPOINTS if each.media == "application/json"]
Question = tuple[Endpoint, dict[str, Json]]


async def answered(
    asked: list[tuple[Endpoint, dict[str, Json]]],
) -> list[tuple[str, httpx.Response]]:
    """What each of these is answered, by one engine with something of everything."""
    async with desk(BUSY, CONFIGS) as at:
        known = await busy(at)
        found = []
        for endpoint, drawn in asked:
            path = endpoint.path
            for name in endpoint.path_names:
                path = path.replace(f"{{{name}}}", _quoted(drawn.get(name) or known[name]))
            rest = {key: drawn[key] for key in drawn.keys() - endpoint.path_names}
            if endpoint.has_body:
                answer = await at.api.request(
                    endpoint.method, path, content=json.dumps(rest).encode()
                )
            else:
                query = "&".join(f"{name}={_quoted(value)}" for name, value in rest.items())
                answer = await at.api.request(endpoint.method, f"{path}?{query}")
            found.append((f"{endpoint.method} {path} {rest}", answer))
        await at.rest()
        return found


def _quoted(value: Json) -> str:
    return quote(str(value).encode(errors="replace"), safe="")


def questions() -> st.SearchStrategy[Question]:
    """An endpoint, and odd values for some of what it takes."""

    def with_values(endpoint: Endpoint) -> Any:
        names = [each.name for each in fields_of(endpoint.takes)]
        drawn = st.dictionaries(st.sampled_from(names), VALUES) if names else st.just({})
        return st.tuples(st.just(endpoint), drawn)

    return st.sampled_from(ASKED).flatmap(with_values)


# To make a failure smaller would take minutes; each question is told alone anyway.
@settings(max_examples=20, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(asked=st.lists(questions(), min_size=20, max_size=30))
def test_odd_questions_are_answered_or_refused(asked: list[Question]) -> None:
    for question, answer in asyncio.run(answered(asked)):
        assert answer.status_code < 500, question
        if answer.status_code >= 400:
            assert answer.json()["error"], question


async def test_half_a_pair_of_surrogates_in_an_output_is_shown() -> None:
    async with desk({"a": returning("\ud83d")}) as at:
        run = await at.run_of("a")
        assert (await at.get(f"/v1/runs/{run}/trace"))["run"]["output"] == "\ud83d"


@pytest.mark.parametrize("content", [b"[" * 100_000, b"\xff\xfe", b'{"lines": "\\ud800"}'])
async def test_a_body_that_is_no_proper_json_is_refused(content: bytes) -> None:
    async with desk({"a": returning()}) as at:
        run = await at.run_of("a")
        answer = await at.api.post(f"/v1/runs/{run}/logs", content=content)
        assert answer.status_code == 400
