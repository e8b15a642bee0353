"""Each test makes its own clients."""

from collections.abc import Iterator

import pytest

from mainstem.clients import reset_clients


@pytest.fixture(autouse=True)
def _fresh_clients() -> Iterator[None]:
    reset_clients()
    yield
    reset_clients()
