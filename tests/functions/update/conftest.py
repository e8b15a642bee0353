from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ..stage import NOW, Stage, staged, utc  # noqa: TID252  tests are no package to import from

__all__ = ["NOW", "Stage", "staged", "utc"]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A generated repository whose statistics are ready at once."""
    async with staged(tmp_path / "mainstem.db") as stage:
        yield stage
