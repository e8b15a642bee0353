"""What steps do, in an app of the TypeScript SDK that knows nothing of this engine."""

import pytest

from mainstem.engine import RunStatus

from .shop import Shop

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_function_without_steps_is_one_call(shop: Shop) -> None:
    run = await shop.run_of("shop/plain", {"n": 1})
    assert (run.status, run.output) == (
        RunStatus.COMPLETED,
        {"got": {"n": 1}, "name": "shop/plain"},
    )
    assert shop.calls == 1
