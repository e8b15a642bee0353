"""Scenario 3: 130 reviews, 250 comments, replies, an outdated one, a body of 60,000 characters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mainstem.functions import PrDetailsGraphqlRequested, RepositorySyncRequested
from mainstem.functions.capture import capture_pr_details_graphql, capture_repository_sync
from mainstem.simulate import Repository, World, changes, generate

from .stage import Stage, stage

LONG = "tide " * 12_000  # 60,000 characters


def plant(there: Repository, user: int) -> tuple[int, int]:
    """The big pull request; gives its number and the id of its outdated comment."""
    number = int(changes.open_pull(there, "Rebuild the quay", user=user, body=LONG)["number"])
    for _ in range(130):
        changes.add_review(there, number, user=user, body="Seen.")
    first = changes.add_review_comment(there, number, "Why?", user=user)
    first["line"] = first["position"] = None  # what it was said about has changed since
    for n in range(99):
        reply_to = int(first["id"]) if n % 2 else None
        changes.add_review_comment(there, number, f"Point {n}", user=user, reply_to=reply_to)
    for n in range(150):
        changes.add_comment(there, number, f"Thought {n}", user=user)
    return number, int(first["id"])


async def by_graphql(here: Stage, number: int) -> None:
    asked = PrDetailsGraphqlRequested(repository_id=here.home, pr_number=number)
    await here.run(capture_pr_details_graphql, asked)


async def by_rest(here: Stage, number: int) -> None:
    del number  # the whole history, of which it is a part
    asked = RepositorySyncRequested(repository_id=here.home, history="full")
    await here.run(capture_repository_sync, asked)


@pytest.mark.parametrize("capture", [by_graphql, by_rest])
async def test_scenario_03_a_big_pull_request_is_stored_completely(
    tmp_path: Path, capture: Any
) -> None:
    world: World = generate(3, 2)
    user = next(iter(world.users))
    number, outdated = plant(world.repository, user)
    async with stage(tmp_path / "s.db", world) as here:
        await capture(here, number)
        pull = here.pull(number)
        comments = [c for c in here.rows("comments") if c["pull_request_id"] == pull["id"]]
        reviews = [r for r in here.rows("reviews") if r["pull_request_id"] == pull["id"]]
    assert pull["body"] == LONG
    assert len([c for c in comments if c["comment_type"] == "issue_comment"]) == 150
    on_diff = {c["github_id"]: c for c in comments if c["comment_type"] == "review_comment"}
    assert len(on_diff) == 100
    assert on_diff[outdated]["position"] is None
    assert sum(c["in_reply_to_github_id"] == outdated for c in on_diff.values()) == 49
    assert {r["github_id"] for r in reviews} == {
        r["id"] for r in world.repository.reviews[number] if r["submitted_at"]
    }
    assert len(reviews) >= 130
