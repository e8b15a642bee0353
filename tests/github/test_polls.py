"""Polls against the pretend GitHub: free while nothing changes, told again until it is stored."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import Response

from mainstem.github import GitHub, Offer, Page
from mainstem.github.conditional import condition
from mainstem.simulate import SimulatedGitHub, changes
from mainstem.store import Database
from mainstem.store.validators import StoredValidators

from .scripted import Script, SteeredClock, pull_json, reply

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


def whose(pretend: SimulatedGitHub) -> tuple[str, str]:
    owner, _, name = pretend.world.repository.full_name.partition("/")
    return owner, name


async def poll_all(github: GitHub, owner: str, name: str) -> list[Page[Any] | None]:
    return [
        await github.poll_pulls(owner, name),
        await github.poll_review_comments(owner, name, since=BEGINNING),
        await github.poll_issue_comments(owner, name, since=BEGINNING),
        await github.poll_issues(owner, name, since=BEGINNING),
    ]


def offers_of(pages: Sequence[Page[Any] | None]) -> list[Offer]:
    offers = [page.offer for page in pages if page is not None and page.offer is not None]
    assert len(offers) == len(pages)
    return offers


async def test_what_is_stored_is_not_told_again(visitor: GitHub, pretend: SimulatedGitHub) -> None:
    owner, name = whose(pretend)
    await visitor.accept_polls(offers_of(await poll_all(visitor, owner, name)))
    assert await poll_all(visitor, owner, name) == [None] * 4
    assert visitor.ledger.snapshot().not_modified == 4


async def test_what_is_not_stored_is_told_again(visitor: GitHub, pretend: SimulatedGitHub) -> None:
    owner, name = whose(pretend)
    first = await visitor.poll_pulls(owner, name)
    assert first is not None
    assert await visitor.poll_pulls(owner, name) == first


async def test_nobody_accepts_what_another_one_has_polled_and_not_stored(
    visitor: GitHub, pretend: SimulatedGitHub
) -> None:
    owner, name = whose(pretend)
    mine = await visitor.poll_pulls(owner, name)
    changes.edit_item(pretend.world.repository, 1, title="Of another run")
    others = await visitor.poll_pulls(owner, name)
    await visitor.accept_polls(offers_of([mine]))
    assert await visitor.poll_pulls(owner, name) == others
    await visitor.accept_polls(offers_of([others]))
    assert await visitor.poll_pulls(owner, name) is None


async def test_validator_outlives_the_process(pretend: SimulatedGitHub, tmp_path: Path) -> None:
    owner, name = whose(pretend)
    with Database(f"sqlite:///{tmp_path}/store.db") as database:
        database.upgrade()
        validators = StoredValidators(database)
        async with GitHub(base_url=pretend.url, token="t", validators=validators) as github:
            polled = await poll_all(github, owner, name)
        # Whoever stored it need not be the one that asked.
        async with GitHub(base_url=pretend.url, token="t", validators=validators) as github:
            await github.accept_polls(offers_of(polled))
            assert await poll_all(github, owner, name) == [None] * 4
        async with GitHub(base_url=pretend.url, token="u", validators=validators) as other:
            assert None not in await poll_all(other, owner, name)


async def test_poll_asks_for_the_first_page_of_each_list(github: GitHub, script: Script) -> None:
    script.play(reply([]))
    since = BEGINNING + timedelta(days=1)
    await github.poll_pulls("o", "r", per_page=7)
    await github.poll_review_comments("o", "r", since=since)
    await github.poll_issue_comments("o", "r", since=None)
    await github.poll_issues("o", "r", since=since)
    at = "&since=2000-01-02T00%3A00%3A00Z"
    assert [f"{asked.url.path}?{asked.url.query}" for asked in script.asked] == [
        "/repos/o/r/pulls?state=all&sort=updated&direction=desc&per_page=7",
        f"/repos/o/r/pulls/comments?sort=updated&direction=asc&per_page=100{at}",
        "/repos/o/r/issues/comments?sort=updated&direction=asc&per_page=100",
        f"/repos/o/r/issues?state=all&sort=updated&direction=desc&per_page=100{at}",
    ]


async def test_issues_that_are_switched_off_have_not_changed(
    github: GitHub, script: Script
) -> None:
    script.play(reply({"message": "Issues are disabled for this repo"}, 410))
    assert await github.poll_issues("o", "r", since=None) is None


async def test_renamed_repository_is_polled_under_its_old_name(
    github: GitHub, script: Script
) -> None:
    moved = reply({}, 301, location="/repositories/9/pulls?page=1")
    unchanged = Response(status_code=304)
    script.play(moved, reply([pull_json()], etag='W/"1"'), moved, unchanged)
    await github.accept_polls(offers_of([await github.poll_pulls("o", "r")]))
    assert await github.poll_pulls("o", "r") is None
    assert script.asked[-1].headers["if-none-match"] == 'W/"1"'


@pytest.mark.parametrize(
    ("known", "dies_hourly", "header"),
    [
        (None, False, {}),
        (('"e"', "Mon"), False, {"If-None-Match": '"e"'}),
        (('"e"', "Mon"), True, {"If-Modified-Since": "Mon"}),
        (('"e"', None), True, {"If-None-Match": '"e"'}),
        ((None, "Mon"), False, {"If-Modified-Since": "Mon"}),
    ],
)
def test_condition_is_the_validator_that_lives_longest(
    known: tuple[str | None, str | None] | None, dies_hourly: bool, header: dict[str, str]
) -> None:
    assert condition(known, dies_hourly=dies_hourly) == header


async def test_poll_is_another_question_than_the_list_in_memory(
    github: GitHub, script: Script, clock: SteeredClock
) -> None:
    script.play(reply([pull_json()], etag='"1"'))
    await github.pulls_page("o", "r", sort="updated", direction="desc", per_page=1)
    await github.poll_pulls("o", "r")
    assert "if-none-match" not in script.asked[1].headers
