"""capture-repository-discussions: every discussion once, and then only what has changed."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from mainstem.catalog import NonRetriableError
from mainstem.functions import RepositoryDiscussionsRequested
from mainstem.functions.capture import capture_repository_discussions
from mainstem.functions.services import Services
from mainstem.simulate import generate
from mainstem.store import mark_deleted, tables
from mainstem.testing import RunResult, replay_from_every_step, run_handler

from .conftest import Build
from .discussed import discuss
from .house import NOW, House, text_of


@pytest.fixture
async def talking(build: Build) -> House:
    """A world of its own: the usual one is shared and must stay as it is."""
    return await build(generate(3, 4))


def asked(house: House, cap: int = 100) -> RepositoryDiscussionsRequested:
    return RepositoryDiscussionsRequested(repository_id=house.repository_id, max_items=cap)


async def capture(house: House, cap: int = 100) -> RunResult[Any]:
    return await run_handler(
        capture_repository_discussions, asked(house, cap), house.services, run_id=str(uuid4())
    )


def requests(house: House) -> int:
    return house.services.github.ledger.snapshot().graphql_requests


def numbers(house: House) -> set[int]:
    return {row["number"] for row in house.rows("discussions")}


async def test_a_discussion_is_stored_with_its_category_and_its_answer(talking: House) -> None:
    person = talking.user()
    discuss(
        talking,
        900,
        answer_id=77,
        answer_chosen_at="2026-01-03T00:00:00Z",
        answer_chosen_by=person,
        locked=True,
    )
    answer = {"id": 77, "user": person, "body": "Because.", "_number": 900}
    times = dict.fromkeys(("created_at", "updated_at"), "2026-01-02T00:00:00Z")
    talking.there.discussion_comments[900].append({**answer, **times})
    output = (await capture(talking)).output
    (row,) = talking.rows("discussions")
    assert (output.discussions, output.pages, output.finished) == (1, 1, True)
    assert (row["github_id"], row["title"], row["body"]) == (70_900, "Number 900", "Why?")
    assert (row["category"], row["category_emoji"], row["is_answerable"]) == (
        "Q&A",
        ":pray:",
        True,
    )
    login = talking.world.users[person]["login"]
    assert (row["answer_github_id"], row["answer_chosen_by_login"]) == (77, login)
    assert text_of(row["answered_at"]) == "2026-01-03T00:00:00Z"
    assert (row["locked"], row["upvotes_count"], row["comments_count"]) == (True, 3, 1)
    assert (row["author_login"], talking.count("contributors")) == (login, 1)


async def test_one_that_is_gone_at_github_is_marked(talking: House) -> None:
    for number in (900, 901, 902):
        discuss(talking, number)
    await capture(talking)
    del talking.there.discussions[901]
    talking.there.changed()
    before = requests(talking)
    output = (await capture(talking)).output
    assert (output.deleted, requests(talking) - before) == (1, 2)
    assert [row["number"] for row in talking.rows("discussions") if row["deleted_at"]] == [901]
    assert (await capture(talking)).output.deleted == 0
    assert requests(talking) - before == 3


async def test_one_that_was_thought_gone_comes_back(talking: House) -> None:
    discuss(talking, 900)
    await capture(talking)
    github_id = talking.rows("discussions")[0]["github_id"]
    talking.database.write(
        lambda conn: mark_deleted(conn, "discussion", github_ids=[github_id], at=NOW)
    )
    await capture(talking)
    assert talking.rows("discussions")[0]["deleted_at"] is None


async def test_one_that_was_missed_is_read_by_the_next_run(talking: House) -> None:
    for number in (900, 901, 902):
        discuss(talking, number)
    await capture(talking)
    table = tables.discussions
    talking.database.write(lambda conn: conn.execute(table.delete().where(table.c.number == 900)))
    discuss(talking, 903, at=NOW)
    for _ in range(2):
        await capture(talking)
    assert numbers(talking) == {900, 901, 902, 903}


async def test_d21_a_discussion_of_a_deleted_account_is_kept(talking: House) -> None:
    discuss(talking, 900, user=None)
    await capture(talking)
    (row,) = talking.rows("discussions")
    assert (row["author_id"], row["author_login"]) == (None, None)


async def test_a_bot_has_the_login_that_rest_knows(talking: House) -> None:
    bot = talking.user(kind="Bot")
    discuss(talking, 900, user=bot)
    await capture(talking)
    (row,) = talking.rows("discussions")
    assert row["author_login"] == talking.world.users[bot]["login"]
    assert [(one["github_id"], one["is_bot"]) for one in talking.rows("contributors")] == [
        (bot, True)
    ]


async def test_where_nothing_changed_one_page_is_all(talking: House) -> None:
    for number in range(901, 1_131):
        discuss(talking, number)
    whole = (await capture(talking, 1_000)).output
    before = requests(talking)
    again = (await capture(talking, 1_000)).output
    assert (whole.discussions, whole.pages, whole.finished) == (230, 3, True)
    assert (again.pages, again.finished, requests(talking) - before) == (1, True, 1)


async def test_what_changed_is_found_wherever_it_was(talking: House) -> None:
    for number in range(901, 1_031):
        discuss(talking, number)
    await capture(talking, 1_000)
    discuss(talking, 1_030, at=NOW + timedelta(hours=1), title="Edited")
    output = (await capture(talking)).output
    titles = {row["number"]: row["title"] for row in talking.rows("discussions")}
    assert (titles[1_030], output.pages) == ("Edited", 1)


async def test_runs_that_are_cut_off_go_on_where_the_last_one_stopped(talking: House) -> None:
    for number in range(901, 951):
        discuss(talking, number)
    finished = []
    for _ in range(3):
        finished.append((await capture(talking, 20)).output.finished)
    assert (finished, numbers(talking)) == ([False, False, True], set(range(901, 951)))


async def test_nothing_is_missed_when_much_changes_between_runs_that_are_cut_off(
    talking: House,
) -> None:
    for number in range(901, 931):
        discuss(talking, number)
    await capture(talking, 10)
    for number in range(800, 825):  # more than one run may read
        discuss(talking, number, at=NOW + timedelta(minutes=number))
    runs = 0
    while not (await capture(talking, 10)).output.finished:
        runs += 1
        assert runs < 20
    assert numbers(talking) == {*range(800, 825), *range(901, 931)}


async def test_a_repository_without_discussions_is_skipped(talking: House) -> None:
    output = (await capture(talking)).output
    assert output.skipped == "riverside/harbour has no discussions"
    (log,) = talking.rows("sync_logs")
    assert log["status"] == "completed"


async def test_d3_a_repository_that_is_gone_is_final(talking: House) -> None:
    talking.there.refused = 404
    with pytest.raises(NonRetriableError, match="riverside/harbour"):
        await capture(talking)


async def test_a_page_that_is_too_heavy_is_asked_for_at_half_its_width(talking: House) -> None:
    for number in range(901, 911):
        discuss(talking, number)
    talking.github.faults.graphql_error("RESOURCE_LIMITS_EXCEEDED", "too much")
    output = (await capture(talking, 10)).output
    assert (output.discussions, output.pages, output.finished) == (10, 2, True)


async def test_d1_it_may_be_interrupted_after_every_step(build: Build) -> None:
    world = generate(3, 4)
    made: list[House] = []

    async def fresh() -> Services:
        made.append(await build(world))
        return made[-1].services

    first = await build(world)
    for number in range(901, 1_021):
        discuss(first, number)

    def look(_: object) -> object:
        (log,) = made[-1].rows("sync_logs")
        return made[-1].what_github_said(), numbers(made[-1]), log["records_processed"]

    proof = await replay_from_every_step(
        capture_repository_discussions, asked(first, 500), fresh, look=look
    )
    assert (proof.undisturbed.output.discussions, proof.undisturbed.output.pages) == (120, 2)
