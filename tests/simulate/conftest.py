"""A generated and a recorded repository, each served over HTTP."""

import gc
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from mainstem.simulate import SimulatedGitHub, World, generate, load_recording, simulated_github

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "github"


@pytest.fixture
def world() -> World:
    return generate(7, 40)


@pytest.fixture
async def github(world: World) -> AsyncIterator[SimulatedGitHub]:
    async with simulated_github(world) as served:
        yield served


@pytest.fixture
async def http(github: SimulatedGitHub) -> AsyncIterator[httpx.AsyncClient]:
    # No certificates are loaded: they take longer than most of these tests.
    async with httpx.AsyncClient(base_url=github.url, timeout=20, verify=False) as client:
        yield client


@pytest.fixture(scope="session")
def shared() -> Path:
    """GitHub's schema, descriptions and recorded exchanges, where they lie beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip(f"no reference data beside the checkout ({SHARED.parent.parent.name}/)")
    return SHARED


@pytest.fixture(scope="session")
def recording(shared: Path) -> World:
    world = load_recording(shared / "secp256k1")
    gc.freeze()  # or each collection walks its half million rows again
    return world
