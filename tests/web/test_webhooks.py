"""`POST /webhooks/github` over a real socket: who is let in, what is kept, what is answered."""

import asyncio
import hashlib
import hmac
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import httpx
import pytest
from sqlalchemy import Connection, select

from mainstem.cli.servers import LOOPBACK, bind, serving
from mainstem.clients import client_for
from mainstem.functions import catalogue
from mainstem.settings import Settings
from mainstem.simulate import Delivery, World, changes, follow, generate, simulated_github
from mainstem.store import (
    Database,
    StoredDelivery,
    ids,
    keep_delivery,
    save_repositories,
    tables,
    track_repository,
)
from mainstem.web import create_app, open_services

from .served import served

SECRET, OTHER = "a-secret-of-this-test", "the-other-secret-here"
GUID = "72d3162e-cc78-11e3-81ab-4c9367dc0958"
PATH = "/webhooks/github"
PUSH = {"repository": {"id": 7, "full_name": "octo/harbour"}}
ISSUE = {"action": "opened", "issue": {"number": 1}} | PUSH

SettingsFor = Callable[..., Settings]


def signed(
    body: bytes, secret: str = SECRET, *, event: str = "issues", guid: str = GUID
) -> dict[str, str]:
    return {
        "x-github-event": event,
        "x-github-delivery": guid,
        "x-github-hook-id": "292430182",
        "content-type": "application/json",
        "x-hub-signature-256": "sha256="
        + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(),
    }


@asynccontextmanager
async def endpoint(settings: Settings) -> AsyncIterator[tuple[httpx.AsyncClient, Database]]:
    """The app alone: where it sends events nobody is."""
    with socket.create_server((LOOPBACK, 0)) as unused:
        nobody = f"http://{LOOPBACK}:{unused.getsockname()[1]}"
    settings = settings.model_copy(update={"inngest_base_url": nobody})
    async with open_services(settings, migrate=True) as opened:
        app = create_app(
            settings, catalog=catalogue(), services=opened.services, client=client_for(settings)
        )
        async with (
            serving(app, bind(LOOPBACK, 0, option="--port")) as url,
            httpx.AsyncClient(base_url=url, timeout=20) as http,
        ):
            yield http, opened.database


@pytest.fixture
async def there(settings_for: SettingsFor) -> AsyncIterator[tuple[httpx.AsyncClient, Database]]:
    settings = settings_for(
        "local",
        MAINSTEM_GITHUB_WEBHOOK_SECRET=SECRET,
        MAINSTEM_GITHUB_WEBHOOK_SECRET_FALLBACK=OTHER,
    )
    async with endpoint(settings) as found:
        yield found


Served = tuple[httpx.AsyncClient, Database]


def kept(database: Database) -> list[Any]:
    return database.read(lambda conn: list(conn.execute(select(tables.webhook_deliveries))))


async def post(
    http: httpx.AsyncClient, payload: Any, secret: str = SECRET, **more: str
) -> httpx.Response:
    body = json.dumps(payload).encode()
    return await http.post(PATH, content=body, headers=signed(body, secret, **more))


async def test_a_signed_delivery_is_kept_and_answered_though_no_event_can_be_sent(
    there: Served,
) -> None:
    http, database = there
    answer = await post(http, ISSUE)
    assert (answer.status_code, answer.json()) == (202, {"delivery": GUID, "status": "received"})
    [row] = kept(database)
    assert (row.delivery_id, row.event, row.action, row.status) == (
        GUID,
        "issues",
        "opened",
        "received",
    )
    assert (row.hook_id, row.repository_github_id, row.payload) == (292430182, 7, ISSUE)


async def test_the_same_delivery_again_is_known(there: Served) -> None:
    http, database = there
    await post(http, PUSH, event="push")
    answer = await post(http, PUSH, event="push")
    assert (answer.status_code, answer.json()["status"]) == (200, "known")
    assert len(kept(database)) == 1


