"""Repositories that are captured already: done once for each world, and copied for each test."""

import sqlite3
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import make_url

from mainstem.functions.capture import capture_repository_sync_graphql
from mainstem.functions.events import RepositorySyncGraphqlRequested
from mainstem.simulate import generate
from mainstem.testing import RunResult, run_handler

from .conftest import Build
from .house import House, with_limits

_KEPT: dict[tuple[int, int], bytes] = {}


async def capture(
    house: House, run_id: str, *, repository_id: UUID | None = None, **limits: Any
) -> RunResult[Any]:
    """Capture whole what is not yet, and what has changed since."""
    asked = RepositorySyncGraphqlRequested(
        repository_id=repository_id or house.repository_id, history="full", with_issues=True
    )
    services = with_limits(house, **limits)
    return await run_handler(capture_repository_sync_graphql, asked, services, run_id=run_id)


async def captured_house(build: Build, seed: int, pulls: int) -> House:
    """A generated repository that nobody has touched since it was captured whole."""
    house = await build(generate(seed, pulls))
    kept = _KEPT.get((seed, pulls))
    if kept is None:
        await capture(house, "whole")
        if house.database.url.startswith("sqlite"):
            _KEPT[seed, pulls] = _contents(house)
    else:
        _fill(house, kept)
    return house


async def fresh(build: Build, house: House) -> House:
    """The same repository as it is now, captured whole into an empty database."""
    other = await build(house.world)
    await capture(other, "fresh")
    return other


def _path(house: House) -> Path:
    database = make_url(house.database.url).database
    assert database is not None
    return Path(database)


def _contents(house: House) -> bytes:
    copy = _path(house).with_suffix(".copy")
    connection = sqlite3.connect(_path(house))
    try:
        connection.execute("VACUUM INTO ?", (str(copy),))
    finally:
        connection.close()
    return copy.read_bytes()


def _fill(house: House, kept: bytes) -> None:
    copy = _path(house).with_suffix(".copy")
    copy.write_bytes(kept)
    source, target = sqlite3.connect(copy), sqlite3.connect(_path(house))
    try:
        source.backup(target)
    finally:
        source.close()
        target.close()
