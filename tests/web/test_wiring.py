"""Services from settings."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from mainstem.settings import Settings
from mainstem.store import DatabaseUnavailable
from mainstem.web import limits_from, open_services

SettingsFor = Callable[..., Settings]


def test_cool_downs_and_caps_of_the_settings_reach_the_functions(settings_for: SettingsFor) -> None:
    limits = limits_from(
        settings_for("local", MAINSTEM_COOLDOWN_MANUAL_HOURS="0.5", MAINSTEM_PULLS_PER_SYNC="40")
    )
    assert limits.cool_downs.manual == timedelta(minutes=30)
    assert limits.pulls_per_sync == 40


async def test_migrating_brings_the_schema_up_to_date(settings_for: SettingsFor) -> None:
    async with open_services(settings_for("local"), migrate=True) as opened:
        opened.database.check_current()


async def test_a_database_that_cannot_be_opened_is_told_at_once(settings_for: SettingsFor) -> None:
    settings = settings_for("local", MAINSTEM_DATABASE_URL="sqlite:////nowhere/at/all.db")
    with pytest.raises(DatabaseUnavailable, match=r"/nowhere/at/all\.db"):
        async with open_services(settings, migrate=True):
            pytest.fail("it was opened")
