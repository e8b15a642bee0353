"""Apps of the TypeScript SDK register: again, in cloud mode, and in ways that are refused."""

from pathlib import Path

import pytest

from mainstem.engine import Engine, EngineOptions, RunStatus, SyncRefused

from .conftest import AppOf
from .packages import version_of
from .shop import SIGNING_KEY, Shop, opened

pytestmark = pytest.mark.asyncio(loop_scope="session")

# Registering is the same for all clients of a version.
_SHOPS = pytest.mark.parametrize("shop", ["v4", "v3"], indirect=True)
_VERSIONS = pytest.mark.parametrize("variant", ["v4", "v3"])


@_SHOPS
async def test_an_app_is_registered_as_it_says(shop: Shop, app_folder: Path) -> None:
    (app,) = shop.engine.apps()
    assert (app.name, app.url) == ("shop", shop.node.url("/api/inngest"))
    package = {"v4": "inngest", "v3": "inngest3"}[shop.variant]
    assert app.sdk == f"js:v{version_of(app_folder / 'node_modules', package)}"
    assert app.sdk.startswith(f"js:{shop.variant}.")
    assert (app.framework, app.last_error) == ("nodejs", None)


@_SHOPS
async def test_registering_again_without_a_change_modifies_nothing(shop: Shop) -> None:
    again = await shop.sync("/api/inngest")
    assert (again["ok"], again["modified"]) == (True, False)


@_SHOPS
async def test_a_function_that_is_refused_is_told_of(shop: Shop) -> None:
    with pytest.raises(SyncRefused, match=r"refused: At least one function is invalid.*@yearly"):
        await shop.sync("/api/odd")


@_SHOPS
async def test_an_app_that_registers_with_another_server_is_told_so(shop: Shop) -> None:
    async with Engine.open(EngineOptions()) as another:
        with pytest.raises(SyncRefused, match="with another server"):
            await another.sync_app(shop.node.url("/api/inngest"))


@_SHOPS
async def test_an_app_whose_server_is_away_is_told_so(shop: Shop) -> None:
    shop.door.closed = "/fn/register"
    with pytest.raises(SyncRefused, match="its own request to register failed"):
        await shop.sync("/api/inngest")


@_VERSIONS
async def test_signed_calls_run_signed_and_checkpointed(app_of: AppOf, variant: str) -> None:
    node, door = await app_of(variant)
    async with opened(node, door, "sealed", signing_key=SIGNING_KEY) as shop:
        (app,) = shop.engine.apps()
        assert app.sync_method == "in_band"
        run = await shop.run_of("shop/sequence")
        assert (run.status, run.output) == (RunStatus.COMPLETED, ["a", "b", "c"])
        assert shop.calls == (1 if variant == "v4" else 4)
        assert len(shop.checkpoints()) == (3 if variant == "v4" else 0)


@_VERSIONS
async def test_another_signing_key_is_refused(app_of: AppOf, variant: str) -> None:
    node, door = await app_of(variant)
    key = SIGNING_KEY.replace("0", "f")
    with pytest.raises(SyncRefused, match="its signing key is absent or another"):
        async with opened(node, door, "sealed", signing_key=key):
            pass