@pytest.mark.parametrize("event", ["push", "ping", "some_new_event"])
async def test_an_event_that_is_not_kept_is_acknowledged(there: Served, event: str) -> None:
    http, database = there
    answer = await post(http, PUSH, event=event)
    assert (answer.status_code, answer.json()["status"]) == (202, "ignored")
    [row] = kept(database)
    assert (row.status, row.payload) == ("ignored", None)


async def test_the_other_secret_is_taken_while_they_are_changed(there: Served) -> None:
    http, _ = there
    assert (await post(http, PUSH, OTHER, event="push")).status_code == 202


async def test_a_wrong_or_missing_signature_is_refused_without_a_word_on_the_secret(
    there: Served,
) -> None:
    http, database = there
    wrong = await post(http, ISSUE, "some-other-secret-1")
    body = json.dumps(ISSUE).encode()
    headers = signed(body)
    del headers["x-hub-signature-256"]
    missing = await http.post(PATH, content=body, headers=headers)
    assert (wrong.status_code, missing.status_code) == (401, 401)
    assert wrong.json() == missing.json()
    assert SECRET not in wrong.text
    assert kept(database) == []


async def test_what_is_no_delivery_is_refused_and_changes_nothing(there: Served) -> None:
    http, database = there
    for body in (b"no json", b"[]", b'{"repository": 5}'):
        answer = await http.post(PATH, content=body, headers=signed(body))
        assert answer.status_code == 400, body
        assert "Cannot take a webhook delivery" in answer.json()["error"]
    assert kept(database) == []


async def test_a_body_above_githubs_limit_is_refused_before_it_is_read(there: Served) -> None:
    http, database = there
    headers = signed(b"") | {"content-length": str(25 * 1024 * 1024 + 1)}
    request = http.build_request("POST", PATH, headers=headers)
    _, port = request.url.host, request.url.port
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    lines = [
        f"POST {PATH} HTTP/1.1",
        f"host: {LOOPBACK}",
        *(f"{k}: {v}" for k, v in headers.items()),
    ]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    status = await reader.readline()
    writer.close()
    assert b" 413 " in status
    assert kept(database) == []


async def test_a_body_that_grows_beyond_the_limit_is_cut_off(there: Served) -> None:
    http, database = there

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(26):
            yield b" " * 1024 * 1024

    try:
        answer = await http.post(PATH, content=endless(), headers=signed(b""))
        assert answer.status_code == 413
    except httpx.WriteError:  # cut off before the answer could be read
        pass
    assert kept(database) == []


async def test_without_a_secret_there_is_no_endpoint(settings_for: SettingsFor) -> None:
    async with endpoint(settings_for("local")) as (http, _):
        assert (await post(http, ISSUE)).status_code == 404


def track(database: Database, world: World) -> None:
    """Store and track the world's repository, as a discovery would have."""
    home = world.repository
    owner, name = home.full_name.split("/")
    row_id = ids.repository_id(home.id)
    row: Any = {
        "id": row_id,
        "github_id": home.id,
        "owner": owner,
        "name": name,
        "full_name": home.full_name,
    }
    now = datetime.now(UTC)
    database.write(save_repositories, [row], at=now)
    database.write(track_repository, row_id, owner=owner, name=name, at=now)


def told(world: World) -> Delivery:
    """The delivery of an issue that was just opened."""
    heard: list[Delivery] = []
    stop = follow(world, heard.append, secret=SECRET)
    changes.open_issue(world.repository, "Rust on the crane", user=next(iter(world.users)))
    stop()
    return heard[0]


def titles(database: Database) -> list[str]:
    return database.read(lambda conn: list(conn.execute(select(tables.issues.c.title)).scalars()))


async def test_a_delivery_goes_through_endpoint_and_engine_into_the_rows(
    settings_for: SettingsFor,
) -> None:
    settings = settings_for("local", MAINSTEM_GITHUB_WEBHOOK_SECRET=SECRET)
    world = generate(3, 2)
    made = told(world)
    async with served(settings) as there:
        await there.engine.sync_app(there.endpoint_url)
        with Database(settings.database_url) as database:
            track(database, world)
            url = there.endpoint_url.replace("/api/inngest", PATH)
            async with httpx.AsyncClient(timeout=20) as http:
                for _ in range(2):
                    await http.post(url, content=made.body, headers=dict(made.headers))
            await there.engine.wait_idle(timeout=20)
            assert titles(database) == ["Rust on the crane"]
            assert [(row.status, row.payload) for row in kept(database)] == [("handled", None)]
        # The schedule may have started others meanwhile.
        started = [run.function_id for run in there.engine.runs()]
        assert started.count("mainstem-handle-github-webhook") == 1


