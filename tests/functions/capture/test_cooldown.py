"""The cool-down table: which syncs may run how long after the last one."""

from datetime import UTC, datetime, timedelta

import pytest

from mainstem.errors import BadEventData
from mainstem.functions.capture.cooldown import graphql_cool_down, must_wait, rest_cool_down
from mainstem.functions.events import RepositorySyncGraphqlRequested, SyncReason
from mainstem.functions.services import CoolDowns

LAST = datetime(2026, 5, 1, tzinfo=UTC)
HOURS = (0.5, 2, 5, 13, 25)

# After how many hours (of those above) each reason may sync again, over GraphQL.
ALLOWED: dict[SyncReason | None, tuple[float, ...]] = {
    SyncReason.MANUAL: (0.5, 2, 5, 13, 25),
    SyncReason.AUTO_FIX: (2, 5, 13, 25),
    SyncReason.AUTOMATIC: (5, 13, 25),
    SyncReason.DISCOVERY: (13, 25),
    None: (13, 25),
    SyncReason.SCHEDULED: (25,),
}


@pytest.mark.parametrize("hours", HOURS)
@pytest.mark.parametrize("reason", ALLOWED)
def test_a_graphql_sync_keeps_the_table_of_cool_downs(
    reason: SyncReason | None, hours: float
) -> None:
    wait = must_wait(
        LAST,
        now=LAST + timedelta(hours=hours),
        cool_down=graphql_cool_down(reason, CoolDowns()),
    )
    assert (wait is None) == (hours in ALLOWED[reason])


@pytest.mark.parametrize("hours", HOURS)
@pytest.mark.parametrize("reason", ALLOWED)
def test_a_rest_sync_waits_an_hour_unless_somebody_asks(
    reason: SyncReason | None, hours: float
) -> None:
    wait = must_wait(
        LAST, now=LAST + timedelta(hours=hours), cool_down=rest_cool_down(reason, CoolDowns())
    )
    assert (wait is None) == (reason is SyncReason.MANUAL or hours >= 1)


def test_every_reason_is_in_the_table() -> None:
    assert set(ALLOWED) == {*SyncReason, None}


def test_an_unknown_reason_is_an_error_and_no_default() -> None:
    with pytest.raises(BadEventData, match="reason"):
        RepositorySyncGraphqlRequested.from_wire(
            {"repositoryId": "6f0c2c4e-3a55-5d0b-9f43-0d4c8c1b7a10", "reason": "stale_data"}
        )


def test_the_end_of_the_cool_down_is_the_first_moment_allowed() -> None:
    hour = timedelta(hours=1)
    assert must_wait(LAST, now=LAST + hour, cool_down=hour) is None
    assert must_wait(LAST, now=LAST + hour - timedelta(seconds=1), cool_down=hour) is not None


def test_a_first_sync_and_one_without_data_never_wait() -> None:
    day = timedelta(days=1)
    assert must_wait(None, now=LAST, cool_down=day) is None
    assert must_wait(LAST, now=LAST, cool_down=day, has_data=False) is None


@pytest.mark.parametrize(("ago", "told"), [(25, "25 min"), (60, "1 h"), (90, "1 h 30 min")])
def test_a_wait_says_how_long_ago_and_until_when(ago: int, told: str) -> None:
    wait = must_wait(LAST, now=LAST + timedelta(minutes=ago), cool_down=timedelta(hours=12))
    assert wait is not None
    assert wait.reason == f"synced {told} ago; the cool-down is 12 h"
    assert wait.until == LAST + timedelta(hours=12)
