"""Each test begins with no client and nothing served."""

import asyncio
from typing import Any

import httpx
import pytest

from mainstem.clients import reset_clients
from mainstem.serving import reset_serving

from .shop import shop


@pytest.fixture(autouse=True)
def _fresh() -> None:
    reset_clients()
    reset_serving()


@pytest.fixture(scope="package")
def plain() -> tuple[Any, str]:
    """The status of a shop as it usually is, as JSON and as the page: for those who only read."""

    async def look() -> tuple[Any, str]:
        async with shop() as there, httpx.AsyncClient(verify=False, timeout=10) as http:
            status = (await http.get(f"{there.page}/status.json")).json()
            return status, (await http.get(f"{there.page}/")).text

    with asyncio.Runner() as runner:
        return runner.run(look())
