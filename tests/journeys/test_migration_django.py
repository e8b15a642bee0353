"""The lending library of `examples/legacy_django` does the same before and after migration."""

from __future__ import annotations

from pathlib import Path

import pytest

from mainstem.engine import StepStatus

from .legacy import CodeBase, Stage, Story, migrate, played, told

LIBRARY = CodeBase(
    package="legacy_django",
    application="legacy_django.asgi:application",
    endpoints=("/api/inngest", "/api/inngest-reports"),
    app_ids=("library", "library-members"),
)
DESK_FUNCTIONS = frozenset(
    {
        "lend-book",
        "lend-book-failure",
        "remind-reader",
        "settle-fine",
        "collect-fine",
        "sweep-shelves",
        "welcome-members",
        "change-address",
        "renew-card",
    }
)
REPORT_FUNCTIONS = frozenset(
    {"monthly-report", "print-report", "archive-report", "archive-report-failure"}
)


async def play(stage: Stage) -> Story:
    """A month in the library: first the reports, then the desk."""
    await stage.sync(last="/api/inngest-reports")
    await stage.post("/reports/2026-05")
    await stage.send("report/ready", month="empty", loans=0)
    await stage.send("report/archive.asked", month="2026-06")
    await stage.send("report/archive.asked", month="1999-01")
    await stage.rest()

    await stage.sync(last="/api/inngest")
    await stage.post("/loans", {"loan": "l1", "book": "b1", "reader": "ada"})
    await stage.until_step("remind-reader", StepStatus.WAITING, loan="l1")
    await stage.post("/loans/l1/return", {"days": 31})
    await stage.post("/loans", {"loan": "l3", "book": "b3", "reader": "ben"})
    await stage.until_step("remind-reader", StepStatus.WAITING, loan="l3")
    await stage.post("/loans/l3/return", {"days": 5})
    await stage.post("/loans", {"loan": "l9", "book": "b9", "reader": "cy"})
    await stage.send("shelves/sweep.asked", by="ada")
    await stage.invoke("sweep-shelves")
    await stage.send("card/renewal.asked", member="cy")
    await stage.until_step("renew-card", StepStatus.SLEEPING, member="cy")
    await stage.post("/members", ["dora", "eve"])
    for street in ("  mill lan", " mill lane"):
        await stage.send("member/moved", member="ada", street=street)
    await stage.post("/members/cy/close")
    await stage.rest()
    return await stage.close_story()


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """The story of the library as it was."""
    return played(LIBRARY, play, LIBRARY.copy_to(tmp_path_factory.mktemp("before")))


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a copy that one command has migrated."""
    folder = LIBRARY.copy_to(tmp_path_factory.mktemp("after"))
    code, said = migrate(folder, LIBRARY.package, "--write")
    assert code == 0, said
    return folder


@pytest.fixture(scope="module")
def after(migrated: Path) -> Story:
    """The story of the library as it was migrated."""
    return played(LIBRARY, play, migrated)


@pytest.fixture(scope="module", params=["before", "after"])
def story(request: pytest.FixtureRequest) -> Story:
    """The story of the library, written either way."""
    found: Story = request.getfixturevalue(request.param)
    return found


def test_a_book_is_fetched_and_lent(story: Story) -> None:
    run = story.one("lend-book", loan="l1")
    assert run.steps == ("fetch-book completed", "note-loan completed")
    assert run.output == {"reader": "ada", "title": "The Ferry", "about": "reader/ada"}


def test_a_shelf_that_jams_is_tried_again(story: Story) -> None:
    assert story.one("lend-book", loan="l3").output["title"] == "A Year of Rain"


def test_a_book_that_we_do_not_have_runs_the_failure_handler(story: Story) -> None:
    assert story.one("lend-book", loan="l9").error == "there is no book 'b9'"
    (failure,) = story.of("lend-book-failure")
    assert failure.output == {
        "reader": "cy",
        "reason": "there is no book 'b9'",
        "about": "reader/cy",
    }
    assert story.sent("desk/note") == [{"reader": "cy"}]


def test_a_reader_who_brings_the_book_back_is_not_reminded(story: Story) -> None:
    assert story.one("remind-reader", loan="l1").output == {
        "loan": "l1",
        "reminded": False,
        "days": 31,
    }


def test_a_late_book_is_billed_by_way_of_another_function(story: Story) -> None:
    run = story.one("collect-fine", loan="l1")
    assert run.steps == ("settle-fine completed", "bill completed")
    assert run.output == {"loan": "l1", "fine": 60}
    assert story.one("settle-fine", loan="l1").output == 60


def test_the_middleware_of_a_function_wraps_that_function_alone(story: Story) -> None:
    assert story.sent("bill/sent") == [{"loan": "l1", "fine": 60, "from": "riverside"}]
    assert all("from" not in data for data in story.sent("book/lent"))


def test_the_middleware_of_the_client_that_serves_is_what_counts(story: Story) -> None:
    # `change-address` is bound to a client with other middleware than the one that serves it.
    assert story.one("change-address", member="ada").output == {
        "reader": "ada",
        "street": "Mill Lane",
        "about": "reader/ada",
    }


def test_both_floors_are_swept_by_event_and_on_schedule(story: Story) -> None:
    assert [run.output for run in story.of("sweep-shelves")] == [{"misplaced": ["b2"]}] * 2


def test_a_family_of_two_is_one_batch(story: Story) -> None:
    (run,) = story.of("welcome-members")
    assert run.output == {"welcomed": ["dora", "eve"]}


def test_a_member_who_leaves_gets_no_new_card(story: Story) -> None:
    assert story.one("renew-card", member="cy").status == "CANCELLED"


def test_an_async_function_and_a_sync_one_share_an_endpoint(story: Story) -> None:
    assert story.one("monthly-report", month="2026-05").output == {
        "month": "2026-05",
        "loans": 8,
        "busiest": 4,
    }
    # The report without loans is not printed: the trigger's expression holds.
    assert [run.output for run in story.of("print-report")] == [{"pages": 2}]


def test_a_failed_archive_is_told_by_a_sync_handler(story: Story) -> None:
    assert story.one("archive-report", month="2026-06").output == "2026-06: 2 days"
    assert story.one("archive-report", month="1999-01").status == "FAILED"
    (failure,) = story.of("archive-report-failure")
    assert failure.output == "1999-01 was not archived"


def test_every_function_has_the_configuration_it_was_given(story: Story) -> None:
    found = story.configurations
    assert frozenset(found) == DESK_FUNCTIONS | REPORT_FUNCTIONS
    assert found["lend-book"]["name"] == "Lend a book"
    assert found["lend-book"]["concurrency"] == [{"key": "event.data.book", "limit": 1}]
    assert found["settle-fine"]["idempotency"] == "event.data.loan"
    assert found["renew-card"]["singleton"] == {"key": "event.data.member", "mode": "cancel"}
    assert found["renew-card"]["steps"]["step"]["retries"] == {"attempts": 1}
    assert found["monthly-report"]["throttle"] == {"limit": 10, "period": "1m", "burst": 5}
    assert found["sweep-shelves"]["triggers"] == [
        {"cron": "TZ=Europe/London 30 5 * * 0"},
        {"event": "shelves/sweep.asked"},
    ]


def test_before_the_endpoint_synced_last_takes_the_other_ones_functions(before: Story) -> None:
    assert before.listings == [{"library": REPORT_FUNCTIONS}, {"library": DESK_FUNCTIONS}]


def test_after_all_functions_are_registered_under_one_app(after: Story) -> None:
    assert after.listings == [{"library": DESK_FUNCTIONS | REPORT_FUNCTIONS}] * 2


def test_nothing_else_differs(before: Story, after: Story) -> None:
    assert told(after.runs) == told(before.runs)
    assert after.events == before.events
    assert after.configurations == before.configurations


def test_after_nothing_is_left_to_migrate(migrated: Path) -> None:
    code, said = migrate(migrated, LIBRARY.package, "--check")
    assert code == 0, said
