"""Which GitHub a capture reads: the real one, another server, or a simulated one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from mainstem.cli.names import RepositoryName
from mainstem.settings import Settings
from mainstem.simulate import Options, World, generate, load_recording, simulated_github

# Statistics are there at once: waiting for GitHub to compute them is no part of a demonstration.
PROMPT = Options(stats_pending=0)


@dataclass(frozen=True, slots=True)
class Recording:
    """A recorded repository's folder."""

    folder: Path


@dataclass(frozen=True, slots=True)
class Generated:
    """A repository that is made up: the same for the same seed."""

    seed: int
    pulls: int
    repository: RepositoryName


@asynccontextmanager
async def github_from(
    settings: Settings, source: Recording | Generated | None
) -> AsyncIterator[Settings]:
    """`settings` that lead to `source`, which is served while the block runs.

    None leaves them as they are. Raises `SimulateError` for a recording that is missing or damaged.
    """
    if source is None:
        yield settings
        return
    async with simulated_github(world_of(source), options=PROMPT) as simulated:
        # A simulated GitHub takes anybody; real credentials have no business there.
        nobody = {
            "github_token": None,
            "github_tokens": (),
            "github_app_id": None,
            "github_app_private_key": None,
            "github_proxy": None,
        }
        yield settings.model_copy(update={"github_url": simulated.url, **nobody})


def world_of(source: Recording | Generated) -> World:
    """What a simulated GitHub shows. Reading a recording takes seconds; raises `SimulateError`."""
    if isinstance(source, Recording):
        return load_recording(source.folder)
    return generate(
        source.seed,
        source.pulls,
        owner=source.repository.owner,
        name=source.repository.name,
    )
