"""The client as the settings have it: its credentials, and budgets in the database."""

from pathlib import Path

from sqlalchemy import select

from mainstem.settings import load_settings
from mainstem.simulate import Options, generate, simulated_github
from mainstem.store import Database, tables
from mainstem.web.wiring import Budgets, github_client, open_services


async def test_budgets_and_validators_of_a_token_are_kept_in_the_database(tmp_path: Path) -> None:
    world = generate(3, 5)
    options = Options(tokens=frozenset({"first", "second"}))
    async with simulated_github(world, options=options) as pretend:
        settings = load_settings(
            {"MAINSTEM_GITHUB_TOKENS": "first,second", "MAINSTEM_GITHUB_URL": pretend.url},
            database_url=f"sqlite:///{tmp_path}/store.db",
        )
        async with open_services(settings, migrate=True) as opened:
            assert not opened.github.is_anonymous
            polled = await opened.github.poll_pulls("riverside", "harbour")
            assert polled is not None
            assert polled.offer is not None
            await opened.github.accept_polls([polled.offer])
        async with open_services(settings) as opened:
            assert await opened.github.poll_pulls("riverside", "harbour") is None
    with Database(settings.database_url) as database:
        budgets = database.read(lambda conn: conn.execute(select(tables.github_budgets)).all())
        known = database.read(lambda conn: conn.execute(select(tables.conditional_requests)).all())
    assert [(row.resource, row.limit - row.remaining) for row in budgets] == [("core", 1)]
    assert [row.credential for row in known] == [row.credential for row in budgets]
    assert "first" not in str([*budgets, *known])


async def test_app_of_the_settings_signs_requests(tmp_path: Path) -> None:
    settings = load_settings(
        github_app_id="7",
        github_app_private_key="-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
    )
    with Database(f"sqlite:///{tmp_path}/store.db") as database:
        async with github_client(settings, database, Budgets(database, is_shared=True)) as github:
            assert github.is_app
            assert not github.is_anonymous
