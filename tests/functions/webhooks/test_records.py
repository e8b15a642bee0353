"""What single deliveries do to the rows: tombstones, gaps, edits, counts, renames."""

from typing import Any

import pytest

from mainstem.functions.capture.repository_events import capture_repository_events
from mainstem.functions.events import RepositoryEventsRequested
from mainstem.functions.webhooks.applying import apply_delivery
from mainstem.simulate import Delivery, changes, follow
from mainstem.store import keep_delivery
from mainstem.store.ids import contributor_id
from mainstem.testing import run_handler

from .posting import House, post, post_made, status_of, stored, track

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def told(house: House) -> list[Delivery]:
    """What the pretend GitHub delivers from now on, in order; the repository is tracked."""
    track(house)
    heard: list[Delivery] = []
    follow(house.world, heard.append)
    return heard


def comments(house: House) -> list[dict[str, Any]]:
    return house.rows("comments")


async def test_a_late_created_does_not_bring_back_what_is_deleted(
    house: House, told: list[Delivery]
) -> None:
    issue = changes.open_issue(house.there, "Rust", user=house.user())["number"]
    comment = changes.add_comment(house.there, issue, "Where?", user=house.user())
    changes.delete_comment(house.there, comment["id"])
    opened, created, deleted = told
    for one in (deleted, created, opened):
        await post_made(house.services, one)
    [row] = comments(house)
    assert (row["body"], row["deleted_at"]) == ("Where?", house.clock.now())


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
async def test_a_review_goes_with_the_only_reply_that_it_held(
    house: House, told: list[Delivery], order: tuple[int, ...]
) -> None:
    pull = changes.open_pull(house.there, "A quay", user=house.user())["number"]
    asked = changes.add_review_comment(house.there, pull, "Why?", user=house.user())
    for one in told:
        await post_made(house.services, one)
    told.clear()
    said = changes.add_review_comment(
        house.there, pull, "So.", user=house.user(), reply_to=asked["id"]
    )
    changes.delete_comment(house.there, said["id"], kind="review_comments")
    for place in order:
        await post_made(house.services, told[place])
    there, gone = sorted(house.rows("reviews"), key=lambda row: row["github_id"])
    assert (there["deleted_at"], gone["deleted_at"] is not None) == (None, True)
    assert gone["deleted_at"] not in [row["deleted_at"] for row in comments(house)]


async def test_a_deleted_issue_takes_its_comments_along_the_late_ones_too(
    house: House, told: list[Delivery]
) -> None:
    issue = changes.open_issue(house.there, "Rust", user=house.user())["number"]
    changes.add_comment(house.there, issue, "Where?", user=house.user())
    changes.add_comment(house.there, issue, "Here.", user=house.user())
    changes.delete_issue(house.there, issue)
    opened, first, second, deleted = told
    for one in (opened, first, deleted, second):
        await post_made(house.services, one)
    assert [row["deleted_at"] is not None for row in comments(house)] == [True, True]
    assert house.rows("issues")[0]["deleted_at"] is not None


async def test_a_comment_on_an_unknown_pull_request_waits_and_asks_for_it(
    house: House, told: list[Delivery]
) -> None:
    pull = changes.open_pull(house.there, "A quay", user=house.user())["number"]
    changes.add_comment(house.there, pull, "Nice.", user=house.user())
    opened, created = told
    outcome = await post_made(house.services, created)
    assert (outcome.status, outcome.ask) == ("waiting", (pull,))
    assert status_of(house.services, created.guid) == "received"
    await post_made(house.services, opened)
    again = await apply_delivery(house.services, created.guid)
    assert again.status == "handled"
    assert [row["body"] for row in comments(house)] == ["Nice."]


async def test_a_review_brings_its_pull_request_along(house: House, told: list[Delivery]) -> None:
    pull = changes.open_pull(house.there, "A quay", user=house.user())["number"]
    changes.add_review(house.there, pull, user=house.user(), body="Good.")
    opened, review = told
    await post_made(house.services, review)
    assert house.pull(pull)["additions"] is None
    assert [row["body"] for row in house.rows("reviews")] == ["Good."]
    # What was opened is older and has what the review's lacks: it may have changed since.
    assert (await post_made(house.services, opened)).ask == (pull,)


async def test_an_older_record_does_not_overwrite_a_newer(
    house: House, told: list[Delivery]
) -> None:
    issue = changes.open_issue(house.there, "Rust", user=house.user())["number"]
    changes.edit_item(house.there, issue, title="Rust on the crane")
    for one in reversed(told):
        await post_made(house.services, one)
    assert [row["title"] for row in house.rows("issues")] == ["Rust on the crane"]


async def test_who_merged_is_known_though_a_comment_of_that_second_came_first(
    house: House, told: list[Delivery]
) -> None:
    pull = changes.open_pull(house.there, "A quay", user=house.user())["number"]
    at = "2026-07-02T00:00:00Z"
    changes.close(house.there, pull, merged_by=house.user(), at=at)
    changes.add_comment(house.there, pull, "Thanks.", user=house.user(), at=at)
    opened, *others = told
    for one in (opened, *reversed(others)):
        await post_made(house.services, one)
    row = house.pull(pull)
    assert (row["merged_by_id"], row["merged_by_login"]) == (
        contributor_id(house.user()),
        house.world.users[house.user()]["login"],
    )


