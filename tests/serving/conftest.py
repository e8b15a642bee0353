"""Each test starts with no client made and nothing served."""

from collections.abc import Iterator

import pytest

from mainstem.clients import reset_clients
from mainstem.serving import background, reset_serving


@pytest.fixture(autouse=True)
def _nothing_served_yet() -> Iterator[None]:
    reset_clients()
    reset_serving()
    yield
    background.close()
