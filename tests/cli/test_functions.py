"""One line of the matrix."""

from datetime import timedelta

import inngest

from mainstem.catalog import EventData, Override, Run, define, event
from mainstem.cli.functions import InEnvironment, matrix_row


class Ordered(EventData, name="shop/ordered"):
    """Something was ordered."""


@define(
    id="send-receipt",
    on=event(Ordered, if_="event.data.total > 5"),
    group="shop",
    retries=3,
    throttle=inngest.Throttle(limit=20, period=timedelta(minutes=1)),
    environments={"test": Override(off=True), "production": Override(retries=9, throttle=None)},
)
async def send_receipt(run: Run[Ordered], services: object) -> None:
    """Send it."""


def test_what_an_environment_overrides_is_told_beside_what_is_usual() -> None:
    row = matrix_row(send_receipt, here="local")
    assert row.configuration["retries"] == 3
    assert row.environments["production"] == InEnvironment(
        on=True, why=None, overrides={"retries": 9, "throttle": None}
    )
    assert row.environments["staging"].overrides == {}


def test_off_in_its_definition_is_off_with_the_reason() -> None:
    there = matrix_row(send_receipt, here="local").environments["test"]
    assert there == InEnvironment(
        on=False, why="off in its definition", overrides={}, registered=False
    )


def test_a_triggers_condition_is_told() -> None:
    row = matrix_row(send_receipt, here="local")
    assert row.triggers == [{"event": "shop/ordered", "expression": "event.data.total > 5"}]
