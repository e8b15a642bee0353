"""Each test begins with no client and nothing served."""

import pytest

from mainstem.clients import reset_clients
from mainstem.serving import reset_serving


@pytest.fixture(autouse=True)
def _fresh() -> None:
    reset_clients()
    reset_serving()
