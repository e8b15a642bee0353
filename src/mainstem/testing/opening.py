"""Opening a harness, by `await` or by `async with`; and what those are told who forget either."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from typing import Any, Generic, NoReturn, Protocol, TypeVar

from mainstem.testing.errors import HarnessError


class _Opened(Protocol):
    async def start(self) -> None: ...

    async def aclose(self) -> None: ...


H = TypeVar("H", bound=_Opened)


class Opening(Generic[H]):
    """A harness about to be opened: `await` it, or enter it with `async with`."""

    def __init__(
        self,
        harness: H,
        fill: Callable[[], Awaitable[None]],
        opened: Callable[[H], None] | None = None,
    ) -> None:
        self._harness = harness
        self._fill = fill
        self._opened = opened

    def then(self, opened: Callable[[H], None]) -> Opening[H]:
        """The same opening, which tells `opened` of the harness."""
        return Opening(self._harness, self._fill, opened)

    def __await__(self) -> Generator[Any, None, H]:
        return self._open().__await__()

    async def __aenter__(self) -> H:
        return await self._open()

    async def __aexit__(self, *raised: object) -> None:
        await self._harness.aclose()

    def __enter__(self) -> NoReturn:
        raise HarnessError("A harness is entered with `async with`; `SyncHarness` with `with`.")

    def __exit__(self, *raised: object) -> None:
        """Never reached."""

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(
            f"The harness is not open yet, so it has no '{name}': `await` what opens it, as in"
            " `harness = await Harness.open(…)`."
        )

    async def _open(self) -> H:
        try:
            await self._harness.start()
            await self._fill()
        except BaseException:
            await self._harness.aclose()
            raise
        if self._opened is not None:
            self._opened(self._harness)
        return self._harness
