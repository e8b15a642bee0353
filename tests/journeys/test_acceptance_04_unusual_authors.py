"""Scenario 4: pull requests by a deleted user, by a bot, and by an app without a numeric id."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from mainstem.functions import RepositorySyncGraphqlRequested, RepositorySyncRequested
from mainstem.functions.capture import capture_repository_sync, capture_repository_sync_graphql
from mainstem.functions.capture.rows import Rows
from mainstem.functions.capture.storing import store_batch
from mainstem.functions.home import Home
from mainstem.github import Account, PullRequest
from mainstem.simulate import changes, generate

from .stage import NOW, stage


@pytest.mark.parametrize("via", ["graphql", "rest"])
async def test_scenario_04_deleted_users_and_bots_keep_their_pull_requests(
    tmp_path: Path, via: str
) -> None:
    world = generate(4, 2)
    bot = next(i for i, row in world.users.items() if row["login"].endswith("[bot]"))
    by_ghost = changes.open_pull(world.repository, "Left behind", user=None)["number"]
    by_bot = changes.open_pull(world.repository, "Bump", user=bot)["number"]
    async with stage(tmp_path / "s.db", world) as here:
        if via == "graphql":
            asked = RepositorySyncGraphqlRequested(repository_id=here.home, history="full")
            await here.run(capture_repository_sync_graphql, asked)
        else:
            await here.run(
                capture_repository_sync,
                RepositorySyncRequested(repository_id=here.home, history="full"),
            )
        assert here.pull(by_ghost)["author_id"] is None
        assert here.pull(by_bot)["author_login"] == world.users[bot]["login"]
        people = {row["id"]: row for row in here.rows("contributors")}
        assert people[here.pull(by_bot)["author_id"]]["is_bot"]
        assert 10137 not in {row["github_id"] for row in people.values()}  # nobody is the ghost


async def test_scenario_04_an_app_without_a_number_keeps_its_pull_request(tmp_path: Path) -> None:
    moment = datetime(2026, 6, 1, tzinfo=UTC)
    pull = PullRequest(
        id=77,
        number=900,
        title="By an app",
        body=None,
        state="open",
        draft=False,
        author=Account(id=None, login="tide-app", type="Bot", avatar_url=None, profile_url=None),
        created_at=moment,
        updated_at=moment,
        closed_at=None,
        merged_at=None,
        merged=False,
        base_branch="main",
        head_branch="app",
        head_sha="0" * 40,
        html_url="http://github.test/p/900",
    )
    async with stage(tmp_path / "s.db", generate(4, 1)) as here:
        home = Home(here.home, here.there.id, "riverside", "harbour", None)
        batch = Rows(home).pulls([pull])
        here.services.database.write(store_batch, batch, at=NOW)
        stored = here.pull(900)
    assert (stored["author_id"], stored["author_login"], stored["author_type"]) == (
        None,
        "tide-app",
        "Bot",
    )
