"""The pottery shop of `examples/legacy_fastapi` does the same things before and after migration."""

from __future__ import annotations

from pathlib import Path

import pytest

from mainstem.engine import StepStatus

from .legacy import CodeBase, Stage, Story, migrate, played, told

SHOP = CodeBase(
    package="legacy_fastapi",
    application="legacy_fastapi.main:app",
    endpoints=("/api/inngest", "/api/inngest-background", "/api/inngest-local"),
    app_ids=("pottery", "pottery-local"),
)
SHOP_FUNCTIONS = frozenset(
    {
        "place-order",
        "place-order-failure",
        "charge-card",
        "refund-order",
        "refund-order-failure",
        "send-receipt",
        "ask-for-review",
        "welcome-readers",
        "restock-alert",
        "count-stock",
    }
)
SLOW_FUNCTIONS = frozenset({"resize-photo", "import-catalogue", "export-csv", "export-json"})
LOCAL_FUNCTIONS = frozenset({"hello-local", "rehearse-order", "audit-order"})
ADA = {"email": "ada@example.org", "items": ["bowl", "jug"], "card": "good"}
BEN = {"email": "ben@example.org", "items": ["tile", "tile", "bowl"], "card": "weak"}


async def play(stage: Stage) -> Story:
    """A season in the shop: first the slow work, then the counter."""
    await stage.sync(last="/api/inngest-background")
    await stage.post("/photos/jug-7")
    for kind in ("csv", "json"):
        await stage.send(f"export/{kind}.asked", export=kind, rows=[{"pot": "jug", "sold": 3}])
    await stage.send("catalogue/printed", pages=[{"sku": "urn", "printed": 9, "sold": 7}])
    await stage.rest()

    await stage.sync(last="/api/inngest")
    await stage.post("/orders", {"order": "held", "hold": True, **ADA})
    await stage.until_step("place-order", StepStatus.SLEEPING, order="held")
    await stage.post("/orders/held/cancel")
    await stage.send("order/delivered", order="old")
    await stage.until_step("ask-for-review", StepStatus.WAITING, order="old")
    await stage.post("/orders/other/reviews", {"stars": 1})
    await stage.post("/orders/old/reviews", {"stars": 4})
    await stage.post("/orders", {"order": "plain", **ADA})
    await stage.post("/orders", {"order": "retried", **BEN})
    await stage.post("/orders", {"order": "declined", **ADA, "card": "bad"})
    await stage.post("/orders", {"order": "unknown", **ADA, "items": ["vase"]})
    await stage.send("order/returned", order="back", days=3, email="cy@example.org")
    await stage.send("order/returned", order="late", days=20, email="cy@example.org")
    await stage.post("/newsletter", ["Ada", "Cy", "Ben"])
    for left in (6, 5, 4):
        await stage.send("stock/changed", sku="jug", left=left)
    await stage.send("stock/count.asked", by="Ada")
    await stage.invoke("count-stock")
    await stage.send("local/hello", name="Ada")
    await stage.send("local/rehearse", order="play")
    await stage.rest()
    return await stage.close_story()


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """The story of the shop as it was."""
    return played(SHOP, play, SHOP.copy_to(tmp_path_factory.mktemp("before")))


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a copy that one command has migrated."""
    folder = SHOP.copy_to(tmp_path_factory.mktemp("after"))
    code, said = migrate(folder, SHOP.package, "--write")
    assert code == 0, said
    return folder


@pytest.fixture(scope="module")
def after(migrated: Path) -> Story:
    """The story of the shop as it was migrated."""
    return played(SHOP, play, migrated)


@pytest.fixture(scope="module", params=["before", "after"])
def story(request: pytest.FixtureRequest) -> Story:
    """The story of the shop, written either way."""
    found: Story = request.getfixturevalue(request.param)
    return found


def test_an_order_is_priced_reserved_and_charged(story: Story) -> None:
    run = story.one("place-order", order="plain")
    assert run.status == "COMPLETED"
    assert run.steps == (
        "price-order completed",
        "reserve-stock completed",
        "book-courier completed",
        "charge-card completed",
        "confirm completed",
    )
    assert run.output == {
        "email": "a***@example.org",
        "payment": "pay-plain-5200",
        "reserved": ["bowl-reserved", "jug-reserved"],
        "courier": "bicycle",
    }


def test_a_payment_is_tried_again_when_the_gateway_was_away(story: Story) -> None:
    assert story.one("charge-card", order="retried").output["payment"] == "pay-retried-2700"


def test_a_declined_card_fails_the_order_that_invoked_the_payment(story: Story) -> None:
    run = story.one("place-order", order="declined")
    assert (run.status, run.error) == ("FAILED", "the card of order declined was declined")
    assert run.steps[-1] == "charge-card failed"


def test_failed_runs_run_their_failure_handlers(story: Story) -> None:
    assert [run.output for run in story.of("place-order-failure")] == [
        {"order": "unknown", "reason": "'vase'"},
        {"order": "declined", "reason": "the card of order declined was declined"},
    ]
    assert [run.output for run in story.of("refund-order-failure")] == [
        {"order": "late", "escalated": True}
    ]
    assert story.sent("support/ticket.opened") == [
        {"order": "declined", "about": "order"},
        {"order": "unknown", "about": "order"},
        {"order": "late", "about": "refund"},
    ]


def test_an_order_that_is_held_is_cancelled_from_its_page(story: Story) -> None:
    run = story.one("place-order", order="held")
    assert (run.status, run.steps) == (
        "CANCELLED",
        ("price-order completed", "hold-order abandoned"),
    )


def test_the_middleware_of_a_client_wraps_what_that_client_serves(story: Story) -> None:
    assert story.one("refund-order", order="back").output["email"] == "c***@example.org"
    assert story.one("send-receipt", order="plain").output["email"] == "a***@example.org"


def test_a_function_served_by_another_client_is_not_wrapped_by_its_own(story: Story) -> None:
    run = story.one("audit-order", order="plain")
    assert run.output == {"email": "ada@example.org", "booked": 5200}


def test_the_middleware_of_a_function_wraps_that_function_alone(story: Story) -> None:
    assert story.sent("mail/sent") == [
        {"order": "plain", "channel": "mail"},
        {"order": "retried", "channel": "mail"},
    ]
    assert all("channel" not in data for data in story.sent("order/confirmed"))


def test_a_wait_ends_with_the_event_that_matches(story: Story) -> None:
    assert story.one("ask-for-review", order="old").output == {"order": "old", "stars": 4}


def test_three_events_are_one_batch(story: Story) -> None:
    (run,) = story.of("welcome-readers")
    assert run.output == {"welcomed": ["Ada", "Ben", "Cy"]}


def test_of_several_events_the_last_survives_the_debounce(story: Story) -> None:
    assert story.one("restock-alert", sku="jug").output == {
        "sku": "jug",
        "left": 4,
        "order_more": True,
    }


def test_a_function_with_a_schedule_runs_by_event_and_by_itself(story: Story) -> None:
    assert [run.output for run in story.of("count-stock")] == [24, 24]


def test_a_handler_keeps_the_decorator_below(story: Story) -> None:
    assert story.one("resize-photo", photo="jug-7").output == {
        "sizes": ["jug-7@320", "jug-7@1280"],
        "traced": "resize_photo",
    }


def test_a_factory_makes_functions_that_differ(story: Story) -> None:
    assert story.one("export-csv", export="csv").output == {"file": "jug,3"}
    assert story.one("export-json", export="json").output == {"file": '[{"pot": "jug", "sold": 3}]'}


def test_the_functions_of_the_third_client_run(story: Story) -> None:
    assert story.one("hello-local", name="Ada").output == "hello Ada"


def test_every_function_has_the_configuration_it_was_given(story: Story) -> None:
    found = story.configurations
    assert frozenset(found) == SHOP_FUNCTIONS | SLOW_FUNCTIONS | LOCAL_FUNCTIONS
    assert found["place-order"]["concurrency"] == [{"key": "event.data.email", "limit": 1}]
    assert found["place-order"]["cancel"] == [
        {"event": "order/cancelled", "if": "async.data.order == event.data.order"}
    ]
    assert found["count-stock"]["triggers"] == [
        {"cron": "TZ=Europe/Lisbon 15 4 * * 1"},
        {"event": "stock/count.asked"},
    ]
    assert found["charge-card"]["steps"]["step"]["retries"] == {"attempts": 2}
    assert found["restock-alert"]["debounce"] == {"key": "event.data.sku", "period": "1s"}
    assert found["welcome-readers"]["batchEvents"] == {"maxSize": 3, "timeout": "1m"}


def test_before_the_endpoint_synced_last_takes_the_other_ones_functions(before: Story) -> None:
    assert before.listings == [
        {"pottery": SLOW_FUNCTIONS, "pottery-local": LOCAL_FUNCTIONS},
        {"pottery": SHOP_FUNCTIONS, "pottery-local": LOCAL_FUNCTIONS},
    ]


def test_before_events_of_the_slow_work_are_not_heard_at_the_counter(before: Story) -> None:
    assert {"sku": "urn", "left": 2} in before.sent("stock/changed")
    assert before.of("restock-alert", sku="urn") == []


def test_before_a_function_of_another_app_cannot_be_invoked(before: Story) -> None:
    run = before.one("rehearse-order", order="play")
    assert (run.status, run.error) == (
        "FAILED",
        "could not find function with ID: pottery-local-charge-card",
    )


def test_after_all_functions_are_registered_under_one_app(after: Story) -> None:
    everything = SHOP_FUNCTIONS | SLOW_FUNCTIONS | LOCAL_FUNCTIONS
    assert after.listings == [{"pottery": everything}] * 2


def test_after_events_of_the_slow_work_are_heard_at_the_counter(after: Story) -> None:
    assert after.one("restock-alert", sku="urn").output["order_more"] is True


def test_after_a_function_that_was_another_apps_is_invoked(after: Story) -> None:
    run = after.one("rehearse-order", order="play")
    assert (run.status, run.output) == ("COMPLETED", {"rehearsed": "pay-play-1"})


def test_nothing_else_differs(before: Story, after: Story) -> None:
    mended = [
        *after.of("restock-alert", sku="urn"),
        *after.of("charge-card", order="play"),
        *before.of("rehearse-order"),
        *after.of("rehearse-order"),
    ]
    kept = [[run for run in story.runs if run not in mended] for story in (before, after)]
    assert told(kept[1]) == told(kept[0])
    assert after.events == before.events
    assert after.configurations == before.configurations


def test_after_nothing_is_left_to_migrate(migrated: Path) -> None:
    code, said = migrate(migrated, SHOP.package, "--check")
    assert code == 0, said