async def test_a_delivery_that_comes_again_does_nothing_again(
    house: House, told: list[Delivery]
) -> None:
    changes.open_issue(house.there, "Rust", user=house.user())
    await post_made(house.services, told[0])
    before = house.rows("issues")
    house.database.write(
        keep_delivery, stored("issues", told[0].payload, house.clock.now(), guid=told[0].guid)
    )
    assert (await apply_delivery(house.services, told[0].guid)).status == "handled"
    assert house.rows("issues") == before
    assert house.rows("webhook_deliveries")[0]["payload"] is None


async def test_counts_of_comments_follow_the_comments(house: House, told: list[Delivery]) -> None:
    pull = changes.open_pull(house.there, "A quay", user=house.user())["number"]
    first = changes.add_comment(house.there, pull, "One.", user=house.user())
    changes.add_comment(house.there, pull, "Two.", user=house.user())
    changes.delete_comment(house.there, first["id"])
    seen = []
    for one in told:
        await post_made(house.services, one)
        seen.append(house.pull(pull)["comments_count"])
    assert seen == [0, 1, 2, 1]


async def test_a_renamed_label_and_a_deleted_milestone_are_seen_on_what_bears_them(
    house: House, told: list[Delivery]
) -> None:
    issue = changes.open_issue(house.there, "Rust", user=house.user())["number"]
    changes.edit_item(house.there, issue, milestone={"title": "v1", "number": 1, "id": 1})
    changes.label(house.there, issue, 'say "no"')
    changes.label(house.there, issue, "bug")
    for one in told:
        await post_made(house.services, one)
    home = {"repository": told[0].payload["repository"]}
    renamed = {
        "action": "edited",
        "label": {"name": "never"},
        "changes": {"name": {"from": 'say "no"'}},
    }
    await post(house.services, "label", renamed | home)
    await post(
        house.services, "milestone", {"action": "deleted", "milestone": {"title": "v1"}} | home
    )
    [row] = house.rows("issues")
    assert (row["labels"], row["milestone"]) == (["bug", "never"], None)


async def test_a_repository_that_is_not_tracked_is_ignored(house: House) -> None:
    heard: list[Delivery] = []
    follow(house.world, heard.append)
    changes.open_issue(house.there, "Rust", user=house.user())
    outcome = await post_made(house.services, heard[0])
    assert (outcome.status, outcome.why) == ("ignored", "the repository is not tracked")
    assert house.count("issues") == 0


async def test_a_star_is_an_entry_of_the_feed_once(house: House, told: list[Delivery]) -> None:
    changes.star(house.there, house.user())
    star = next(one for one in told if one.event == "star")
    await post(house.services, "star", star.payload)
    await post(house.services, "star", star.payload)
    [row] = house.rows("github_events_cache")
    assert (row["event_type"], row["actor_github_id"]) == ("WatchEvent", house.user())


async def test_a_fork_is_an_entry_of_the_feed(house: House, told: list[Delivery]) -> None:
    changes.star(house.there, house.user(), forked=True)
    for one in told:
        await post_made(house.services, one)
    [row] = house.rows("github_events_cache")
    assert (row["event_type"], row["actor_github_id"]) == ("ForkEvent", house.user())


async def test_a_star_that_a_webhook_told_is_not_told_again_by_the_feed(
    house: House, told: list[Delivery]
) -> None:
    changes.star(house.there, house.user())
    star = next(one for one in told if one.event == "star")
    await post(house.services, "star", star.payload)
    await read_feed(house)
    await read_feed(house)
    assert [row["event_id"][:5] for row in house.rows("github_events_cache")] == ["star:"]


async def test_a_star_that_the_feed_told_is_not_told_again_by_a_webhook(
    house: House, told: list[Delivery]
) -> None:
    changes.star(house.there, house.user())
    star = next(one for one in told if one.event == "star")
    await read_feed(house)
    await post(house.services, "star", star.payload)
    assert house.count("github_events_cache") == 1


async def read_feed(house: House) -> None:
    asked = RepositoryEventsRequested(repository_id=house.repository_id)
    await run_handler(capture_repository_events, asked, house.services)


async def test_a_discussion_is_kept_with_its_answer_and_its_end(
    house: House, told: list[Delivery]
) -> None:
    opened = changes.open_discussion(house.there, "Tides", user=house.user())
    said = changes.comment_on_discussion(
        house.there, opened["number"], "Twice a day.", user=house.user()
    )
    changes.answer_discussion(house.there, opened["number"], said["id"], user=house.user())
    for one in told:
        await post_made(house.services, one)
    [row] = house.rows("discussions")
    assert (row["comments_count"], row["answer_github_id"]) == (1, said["id"])
    gone = told[0].payload | {"action": "deleted"}
    await post(house.services, "discussion", gone)
    assert house.rows("discussions")[0]["deleted_at"] is not None
