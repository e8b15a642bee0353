"""Engine and endpoint in one process."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from mainstem.catalog import Catalog, Run, cron, define
from mainstem.cli.local_run import engine_path_for, for_local_engine, local_run, sync
from mainstem.cli.outcome import CommandFailed
from mainstem.cli.servers import LOOPBACK, bind, serving, url_of
from mainstem.engine import Engine
from mainstem.settings import load_settings


@define(id="tidy-up", on=cron("0 6 * * *"))
async def tidy_up(run: Run[Any], services: None) -> None:
    """Every morning."""


@pytest.mark.parametrize(
    ("database", "engine"),
    [
        ("sqlite:///x.db", "x.db.engine"),
        ("sqlite:////data/x.db", "/data/x.db.engine"),
        ("sqlite://", ":memory:"),
        ("sqlite:///:memory:", ":memory:"),
        ("no address at all", ":memory:"),
    ],
)
def test_the_engines_state_lies_beside_a_sqlite_file(database: str, engine: str) -> None:
    assert engine_path_for(database) == engine


def test_a_servers_database_has_its_engines_state_in_a_folder_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    one = engine_path_for("postgresql+psycopg://user:secret@host/one")
    two = engine_path_for("postgresql+psycopg://user:secret@host/two")
    assert one != two
    assert Path(one).parent == Path(".mainstem")
    assert "secret" not in one


def test_a_local_engine_needs_no_keys_in_any_environment() -> None:
    keys = {"INNGEST_SIGNING_KEY": "signkey-prod-" + "ab" * 32, "INNGEST_EVENT_KEY": "k"}
    settings = load_settings({"MAINSTEM_ENV": "production", **keys})
    local = for_local_engine(settings, "http://127.0.0.1:1")
    assert (local.inngest_dev, local.api_origin) == (True, "http://127.0.0.1:1")
    assert local.event_origin == "http://127.0.0.1:1"


async def test_a_sync_that_is_refused_inside_a_200_fails_the_command() -> None:
    async def refuse(_: Request) -> JSONResponse:
        return JSONResponse({"error": "At least one function is invalid"})

    app = Starlette(routes=[Route("/api/inngest", refuse, methods=["PUT"])])
    async with serving(app, bind(LOOPBACK, 0, option="--port")) as url:
        with pytest.raises(CommandFailed, match="At least one function is invalid"):
            await sync(f"{url}/api/inngest")


async def test_a_sync_that_nobody_answers_fails_the_command() -> None:
    with pytest.raises(CommandFailed, match="Cannot sync the endpoint at"):
        await sync("http://127.0.0.1:1/api/inngest")


async def test_its_engine_lets_workers_go_while_it_can_still_be_reached(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answered: list[int] = []

    async def drain(engine: Engine) -> None:
        async with httpx.AsyncClient() as http:
            answered.append((await http.get(f"{url_of(at)}/dev")).status_code)

    monkeypatch.setattr(Engine, "drain", drain)
    settings = load_settings({"MAINSTEM_ENV": "local"})
    with bind(LOOPBACK, 0, option="") as at, bind(LOOPBACK, 0, option="") as endpoint_at:
        async with local_run(
            settings, Catalog([tidy_up]), None,
            engine_path=":memory:", engine_listener=at, endpoint_listener=endpoint_at,
        ):  # fmt: skip
            assert answered == []
    assert answered == [200]
