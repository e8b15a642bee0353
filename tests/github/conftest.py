"""Clients of a scripted server and of the pretend GitHub; the recording where it is at hand."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mainstem.github import GitHub
from mainstem.simulate import SimulatedGitHub, World, generate, load_recording, simulated_github

from .scripted import Script, SteeredClock, serving

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "github"


@pytest.fixture
async def script() -> AsyncIterator[Script]:
    async with serving(Script()) as served:
        yield served


@pytest.fixture
def clock() -> SteeredClock:
    return SteeredClock()


@pytest.fixture
async def github(script: Script, clock: SteeredClock) -> AsyncIterator[GitHub]:
    """A client of the script, with a token, whose pauses take no time."""
    async with GitHub(
        base_url=script.url, token="s3cret", clock=clock, sleep=clock.sleep, roll=lambda: 1.0
    ) as client:
        yield client


@pytest.fixture
def world() -> World:
    return generate(11, 60)


@pytest.fixture
async def pretend(world: World) -> AsyncIterator[SimulatedGitHub]:
    async with simulated_github(world) as served:
        yield served


@pytest.fixture
async def visitor(pretend: SimulatedGitHub, clock: SteeredClock) -> AsyncIterator[GitHub]:
    """A client of the pretend GitHub."""
    async with GitHub(base_url=pretend.url, token="t", sleep=clock.sleep) as client:
        yield client


@pytest.fixture(scope="session")
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip("no reference data beside the checkout (../shared/data/github)")
    return SHARED


@pytest.fixture(scope="session")
def recording(shared: Path) -> World:
    return load_recording(shared / "secp256k1")
