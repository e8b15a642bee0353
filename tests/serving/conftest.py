"""Each test starts with no client made and nothing served."""

import pytest

from mainstem.clients import reset_clients
from mainstem.serving import reset_serving


@pytest.fixture(autouse=True)
def _nothing_served_yet() -> None:
    reset_clients()
    reset_serving()
