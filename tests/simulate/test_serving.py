"""Starting and stopping a server, and what its door holds."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

import mainstem.simulate as door
from mainstem.simulate import (
    SimulateError,
    World,
    create_app,
    serve_forever,
    simulated_github,
)


@pytest.fixture
def taken() -> Iterator[int]:
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


async def test_port_in_use_is_one_clear_line(world: World, taken: int) -> None:
    with pytest.raises(
        SimulateError, match=rf"at 127\.0\.0\.1:{taken}: Address already in use\."
    ) as caught:
        async with simulated_github(world, port=taken):
            pass
    assert "\n" not in str(caught.value)


def test_port_in_use_stops_serving_for_ever_too(world: World, taken: int) -> None:
    with pytest.raises(SimulateError, match="choose another port"):
        serve_forever(world, port=taken)


async def test_stopped_server_answers_no_more(world: World) -> None:
    async with simulated_github(world) as served:
        url = served.url
    async with httpx.AsyncClient(verify=False) as http:
        with pytest.raises(httpx.ConnectError):
            await http.get(url)


def test_serves_until_it_is_interrupted() -> None:
    program = """
from mainstem.simulate import generate, serve_forever
serve_forever(generate(1, 2), on_start=lambda served: print(served.url, flush=True))
print("stopped", flush=True)
"""
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as served:
        assert served.stdout is not None
        url = served.stdout.readline().strip()
        answer = httpx.get(f"{url}/rate_limit", timeout=10)
        served.send_signal(signal.SIGINT)
        rest = served.stdout.read()
    assert (answer.status_code, rest.strip(), served.returncode) == (200, "stopped", 0)


async def test_application_can_be_used_without_a_socket(world: World) -> None:
    app = create_app(world)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://github.test") as http:
        answer = await http.get("/repos/riverside/harbour")
    assert answer.json()["url"] == "http://github.test/repos/riverside/harbour"
    assert app.state.simulated.log.requests == 1


def test_door_holds_these_names() -> None:
    assert door.__all__ == [
        "Allowance",
        "App",
        "Compute",
        "Delivery",
        "Fault",
        "Faults",
        "Installation",
        "Options",
        "Repository",
        "Secondary",
        "SimulateError",
        "SimulatedGitHub",
        "World",
        "changes",
        "create_app",
        "deliveries",
        "follow",
        "generate",
        "load_recording",
        "make_delivery",
        "serve_forever",
        "simulated_github",
    ]
