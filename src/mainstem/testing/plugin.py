"""The pytest plugin: harnesses that are closed by themselves, and traces under tests that fail.

It is loaded in every project that has Mainstem installed, so it imports nothing until a fixture is
used, and needs no plugin for async tests: pytest-asyncio's and anyio's are served alike, as an
async test's harnesses are closed at the end of its own body, on its own event loop.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mainstem.testing.blocking import SyncHarness
    from mainstem.testing.harness import Harness

_MARKER = "inngest"


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--inngest-trace` and `--inngest-seed`."""
    group = parser.getgroup("mainstem", "Inngest functions on Mainstem's engine")
    group.addoption(
        "--inngest-trace",
        choices=("failed", "always", "never"),
        default="failed",
        help="when to show the traces of runs: under failed tests (default), under all of them"
        " (with -rP), or never",
    )
    group.addoption(
        "--inngest-seed",
        type=int,
        default=0,
        metavar="N",
        help="the seed of ids and of the spread of retries (default: 0)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """The marker."""
    config.addinivalue_line(
        "markers",
        f"{_MARKER}(**options): what `inngest_harness` opens its harnesses with, such as"
        " start=datetime(2030, 3, 1, tzinfo=UTC)",
    )


class Openings:
    """The harnesses of one test."""

    def __init__(self, item: pytest.Item) -> None:
        self._item = item
        marker = item.get_closest_marker(_MARKER)
        self._options = {
            "seed": item.config.getoption("--inngest-seed"),
            **(marker.kwargs if marker is not None else {}),
        }
        self.open: list[Any] = []
        # False while fixtures are made, and for good if one of them failed.
        self.was_called = False

    def options(self, given: dict[str, Any]) -> dict[str, Any]:
        """What a harness is opened with: the call's own options before the marker's."""
        return {**self._options, **given}

    def harness(self, *args: Any, **options: Any) -> Awaitable[Harness]:
        """Opens one when it is awaited; arguments as for `Harness.open`."""
        from mainstem.testing.harness import Harness

        return Harness.open(*args, **self.options(options)).then(self.open.append)

    def sync_harness(self, *args: Any, **options: Any) -> SyncHarness:
        """Open one that waits; arguments as for `SyncHarness.open`."""
        from mainstem.testing.blocking import SyncHarness

        opened = SyncHarness.open(*args, **self.options(options))
        self.open.append(opened)
        return opened

    def tell(self, *, failed: bool) -> None:
        """Put the traces into the test's report, if they are wanted."""
        wanted = self._item.config.getoption("--inngest-trace")
        if wanted == "always" or (wanted == "failed" and failed):
            traces = [text for harness in self.open if (text := harness.trace())]
            if traces:
                self._item.add_report_section("call", "inngest runs", "\n\n".join(traces))

    async def aclose(self) -> None:
        """Close them, the last one first."""
        while self.open:
            await self.open.pop().aclose()


_OPENINGS = pytest.StashKey[Openings]()


@pytest.fixture
def inngest_harness(
    request: pytest.FixtureRequest,
) -> Iterator[Callable[..., Awaitable[Harness]]]:
    """Opens harnesses for an async test: `harness = await inngest_harness(client, functions)`.

    They are closed when the test's body has ended; traces are shown when it failed.
    """
    openings = request.node.stash[_OPENINGS] = Openings(request.node)
    yield openings.harness
    if openings.open:
        while openings.open:
            openings.open.pop().close_outside()
        if not openings.was_called:
            # Another fixture could not be made. That is told already.
            return
        pytest.fail(
            "`inngest_harness` was used by a test that is no coroutine function, so nobody could"
            " close its harness. Use `inngest_harness_sync` there."
        )


@pytest.fixture
def inngest_harness_sync(request: pytest.FixtureRequest) -> Iterator[Callable[..., SyncHarness]]:
    """Opens harnesses for a plain test: `harness = inngest_harness_sync(client, functions)`."""
    openings = Openings(request.node)
    request.node.stash[_OPENINGS_SYNC] = openings
    yield openings.sync_harness
    while openings.open:
        openings.open.pop().close()


_OPENINGS_SYNC = pytest.StashKey[Openings]()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Close an async test's harnesses on its own event loop; take the traces of a failed test."""
    openings = item.stash.get(_OPENINGS, None)
    if openings is not None:
        openings.was_called = True
    body = getattr(item, "obj", None)
    if openings is not None and body is not None and inspect.iscoroutinefunction(body):
        function: Any = item
        function.obj = _closing(body, openings)
    waiting = item.stash.get(_OPENINGS_SYNC, None)
    try:
        result = yield
    except BaseException:
        if waiting is not None:
            waiting.tell(failed=True)
        raise
    if waiting is not None:
        waiting.tell(failed=False)
    return result


def _closing(
    body: Callable[..., Awaitable[Any]], openings: Openings
) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(body)
    async def closed(*args: Any, **kwargs: Any) -> Any:
        failed = True
        try:
            result = await body(*args, **kwargs)
            failed = False
        finally:
            openings.tell(failed=failed)
            await openings.aclose()
        return result

    return closed
