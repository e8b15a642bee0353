"""What was left is handled again, what GitHub could not deliver is asked for again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mainstem.catalog import NonRetriableError
from mainstem.functions.services import Services
from mainstem.functions.webhooks import GithubDeliveriesRecover, recover_github_deliveries
from mainstem.functions.webhooks.applying import apply_delivery, note_failure
from mainstem.functions.webhooks.recovering import in_turn, is_due
from mainstem.simulate import Delivery, changes, follow
from mainstem.store import WaitingDelivery, keep_delivery, waiting_deliveries
from mainstem.testing import run_handler

from .posting import House, post_made, status_of, stored, track


def keep(house: House, made: Delivery, *, age: timedelta = timedelta(0)) -> None:
    at = house.clock.now() - age
    house.database.write(keep_delivery, stored(made.event, made.payload, at, guid=made.guid))


def heard(house: House, titles: int) -> list[Delivery]:
    track(house)
    found: list[Delivery] = []
    stop = follow(house.world, found.append)
    for number in range(titles):
        changes.open_issue(house.there, f"Rust {number}", user=house.user())
    stop()
    return found


async def recovered(services: Services) -> Any:
    return await run_handler(recover_github_deliveries, GithubDeliveriesRecover(), services)


async def test_a_delivery_that_waits_for_two_minutes_is_sent_again(house: House) -> None:
    young, old, ancient = heard(house, 3)
    keep(house, young, age=timedelta(minutes=1))
    keep(house, old, age=timedelta(minutes=3))
    keep(house, ancient, age=timedelta(days=4))
    result = await recovered(house.services)
    assert [sent.data["deliveryId"] for sent in result.sent] == [old.guid]
    assert result.output.sent_again == 1


async def test_what_was_never_tried_is_not_kept_waiting_by_what_failed(house: House) -> None:
    failed, young = heard(house, 2)
    keep(house, failed, age=timedelta(minutes=30))
    keep(house, young, age=timedelta(minutes=3))
    await note_failure(house.services, failed.guid, "BadAnswer: so it was")
    now = house.clock.now()
    since = now - timedelta(days=1)
    found = house.database.read(waiting_deliveries, before=now, since=since, limit=1)
    assert [one.delivery_id for one in found] == [young.guid]


def test_every_webhook_is_looked_at_in_its_turn() -> None:
    hooks = list(range(7))
    at = datetime(2026, 7, 1, tzinfo=UTC)
    turns = [in_turn(hooks, at + timedelta(minutes=10 * n), at_once=3) for n in range(3)]
    assert {len(turn) for turn in turns} == {3}
    assert {hook for turn in turns for hook in turn} == set(hooks)
    assert in_turn(hooks, at) == hooks


async def test_what_is_handled_is_not_sent_again(house: House) -> None:
    [made] = heard(house, 1)
    keep(house, made, age=timedelta(minutes=5))
    await apply_delivery(house.services, made.guid)
    assert not (await recovered(house.services)).sent


async def test_a_delivery_that_cannot_be_read_changes_nothing_and_is_kept(house: House) -> None:
    [made] = heard(house, 1)
    broken = stored("issues", made.payload | {"issue": {"number": 1}}, house.clock.now())
    house.database.write(keep_delivery, broken)
    with pytest.raises(NonRetriableError, match="Cannot apply webhook delivery"):
        await apply_delivery(house.services, broken.delivery_id)
    await note_failure(house.services, broken.delivery_id, "BadAnswer: so it was")
    assert status_of(house.services, broken.delivery_id) == "failed"
    [row] = house.rows("webhook_deliveries")
    assert (row["error"], row["payload"] is None) == ("BadAnswer: so it was", False)
    assert house.count("issues") == 0


async def test_an_unknown_delivery_is_final(house: House) -> None:
    with pytest.raises(NonRetriableError, match="it is not stored in this database"):
        await apply_delivery(house.services, "no-such-delivery")


@pytest.mark.parametrize(
    ("tried_after", "now_after", "due"),
    [(None, 3, True), (3, 4, False), (3, 11, True), (60, 100, False), (60, 120, True)],
)
def test_each_pause_is_as_long_as_all_before_it(
    tried_after: int | None, now_after: int, due: bool
) -> None:
    at = datetime(2026, 7, 1, tzinfo=UTC)
    tried = None if tried_after is None else at + timedelta(minutes=tried_after)
    delivery = WaitingDelivery("guid", "issues", None, 1, None, at, tried)
    assert is_due(delivery, at + timedelta(minutes=now_after)) is due


async def test_deliveries_of_a_month_ago_are_forgotten(house: House) -> None:
    old, young = heard(house, 2)
    keep(house, old, age=timedelta(days=31))
    keep(house, young, age=timedelta(days=29))
    assert (await recovered(house.services)).output.forgotten == 1
    assert [row["delivery_id"] for row in house.rows("webhook_deliveries")] == [young.guid]


async def test_what_github_could_not_deliver_is_asked_for_and_comes(house: House) -> None:
    first, missed, failed_once = heard(house, 3)
    house.clock.moment = datetime.fromisoformat(failed_once.at)
    await post_made(house.services, first)
    log = house.github.hooks
    log.record(first, 202)
    log.record(missed, 502)
    log.record(failed_once, 0)
    log.record(failed_once, 202, redelivery=True)
    again: list[Delivery] = []

    def take(made: Delivery) -> int:
        again.append(made)
        return 202

    log.send = take
    result = await recovered(house.services)
    assert (result.output.missed, result.output.asked_again) == (1, 1)
    assert [made.guid for made in again] == [missed.guid]
    # It was taken this time, and is not asked for any more.
    assert (await recovered(house.services)).output.missed == 0


async def test_a_delivery_that_fails_again_and_again_is_given_up(house: House) -> None:
    first, missed = heard(house, 2)
    house.clock.moment = datetime.fromisoformat(missed.at)
    await post_made(house.services, first)
    house.github.hooks.record(missed, 502)
    house.github.hooks.send = lambda _made: 502
    asked = [(await recovered(house.services)).output.asked_again for _ in range(6)]
    assert asked == [1, 1, 1, 1, 0, 0]


async def test_a_credential_that_may_not_see_the_webhook_is_told_once(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    [made] = heard(house, 1)
    await post_made(house.services, made)
    house.github.faults.answer(403, path="/deliveries")
    for _ in range(2):
        result = await recovered(house.services)
        assert result.output.unseen == (f"webhook 400000001 of {house.there.full_name}",)
    told = [one for one in caplog.records if "left to the reconciliation" in one.message]
    assert len(told) == 1
    asked = house.github.log.requests
    house.clock.pass_(timedelta(days=1))
    assert (await recovered(house.services)).output.unseen == ()
    assert house.github.log.requests == asked + 1


async def test_without_a_webhook_github_is_not_asked(house: House) -> None:
    await recovered(house.services)
    assert house.github.log.requests == 0
