"""An SDK whose handler is not the one we know is told by name, before anything is served."""

from collections.abc import Iterator

import pytest
from inngest._internal import comm_lib

from mainstem.errors import UnknownSdk
from mainstem.serving import asgi
from mainstem.serving.sdk_handler import sdk

from .house import settings_of
from .shop import CATALOGUE, SHOP


@pytest.fixture(autouse=True)
def _looked_at_anew() -> Iterator[None]:
    sdk.cache_clear()
    yield
    sdk.cache_clear()


def test_the_installed_sdk_is_known() -> None:
    assert sdk() is comm_lib


def test_a_handler_that_takes_other_arguments_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Handler:
        def __init__(self, *, client: object, framework: object, functions: object) -> None: ...

    monkeypatch.setattr(comm_lib, "CommHandler", Handler)
    with pytest.raises(UnknownSdk) as refused:
        asgi.app(CATALOGUE, SHOP, settings=settings_of())
    assert "CommHandler.enable_unauthed_sync" in str(refused.value)
    assert "CommHandler.put_sync" in refused.value.missing
    assert "Install a release that Mainstem supports" in str(refused.value)


def test_a_handler_that_is_gone_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(comm_lib, "CommHandler")
    with pytest.raises(UnknownSdk, match=r"CommHandler\.client"):
        sdk()
