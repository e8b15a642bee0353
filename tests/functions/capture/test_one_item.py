"""The five functions that read one pull request or one issue."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from mainstem.catalog import NonRetriableError, RetryAfterError
from mainstem.functions.capture import (
    capture_issue_comments,
    capture_pr_comments,
    capture_pr_details,
    capture_pr_details_graphql,
    capture_pr_reviews,
    capture_repository_issues,
)
from mainstem.functions.events import (
    IssueCommentsRequested,
    PrCommentsRequested,
    PrDetailsGraphqlRequested,
    PrDetailsRequested,
    PrReviewsRequested,
    RepositoryIssuesRequested,
)
from mainstem.github import RequestFailed
from mainstem.simulate import changes
from mainstem.simulate.faults import Fault
from mainstem.store import find_pull, tables
from mainstem.testing import replay_from_every_step, run_handler

from .conftest import Build
from .house import NOW, House

PULL_FUNCTIONS: list[tuple[Any, Any]] = [
    (capture_pr_details, PrDetailsRequested),
    (capture_pr_details_graphql, PrDetailsGraphqlRequested),
    (capture_pr_reviews, PrReviewsRequested),
    (capture_pr_comments, PrCommentsRequested),
]


async def capture(function: Any, event: Any, house: House, number: int, **more: Any) -> Any:
    asked = event(repository_id=house.repository_id, pr_number=number, **more)
    return (await run_handler(function, asked, house.services)).output


def busiest(house: House) -> int:
    """The pull request with most comments on its diff."""
    comments = house.there.review_comments
    return max(comments, key=lambda number: len(comments[number]))


def open_big_pull(house: House) -> int:
    """130 reviews, 250 comments with replies, one outdated, one of 60,000 characters."""
    number = int(changes.open_pull(house.there, "Big", user=house.user())["number"])
    for _ in range(30):
        changes.add_review(house.there, number, user=house.user(), state="APPROVED")
    first = changes.add_review_comment(house.there, number, "Why?", user=house.user())
    first.update(position=None, line=None)
    for n in range(99):
        changes.add_review_comment(
            house.there, number, f"Because {n}.", user=house.user(), reply_to=first["id"]
        )
    for n in range(149):
        changes.add_comment(house.there, number, f"Remark {n}", user=house.user())
    changes.add_comment(house.there, number, "x" * 60_000, user=house.user())
    return number


async def test_d24_details_are_written_by_number_whatever_row_id_the_event_carries(
    house: House,
) -> None:
    number = max(house.there.pulls)
    await capture(capture_pr_details, PrDetailsRequested, house, number, pr_id=uuid4())
    there, stored = house.there.pulls[number], house.pull(number)
    assert stored["id"] == house.pull_id(number)
    assert (stored["title"], stored["additions"]) == (there["title"], there["additions"])
    assert stored["mergeable_state"] is not None


async def test_details_over_rest_do_not_count_as_captured_whole(house: House) -> None:
    number = busiest(house)
    await capture(capture_pr_details, PrDetailsRequested, house, number)
    assert house.pull(number)["details_synced_at"] is None
    await capture(capture_pr_details_graphql, PrDetailsGraphqlRequested, house, number)
    assert house.pull(number)["details_synced_at"] == NOW


@pytest.mark.parametrize("path", ["graphql", "rest"])
async def test_d13_d15_a_big_pull_request_is_stored_completely(house: House, path: str) -> None:
    number = open_big_pull(house)
    if path == "graphql":
        await capture(capture_pr_details_graphql, PrDetailsGraphqlRequested, house, number)
    else:
        reviews = await capture(capture_pr_reviews, PrReviewsRequested, house, number)
        comments = await capture(capture_pr_comments, PrCommentsRequested, house, number)
        assert (reviews.reviews, reviews.truncated) == (130, False)
        assert (comments.review_comments, comments.issue_comments) == (100, 150)
    stored = house.rows("comments")
    assert (house.count("reviews"), len(stored)) == (130, 250)
    assert max(len(row["body"]) for row in stored) == 60_000
    outdated = [r for r in stored if r["comment_type"] == "review_comment" and not r["position"]]
    assert outdated[0]["original_position"] == 1


async def test_d13_review_comments_with_replies_are_stored(house: House) -> None:
    number = busiest(house)
    await capture(capture_pr_comments, PrCommentsRequested, house, number)
    there = {row["id"]: row.get("in_reply_to_id") for row in house.there.review_comments[number]}
    stored = {
        row["github_id"]: row["in_reply_to_github_id"]
        for row in house.rows("comments")
        if row["comment_type"] == "review_comment"
    }
    assert stored == there
    assert any(stored.values())


@pytest.mark.parametrize(("function", "event"), PULL_FUNCTIONS)
async def test_d08_github_times_stay_githubs(house: House, function: Any, event: Any) -> None:
    number = busiest(house)
    await capture(function, event, house, number)
    told = house.pull(number)["updated_at"].strftime("%Y-%m-%dT%H:%M:%SZ")
    assert told == house.there.pulls[number]["updated_at"]


@pytest.mark.parametrize(("function", "event"), PULL_FUNCTIONS)
async def test_d03_an_unknown_repository_is_final_and_asks_github_nothing(
    house: House, function: Any, event: Any
) -> None:
    asked = event(repository_id=UUID(int=5), pr_number=1)
    with pytest.raises(NonRetriableError, match="Repository not found"):
        await run_handler(function, asked, house.services, attempts=3)
    requests = house.github.log.requests
    assert requests == 0


@pytest.mark.parametrize(("function", "event"), PULL_FUNCTIONS)
async def test_records_of_another_repository_of_that_name_are_never_stored(
    house: House, function: Any, event: Any
) -> None:
    number, ours = busiest(house), house.repository_id
    house.there.record["id"] = 999
    asked = event(repository_id=ours, pr_number=number)
    with pytest.raises(NonRetriableError, match="GitHub now has repository 999"):
        await run_handler(function, asked, house.services)
    assert house.count("pull_requests") == house.count("comments") == house.count("reviews") == 0


@pytest.mark.parametrize(("function", "event"), PULL_FUNCTIONS[:2])
async def test_d03_a_pull_request_that_is_gone_is_final_for_its_details(
    house: House, function: Any, event: Any
) -> None:
    with pytest.raises(NonRetriableError, match="Pull request not found"):
        await capture(function, event, house, 99_999)


@pytest.mark.parametrize(("function", "event"), PULL_FUNCTIONS[2:])
async def test_a_pull_request_that_is_gone_has_no_reviews_and_no_comments(
    house: House, function: Any, event: Any
) -> None:
    await capture(function, event, house, 99_999)
    assert (house.count("reviews"), house.count("comments")) == (0, 0)


@pytest.mark.parametrize(("function", "event"), PULL_FUNCTIONS)
async def test_an_interruption_after_any_step_changes_nothing(
    build: Build, function: Any, event: Any
) -> None:
    houses: list[House] = []

    async def services() -> Any:
        houses.append(await build())
        return houses[-1].services

    number = busiest(await build())
    asked = event(repository_id=(await build()).repository_id, pr_number=number)

    def look(_services: Any) -> object:
        logs = [(row["run_key"], row["status"]) for row in houses[-1].rows("sync_logs")]
        return houses[-1].what_github_said(), logs

    proof = await replay_from_every_step(function, asked, services, look=look)
    assert len(proof.interrupted_after) == 4


async def test_d07_d26_a_later_answer_with_less_blanks_nothing_and_makes_nobody_twice(
    house: House,
) -> None:
    number = busiest(house)
    await capture(capture_pr_comments, PrCommentsRequested, house, number)
    people = set_of_everybody(house, bio="Keeps the lock.", first_seen_at=NOW - timedelta(days=9))
    await capture(capture_pr_details_graphql, PrDetailsGraphqlRequested, house, number)
    after = {row["github_id"]: row for row in house.rows("contributors")}
    for github_id in people:
        assert after[github_id]["bio"] == "Keeps the lock."
        assert after[github_id]["first_seen_at"] == NOW - timedelta(days=9)
    assert len(after) == len(house.rows("contributors"))


def set_of_everybody(house: House, **values: Any) -> list[int]:
    """Give every stored contributor these values; their GitHub ids."""
    house.database.write(lambda conn: conn.execute(update(tables.contributors).values(**values)))
    return [row["github_id"] for row in house.rows("contributors")]


async def test_d26_a_renamed_login_taken_by_somebody_else_is_two_people(house: House) -> None:
    number = busiest(house)
    author = house.there.review_comments[number][0]["user"]
    old = house.world.users[author]["login"]
    await capture(capture_pr_comments, PrCommentsRequested, house, number)
    house.world.rename_user(author, "renamed")
    newcomer = next(n for n, row in house.world.users.items() if row["login"] != "renamed")
    house.world.rename_user(newcomer, old)
    changes.add_comment(house.there, number, "Hello.", user=newcomer)
    await capture(capture_pr_comments, PrCommentsRequested, house, number)
    names = {row["github_id"]: row["username"] for row in house.rows("contributors")}
    assert (names[author], names[newcomer]) == ("renamed", old)


async def test_d21_a_pull_request_keeps_its_deleted_author(house: House) -> None:
    number = busiest(house)
    author = house.there.pulls[number]["user"]
    login = house.world.users[author]["login"]
    await capture(capture_pr_details_graphql, PrDetailsGraphqlRequested, house, number)
    house.world.delete_user(author)
    changes.edit_item(house.there, number, title="Renamed")
    await capture(capture_pr_details_graphql, PrDetailsGraphqlRequested, house, number)
    stored = house.pull(number)
    assert (stored["title"], stored["author_login"]) == ("Renamed", login)
    assert stored["author_id"] is not None


@pytest.mark.parametrize(("function", "event"), PULL_FUNCTIONS[:2])
async def test_d21_a_pull_request_of_a_deleted_user_is_stored(
    house: House, function: Any, event: Any
) -> None:
    number = busiest(house)
    house.world.delete_user(house.there.pulls[number]["user"])
    await capture(function, event, house, number)
    stored = house.pull(number)
    assert (stored["author_id"], stored["author_login"]) == (None, None)


@pytest.mark.parametrize(("function", "event"), PULL_FUNCTIONS[:2])
async def test_a_bot_has_one_login_on_both_paths(house: House, function: Any, event: Any) -> None:
    bot = house.user(kind="Bot")
    number = int(changes.open_pull(house.there, "Bump", user=bot)["number"])
    # An app may be called otherwise than its slug; REST's login is the canonical one.
    await capture(function, event, house, number)
    login = house.world.users[bot]["login"]
    assert house.pull(number)["author_login"] == login
    (person,) = [row for row in house.rows("contributors") if row["github_id"] == bot]
    assert (person["username"], person["is_bot"]) == (login, True)


async def test_a_bots_account_is_asked_for_once(house: House) -> None:
    bot = house.user(kind="Bot")
    for title in ("Bump", "Bump again"):
        number = int(changes.open_pull(house.there, title, user=bot)["number"])
        await capture(capture_pr_details_graphql, PrDetailsGraphqlRequested, house, number)
    asked = [entry for entry in house.github.log.entries if "/user/" in entry.path]
    assert len(asked) == 1


async def test_a_bot_that_rest_does_not_know_keeps_its_login(house: House) -> None:
    bot = house.user(kind="Bot")
    number = int(changes.open_pull(house.there, "Bump", user=bot)["number"])
    house.github.faults.answer(404, path="/user/")
    await capture(capture_pr_details_graphql, PrDetailsGraphqlRequested, house, number)
    assert house.pull(number)["author_login"] == house.world.users[bot]["login"]


async def test_a_primary_limit_is_waited_for_until_github_says_it_is_over(house: House) -> None:
    reset = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=40)
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(reset.timestamp()))}
    house.github.faults.add(
        Fault("/pulls/", times=9, status=403, headers=headers, body={"message": "API rate limit"})
    )
    with pytest.raises(RetryAfterError) as raised:
        await capture(capture_pr_details, PrDetailsRequested, house, busiest(house))
    assert abs(raised.value.retry_after - reset) < timedelta(minutes=1)


async def test_a_secondary_limit_is_waited_for_as_long_as_github_asks(house: House) -> None:
    house.github.faults.secondary_limit(path="/pulls/", times=9, retry_after=1_800)
    with pytest.raises(RetryAfterError) as raised:
        await capture(capture_pr_details, PrDetailsRequested, house, busiest(house))
    assert raised.value.retry_after == NOW + timedelta(seconds=1_800)


async def test_a_missing_permission_is_final(house: House) -> None:
    house.github.faults.answer(403, path="/pulls/", body={"message": "Resource not accessible"})
    with pytest.raises(NonRetriableError, match="403"):
        await capture(capture_pr_details, PrDetailsRequested, house, busiest(house))


async def test_trouble_at_github_is_tried_again_by_the_platform(house: House) -> None:
    house.github.faults.bad_gateway(path="/pulls/", times=99)
    with pytest.raises(RequestFailed):
        await capture(capture_pr_details, PrDetailsRequested, house, busiest(house))


async def store_issue(house: House, number: int) -> None:
    asked = RepositoryIssuesRequested(repository_id=house.repository_id, time_range=9_999)
    await run_handler(capture_repository_issues, asked, house.services)
    assert number in {row["number"] for row in house.rows("issues")}


async def test_every_comment_of_an_issue_is_stored(house: House) -> None:
    number = max(house.there.issues, key=lambda n: len(house.there.issue_comments[n]))
    for n in range(120):
        changes.add_comment(house.there, number, f"Remark {n}", user=house.user())
    await store_issue(house, number)
    asked = IssueCommentsRequested(repository_id=house.repository_id, issue_number=number)
    result = await run_handler(capture_issue_comments, asked, house.services)
    there = house.there.issue_comments[number]
    assert (result.output.comments, result.output.truncated) == (len(there), False)
    assert {row["issue_id"] for row in house.rows("comments")} == {house.issue_id(number)}


async def test_an_issue_that_is_gone_has_no_comments(house: House) -> None:
    number = min(house.there.issues)
    await store_issue(house, number)
    house.github.faults.answer(410, path=f"/issues/{number}/comments")
    asked = IssueCommentsRequested(repository_id=house.repository_id, issue_number=number)
    result = await run_handler(capture_issue_comments, asked, house.services)
    assert result.output.comments == 0


async def test_comments_of_an_issue_that_is_not_stored_are_refused(house: House) -> None:
    asked = IssueCommentsRequested(repository_id=house.repository_id, issue_number=1)
    with pytest.raises(NonRetriableError, match=r"Send capture/repository\.issues first"):
        await run_handler(capture_issue_comments, asked, house.services)


async def test_a_parent_that_is_not_stored_yet_comes_with_its_children(house: House) -> None:
    number = busiest(house)
    await capture(capture_pr_reviews, PrReviewsRequested, house, number)
    found = house.database.read(find_pull, house.repository_id, number)
    assert found is not None
    assert found.reviews > 0
