"""The pytest plugin, in a pytest of its own."""

from pathlib import Path

import pytest

SCOPE = "asyncio_default_fixture_loop_scope=function"
APP = """
import inngest
client = inngest.Inngest(app_id="a", is_production=False)
@client.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="e"))
async def f(ctx: inngest.Context):
    async def one(): return 1
    return await ctx.step.run("one", one)
EVENT = inngest.Event(name="e")
"""

TESTS = """
from datetime import UTC, datetime
import pytest

{async_mark}
async def test_passes(inngest_harness):
    harness = await inngest_harness(client, [f])
    assert await (await harness.send_one(EVENT)).result() == 1

{async_mark}
async def test_again_and_fails(inngest_harness):
    harness = await inngest_harness(client, [f])
    (await harness.send_one(EVENT)).assert_completed(2)

@pytest.mark.inngest(start=datetime(2031, 1, 1, tzinfo=UTC))
def test_plain(inngest_harness_sync):
    harness = inngest_harness_sync(client, [f])
    assert harness.now.year == 2031
    assert harness.send_one(EVENT).result() == 1

def test_plain_fails(inngest_harness_sync):
    harness = inngest_harness_sync(client, [f], seed=5)
    harness.send_one(EVENT)
    assert harness.events() == []
"""


def run_pytest(folder: Path, capsys: pytest.CaptureFixture[str], tests: str, *options: str) -> str:
    """What a pytest without our own settings says of these tests; in this process, for its time."""
    # A name of its own: this process keeps what it has imported.
    (folder / f"test_{folder.name}.py").write_text(APP + tests)
    (folder / "pytest.ini").write_text("[pytest]\n")
    away = ("no:cacheprovider", "no:cov", "no:xdist", "no:randomly")
    pytest.main(
        [str(folder), "-q", "--strict-markers", "--import-mode=importlib", f"--rootdir={folder}"]
        + [f"-pno:{each.removeprefix('no:')}" for each in away]
        + list(options)
    )
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("mark", "options"),
    [
        ("@pytest.mark.asyncio", ("-p", "no:anyio", "-o", SCOPE)),
        ("@pytest.mark.anyio", ("-p", "no:asyncio")),
    ],
    ids=["asyncio", "anyio"],
)
def test_harnesses_are_closed_and_failed_tests_show_their_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], mark: str, options: tuple[str, ...]
) -> None:
    tests = TESTS.replace("{async_mark}", mark)
    if "anyio" in mark:
        tests += "\n@pytest.fixture\ndef anyio_backend(): return 'asyncio'\n"
    told = run_pytest(tmp_path, capsys, tests, *options)
    assert "2 failed, 2 passed" in told, told
    assert told.count("inngest runs") == 2
    assert "step one (run) -> 1" in told
    assert "AssertionError: the run returned 1, not 2" in told


def test_a_project_without_async_plugins_is_left_alone_and_told_what_to_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tests = """
def test_nothing(): pass
def test_plain(inngest_harness): pass
def test_wrong(inngest_harness):
    import asyncio
    asyncio.run(opened(inngest_harness, client, f))
async def opened(inngest_harness, client, f): await inngest_harness(client, [f])
"""
    told = run_pytest(tmp_path, capsys, tests, "-p", "no:anyio", "-p", "no:asyncio")
    assert "3 passed, 1 error" in told, told
    assert "Use `inngest_harness_sync` there" in told


@pytest.mark.parametrize("loop", ["function", "session"])
def test_a_fixture_that_cannot_be_made_is_told_alone_and_the_harness_is_closed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], loop: str
) -> None:
    tests = """
import sqlite3
import pytest, pytest_asyncio
OPENED = []
@pytest_asyncio.fixture
async def made(inngest_harness):
    harness = await inngest_harness(client, [f])
    OPENED.append(harness.engine)
@pytest_asyncio.fixture
async def broken(made):
    raise ValueError("my own fixture is broken")
@pytest.mark.asyncio
async def test_with_it(broken): pass
def test_after():
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        OPENED[0].reader.execute("SELECT 1")
@pytest.mark.asyncio
async def test_forgotten(inngest_harness):
    harness = inngest_harness(client, [f])
    with pytest.raises(AttributeError, match="`await` what opens it"):
        await harness.send(EVENT)
"""
    scope = SCOPE.replace("function", loop)
    told = run_pytest(tmp_path, capsys, tests, "-p", "no:anyio", "-o", scope)
    assert "2 passed, 1 error" in told, told
    assert "my own fixture is broken" in told
    assert "inngest_harness_sync" not in told
