"""One line of the matrix."""

from datetime import timedelta
from pathlib import Path

import inngest

from mainstem.catalog import (
    EventData,
    Override,
    Run,
    Switches,
    Version,
    define,
    event,
    rollout,
)
from mainstem.cli.functions import InEnvironment, details, matrix_row

from .shell import call
from .shopfront import written


class Ordered(EventData, name="shop/ordered"):
    """Something was ordered."""

    order_id: int = 0


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


async def other(run: Run[Ordered], services: object) -> None:
    """Send it another way."""


rolled_out = define(
    id="mail-receipt",
    on=event(Ordered),
    tags=("light", "mail"),
    previous_ids=("send-receipt",),
    versions=(Version("2", other, rollout(0.1, by="event.data.orderId")),),
)(other)


def test_versions_tags_and_older_ids_are_told_below_the_function() -> None:
    assert details(matrix_row(rolled_out, here="local")) == [
        "tags light, mail",
        "versions 1 90%, 2 10%, by event.data.orderId",
        "also answers for send-receipt",
    ]


def test_shares_that_the_settings_change_are_told_where_they_hold() -> None:
    switches = Switches(shares={"mail-receipt": {"2": 0.5}})
    row = matrix_row(rolled_out, here="production", switches=switches)
    assert row.environments["production"].shares == {"1": 0.5, "2": 0.5}
    assert row.environments["staging"].shares == {"1": 0.9, "2": 0.1}
    assert "in production: versions 1 50%, 2 50%" in details(row)


def test_what_is_switched_off_stays_registered_and_says_so() -> None:
    row = matrix_row(
        send_receipt, here="local", switches=Switches(disabled=frozenset({"send-receipt"}))
    )
    assert not row.environments["local"].on
    assert row.environments["local"].registered
    told = "in local: switched off by MAINSTEM_DISABLED_FUNCTIONS; its runs are skipped"
    assert told in details(row)


def test_the_kill_switch_of_all_functions_is_named() -> None:
    row = matrix_row(send_receipt, here="local", switches=Switches(is_off=True))
    assert row.environments["local"].why == "MAINSTEM_FUNCTIONS"
    assert row.environments["staging"].on


def test_anybodys_catalogue_is_listed(tmp_path: Path) -> None:
    done = call(tmp_path, "functions", "--catalog", written(tmp_path), MAINSTEM_ENV="local")
    assert "3 functions. This is local, by MAINSTEM_ENV." in done.stdout


def test_a_switch_for_a_function_that_is_not_there_stops_the_list(tmp_path: Path) -> None:
    done = call(
        tmp_path, "functions", "--catalog", written(tmp_path),
        MAINSTEM_ENV="local", MAINSTEM_DISABLED_FUNCTIONS="send-reciept",
    )  # fmt: skip
    assert done.returncode == 2
    assert "Write 'send-receipt'" in done.stderr


VERSIONED = (
    "catalog = Catalog([send_receipt,",
    """from mainstem.catalog import Version, rollout

async def newer(run, services):
    return "newer"

@define(id="label", on=event(Ordered), sends=(), versions=(Version("2", newer, rollout(0.25)),))
async def label(run, services):
    return "older"

catalog = Catalog([label, send_receipt,""",
)


def test_rollouts_that_are_off_show_at_each_function_and_below(tmp_path: Path) -> None:
    catalog = written(tmp_path, VERSIONED)
    usual = call(tmp_path, "functions", "--catalog", catalog).stdout
    off = call(tmp_path, "functions", "--catalog", catalog, MAINSTEM_ROLLOUT="off").stdout
    assert "versions 1 75%, 2 25%" in usual
    assert "Rollouts are off" not in usual
    assert "in local: versions 1 100%, 2 0%" in off
    assert "Rollouts are off, by MAINSTEM_ROLLOUT" in off
