"""Whether the endpoint would do its work if it were asked now."""

from collections.abc import Callable
from pathlib import Path

import httpx

from mainstem.clients import client_for
from mainstem.functions import catalogue
from mainstem.settings import Settings
from mainstem.store import Database
from mainstem.web import create_app, database_health, open_services


def test_a_database_without_tables_answers_but_is_not_current(tmp_path: Path) -> None:
    with Database(f"sqlite:///{tmp_path / 'new.db'}") as database:
        found = database_health(database)
    assert (found.reachable, found.migrations_current) == (True, False)
    assert "mainstem db upgrade" in (found.problem or "")


def test_a_database_that_cannot_be_opened_is_not_reachable(tmp_path: Path) -> None:
    with Database(f"sqlite:///{tmp_path / 'nowhere' / 'x.db'}") as database:
        assert not database_health(database).reachable


def test_an_upgraded_database_is_well(tmp_path: Path) -> None:
    with Database(f"sqlite:///{tmp_path / 'good.db'}") as database:
        database.upgrade()
        assert database_health(database).is_well


async def test_an_endpoint_on_an_outdated_database_says_503(
    settings_for: Callable[..., Settings],
) -> None:
    settings = settings_for("local")
    async with open_services(settings) as opened:
        app = create_app(
            settings, catalog=catalogue(), services=opened.services, client=client_for(settings)
        )
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as http:
            answer = await http.get("/healthz")
    assert (answer.status_code, answer.json()["ok"]) == (503, False)
