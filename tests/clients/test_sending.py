"""Clients on real sockets: one loop after another, after a fork, after a freeze, after the end."""

import asyncio
import subprocess
import sys
import textwrap
from collections.abc import Iterator

import inngest
import pytest

from mainstem.clients import client_for, close_clients, reset_clients
from mainstem.settings import load_settings

from .event_api import POISON, EventApi, event_api

EVENT = inngest.Event(name="test/asked")


@pytest.fixture(autouse=True)
def _no_clients() -> None:
    reset_clients()


@pytest.fixture(scope="module")
def shared_api() -> Iterator[EventApi]:
    with event_api() as server:
        yield server


@pytest.fixture
def api(shared_api: EventApi) -> EventApi:
    shared_api.requests.clear()
    shared_api.connections = 0
    return shared_api


def client_of(api: EventApi) -> inngest.Inngest:
    return client_for(load_settings({"INNGEST_BASE_URL": api.url}))


def test_one_client_sends_in_one_event_loop_after_another(api: EventApi) -> None:
    client = client_of(api)

    async def send_twice() -> list[str]:
        return await client.send(EVENT) + await client.send(EVENT)

    assert [asyncio.run(send_twice()) for _ in range(3)] == [["1", "1"]] * 3


def test_no_connection_is_used_twice_so_that_a_frozen_process_wakes_with_none(
    api: EventApi,
) -> None:
    client = client_of(api)
    client.send_sync(EVENT)
    client.send_sync(EVENT)
    asyncio.run(client.send(EVENT))
    # The way by which long runs fetch their state and functions are registered.
    asyncio.run(client._http_client.get(f"{api.url}/v0/runs", auth=True))
    client._http_client.get_sync(f"{api.url}/v0/runs", auth=True)
    asyncio.run(client._http_client.post(f"{api.url}/fn/register", {}))
    assert [headers["connection"] for _, headers in api.requests] == ["close"] * 6
    assert api.connections == 6


def test_many_threads_send_through_one_client_at_once(api: EventApi) -> None:
    client = client_of(api)

    async def send_many() -> list[list[str]]:
        sends = (asyncio.to_thread(client.send_sync, EVENT) for _ in range(8))
        return await asyncio.gather(*sends, *(client.send(EVENT) for _ in range(8)))

    assert asyncio.run(send_many()) == [["1"]] * 16


def test_what_is_sent_has_nothing_of_a_lying_environment(
    api: EventApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in POISON.items():
        monkeypatch.setenv(name, value)
    settings = load_settings(
        {
            "MAINSTEM_ENV": "production",
            "INNGEST_EVENT_KEY": "our-event-key",
            "INNGEST_SIGNING_KEY": "signkey-prod-abcd",
            "INNGEST_BASE_URL": api.url,
        }
    )
    client = client_for(settings)
    client.send_sync(EVENT)
    asyncio.run(client._http_client.get(f"{api.url}/v0/runs", auth=True))
    (sent_to, sent), (_, fetched) = api.requests
    assert sent_to == "/e/our-event-key"
    assert "x-inngest-env" not in {**sent, **fetched}
    assert fetched["authorization"] == f"Bearer {settings.key_hashes()['signing_key_hash']}"


def test_a_closed_client_sends_no_more_and_a_new_one_does(api: EventApi) -> None:
    client = client_of(api)
    client.send_sync(EVENT)
    close_clients()
    close_clients()
    with pytest.raises(RuntimeError, match="has been closed"):
        client.send_sync(EVENT)
    assert client_of(api) is not client
    assert client_of(api).send_sync(EVENT) == ["1"]


async def test_clients_can_be_closed_inside_a_loop(api: EventApi) -> None:
    client = client_of(api)
    await client.send(EVENT)
    close_clients()
    assert client._http_client._http_client.is_closed
    with pytest.raises(RuntimeError, match="has been closed"):
        await client.send(EVENT)


_FORKING = textwrap.dedent(
    """
    import os, sys, threading
    import inngest
    from mainstem.clients import cache, client_for, close_clients
    from mainstem.settings import load_settings

    settings = load_settings({"INNGEST_BASE_URL": sys.argv[1]})
    event = inngest.Event(name="test/asked")
    parents = client_for(settings)
    parents.send_sync(event)

    # Held while the process forks, as another thread of the parent may hold it.
    cache._here().lock.acquire()
    child = os.fork()
    if child == 0:
        client = client_for(settings)
        assert client is not parents
        assert client_for(settings) is client
        assert client.send_sync(event) == ["1"]
        close_clients()
        os._exit(0)
    cache._here().lock.release()
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert client_for(settings) is parents
    assert parents.send_sync(event) == ["1"]
    """
)


def test_a_forked_child_has_a_client_of_its_own_and_leaves_its_parents_alone(
    api: EventApi,
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FORKING, api.url],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(api.requests) == 3
