"""Webhook deliveries of a repository's past, and of each change while it is served."""

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from mainstem.simulate import (
    Delivery,
    Repository,
    SimulatedGitHub,
    World,
    changes,
    deliveries,
    follow,
)

HOME = "/repos/riverside/harbour"


def test_past_is_told_in_order_of_time_and_signed(world: World) -> None:
    told = list(deliveries(world, secret="s", installation=11))
    assert [one.at for one in told] == sorted(one.at for one in told)
    assert len({one.guid for one in told}) == len(told)
    one = told[len(told) // 2]
    seal = hmac.new(b"s", one.body, hashlib.sha256).hexdigest()
    assert one.headers["x-hub-signature-256"] == f"sha256={seal}"
    assert (one.installation_id, one.repository_id) == (11, world.repository.id)
    assert json.loads(one.body) == one.payload


def test_same_past_is_told_in_the_same_words(world: World) -> None:
    first, second = [[one.guid for one in deliveries(world)] for _ in range(2)]
    assert first == second


def test_past_holds_every_record_but_drafts(world: World) -> None:
    home = world.repository
    number = min(home.pulls)
    changes.add_review(home, number, user=None, state="PENDING")
    told = list(deliveries(world))

    def ids(event: str, part: str) -> set[int]:
        return {one.payload[part]["id"] for one in told if one.event == event}

    reviews = [row for rows in home.reviews.values() for row in rows]
    assert ids("pull_request", "pull_request") == {row["id"] for row in home.pulls.values()}
    assert ids("issues", "issue") == {row["id"] for row in home.issues.values()}
    assert ids("issue_comment", "comment") == {row["id"] for row in home.all_issue_comments()}
    assert ids("pull_request_review_comment", "comment") == {
        row["id"] for row in home.all_review_comments()
    }
    assert ids("pull_request_review", "review") == {
        row["id"] for row in reviews if row["submitted_at"] is not None
    }


async def test_last_payload_of_each_item_is_what_rest_shows(
    http: httpx.AsyncClient, github: SimulatedGitHub
) -> None:
    last = {
        one.payload["number"]: one.payload["pull_request"]
        for one in deliveries(github.world, api=github.url)
        if one.event == "pull_request"
    }
    for number in list(last)[:10]:
        assert last[number] == (await http.get(f"{HOME}/pulls/{number}")).json()


def test_item_is_open_until_it_is_closed_and_its_counters_grow(world: World) -> None:
    home = world.repository
    merged = next(n for n, row in home.pulls.items() if row["merged_at"] and row["comments"] > 2)
    seen = [
        one.payload
        for one in deliveries(world)
        if one.event == "pull_request" and one.payload["number"] == merged
    ]
    assert [one["action"] for one in seen][:2] == ["opened", "closed"]
    first, last = seen[0]["pull_request"], seen[-1]["pull_request"]
    assert (first["state"], first["merged"], first["comments"]) == ("open", False, 0)
    assert (last["state"], last["merged"]) == ("closed", True)
    assert last["comments"] == len(home.issue_comments[merged])


def told_by(world: World) -> list[Delivery]:
    told: list[Delivery] = []
    follow(world, told.append)
    return told


def test_review_is_told_in_small_letters(world: World) -> None:
    told = told_by(world)
    changes.add_review(world.repository, min(world.repository.pulls), user=None, state="APPROVED")
    review = told[0].payload["review"]
    assert (told[0].event, told[0].action) == ("pull_request_review", "submitted")
    assert (review["state"], review["body"]) == ("approved", None)


@dataclass(frozen=True)
class Scene:
    """A repository with somebody in it, and something that was said."""

    world: World
    user: int
    number: int
    comment: int
    review: int

    @property
    def home(self) -> Repository:
        return self.world.repository


def answered(scene: Scene) -> None:
    number = changes.open_discussion(scene.home, "Why?", user=scene.user)["number"]
    said = changes.comment_on_discussion(scene.home, number, "Because", user=scene.user)
    changes.answer_discussion(scene.home, number, said["id"], user=scene.user)


CASES: dict[tuple[str, str], Callable[[Scene], Any]] = {
    ("pull_request", "opened"): lambda on: changes.open_pull(on.home, "New", user=on.user),
    ("pull_request", "labeled"): lambda on: changes.label(on.home, on.number, "bug"),
    ("pull_request", "converted_to_draft"): lambda on: changes.convert_to_draft(on.home, on.number),
    ("pull_request", "synchronize"): lambda on: changes.force_push(on.home, on.number),
    ("pull_request", "review_requested"): lambda on: changes.request_review(
        on.home, on.number, on.user, teams=("pilots",)
    ),
    ("pull_request", "assigned"): lambda on: changes.assign(on.home, on.number, on.user),
    ("pull_request", "closed"): lambda on: changes.close(on.home, on.number, merged_by=on.user),
    ("issue_comment", "created"): lambda on: changes.add_comment(
        on.home, on.number, "Two", user=on.user
    ),
    ("issue_comment", "edited"): lambda on: changes.edit_comment(on.home, on.comment, "Other"),
    ("issue_comment", "deleted"): lambda on: changes.delete_comment(on.home, on.comment),
    ("pull_request_review", "dismissed"): lambda on: changes.dismiss_review(on.home, on.review),
    ("issues", "deleted"): lambda on: changes.delete_issue(on.home, min(on.home.issues)),
    ("repository", "renamed"): lambda on: changes.rename_repository(
        on.world, on.home, "riverside/port"
    ),
    ("star", "created"): lambda on: changes.star(on.home, on.user),
    ("discussion", "created"): lambda on: changes.open_discussion(on.home, "Why?", user=on.user),
    ("discussion", "answered"): answered,
}


@pytest.mark.parametrize("case", CASES)
def test_change_is_delivered_as_githubs_event(world: World, case: tuple[str, str]) -> None:
    home = world.repository
    user = next(one["id"] for one in world.users.values() if one["type"] == "User")
    number = min(home.pulls)
    comment = changes.add_comment(home, number, "One", user=user)["id"]
    review = changes.add_review(home, number, user=user)["id"]
    told = told_by(world)
    CASES[case](Scene(world, user, number, comment, review))
    assert (told[-1].event, told[-1].action) == case
    assert told[-1].headers["x-github-event"] == case[0]


def test_following_ends_when_told_so(world: World) -> None:
    told: list[Delivery] = []
    stop = follow(world, told.append)
    stop()
    changes.label(world.repository, min(world.repository.pulls), "bug")
    assert told == []
