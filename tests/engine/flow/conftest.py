"""Scenes for the tests of flow control."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .scene import Reply, Scene


@pytest.fixture
def scene_of(tmp_path: Path) -> Iterator[Callable[..., Scene]]:
    """Opens an engine with these functions; closed after the test."""
    scenes: list[Scene] = []

    def open_one(*functions: Any, reply: Reply | None = None) -> Scene:
        path = tmp_path / f"{len(scenes)}.db"
        scenes.append(Scene(path, functions, reply))
        return scenes[-1]

    yield open_one
    for each in scenes:
        each.close()
