"""Answers that were spoiled on their way: noticed, asked for again, and never kept."""

import json
from typing import Any

import pytest
from starlette.responses import Response

from mainstem.github import BadAnswer, GitHub, ServerTrouble
from mainstem.simulate import Fault, SimulatedGitHub

from .scripted import Script, pull_json, reply

OWNER, NAME = "riverside", "harbour"


def cut(body: Any, **headers: str) -> Response:
    """The first half of an answer, passed off as the whole."""
    text = json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(text[: len(text) // 2], headers=named, media_type="application/json")


async def test_answer_cut_short_is_asked_for_again(github: GitHub, script: Script) -> None:
    script.play(cut([pull_json()]), reply([pull_json()]))
    assert len((await github.pulls_page("o", "r")).items) == 1
    assert len(script.asked) == 2


async def test_answer_cut_short_is_not_kept_under_the_tag_of_the_whole(
    github: GitHub, script: Script
) -> None:
    script.play(cut([pull_json()], etag='"a"'), reply([pull_json()], etag='"a"'))
    assert len((await github.pulls_page("o", "r")).items) == 1
    assert "if-none-match" not in script.asked[1].headers


async def test_answer_that_is_always_cut_is_trouble_that_may_pass(
    github: GitHub, script: Script
) -> None:
    script.play(cut([pull_json()]))
    with pytest.raises(ServerTrouble, match="the answer ends too soon"):
        await github.pulls_page("o", "r")
    assert len(script.asked) == 5


async def test_page_for_people_is_no_answer_of_githubs_api(github: GitHub, script: Script) -> None:
    script.play(Response("<html>Welcome</html>", media_type="text/html"))
    with pytest.raises(BadAnswer, match="Check that the base URL points at GitHub's API"):
        await github.pulls_page("o", "r")
    assert len(script.asked) == 1


@pytest.mark.parametrize("lie", ["missing", "loop"])
async def test_wrong_link_is_asked_for_again(
    visitor: GitHub, pretend: SimulatedGitHub, lie: Any
) -> None:
    pretend.faults.add(Fault(link=lie))
    told = await visitor.pulls_page(OWNER, NAME, per_page=9)
    assert pretend.log.requests == 2
    assert told == await visitor.pulls_page(OWNER, NAME, per_page=9)


async def test_wrong_last_page_changes_nothing(visitor: GitHub, pretend: SimulatedGitHub) -> None:
    pretend.faults.add(Fault(link="last"))
    told = await visitor.pulls_page(OWNER, NAME, per_page=9)
    assert told == await visitor.pulls_page(OWNER, NAME, per_page=9)
    assert pretend.log.requests == 2


async def test_full_page_that_names_no_other_is_asked_for_once_more(
    github: GitHub, script: Script
) -> None:
    full = [pull_json(number) for number in range(1, 101)]
    following = f'<{script.url}/repositories/1/pulls?after=x>; rel="next"'
    script.play(reply(full), reply(full, link=following))
    assert (await github.pulls_page("o", "r")).next == "/repositories/1/pulls?after=x"
    script.play(reply(full))
    assert (await github.pulls_page("o", "r")).next is None
    assert len(script.asked) == 4
