"""The house of the captures' tests, and the real payloads that lie beside the checkout."""

from pathlib import Path

import pytest

from ..capture.conftest import Build, build, house  # noqa: TID252  the house of the captures

__all__ = ["Build", "build", "house"]

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "github" / "webhooks"


@pytest.fixture(scope="session")
def payloads() -> Path:
    if not SHARED.is_dir():
        pytest.skip("no reference data beside the checkout (../shared/data/github/webhooks)")
    return SHARED