async def test_what_was_stored_after_it_was_refused_is_handled_when_it_comes_again(
    settings_for: SettingsFor,
) -> None:
    settings = settings_for("local", MAINSTEM_GITHUB_WEBHOOK_SECRET=SECRET)
    world = generate(3, 2)
    made = told(world)
    async with served(settings) as there:
        await there.engine.sync_app(there.endpoint_url)
        with Database(settings.database_url) as database:
            track(database, world)
            # A database that was locked for longer than the endpoint waits does this in the end.
            stored = StoredDelivery(
                delivery_id=made.guid,
                event=made.event,
                action=made.payload["action"],
                hook_id=None,
                installation_github_id=None,
                repository_github_id=world.repository.id,
                status="received",
                payload=made.payload,
                received_at=datetime.now(UTC),
            )
            database.write(keep_delivery, stored)
            url = there.endpoint_url.replace("/api/inngest", PATH)
            async with httpx.AsyncClient(timeout=20) as http:
                answer = await http.post(url, content=made.body, headers=dict(made.headers))
            assert (answer.status_code, answer.json()["status"]) == (200, "known")
            await there.engine.wait_idle(timeout=20)
            assert titles(database) == ["Rust on the crane"]


@contextmanager
def serving_process(settings: Settings, folder: Path) -> Iterator[str]:
    """`mainstem serve` in a process of its own, which is killed at the end; gives its address."""
    with socket.create_server((LOOPBACK, 0)) as silent:  # takes the event, and never answers
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("COVERAGE")},
            "MAINSTEM_ENV": "local",
            "MAINSTEM_DATABASE_URL": settings.database_url,
            "MAINSTEM_GITHUB_WEBHOOK_SECRET": SECRET,
            "INNGEST_BASE_URL": f"http://{LOOPBACK}:{silent.getsockname()[1]}",
        }
        command = [sys.executable, "-m", "mainstem", "serve", "--port", "0", "--no-status"]
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True
        )
        try:
            assert process.stderr is not None
            said = "".join(lines_until(process.stderr, "Endpoint"))
            found = re.search(r"Endpoint\s+(http://[^/\s]+)", said)
            assert found is not None, said
            yield found[1]
        finally:
            process.kill()
            process.communicate()


def lines_until(lines: IO[str], word: str) -> Iterator[str]:
    for line in lines:
        yield line
        if word in line:
            return


def make_old(conn: Connection) -> None:
    """As if the deliveries had come three minutes ago."""
    at = datetime.now(UTC) - timedelta(minutes=3)
    conn.execute(tables.webhook_deliveries.update().values(received_at=at))


async def test_what_was_answered_before_the_process_was_killed_is_handled_by_the_next(
    settings_for: SettingsFor, tmp_path: Path
) -> None:
    world = generate(3, 2)
    made = told(world)
    async with simulated_github(world) as github:
        settings = settings_for("local", MAINSTEM_GITHUB_URL=github.url)
        with serving_process(settings, tmp_path) as url:
            async with httpx.AsyncClient(timeout=20) as http:
                answer = await http.post(url + PATH, content=made.body, headers=dict(made.headers))
        assert answer.status_code == 202
        with Database(settings.database_url) as database:
            track(database, world)
            database.write(make_old)
            assert [row.status for row in kept(database)] == ["received"]
            async with served(settings) as there:
                await there.engine.sync_app(there.endpoint_url)
                there.engine.invoke("mainstem-recover-github-deliveries", None)
                await there.engine.wait_idle(timeout=20)
            assert titles(database) == ["Rust on the crane"]
