"""A disk that is full or broken, and files that are not what they should be."""

import errno
import os
import random
import re
import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from mainstem.engine import Engine, EngineBusy, EngineError, EngineOptions, durability
from mainstem.engine.errors import StorageBusy, StorageFailed

from .house import House
from .processes import free_port, wait_for

EVENT = {"name": "disk/go", "data": {"text": "x" * 2000}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of an engine that has stopped, with some events in it."""
    file = tmp_path / "engine.db"
    engine = Engine.open(EngineOptions(str(file)))
    engine._accept([EVENT] * 20, "")
    engine._loop.storage.close()
    return file


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Callable[[], tuple[subprocess.Popen[str], str]]]:
    """Starts `mainstem engine` on one file; the process and its address."""
    started: list[subprocess.Popen[str]] = []

    def start() -> tuple[subprocess.Popen[str], str]:
        port = free_port()
        options = ("--port", str(port), "--no-discovery", "--path", str(tmp_path / "engine.db"))
        line = (sys.executable, "-m", "mainstem", "engine", *options)
        # Its limits are set while it runs; the system refuses the write then, as a full disk does.
        process = subprocess.Popen(line, stderr=subprocess.PIPE, text=True)
        started.append(process)
        wait_for(f"http://127.0.0.1:{port}/health")
        return process, f"http://127.0.0.1:{port}"

    yield start
    for process in started:
        process.kill()
        process.communicate()


def ids_in(file: Path) -> set[str]:
    with closing(sqlite3.connect(file)) as sql:
        return {row[0] for row in sql.execute("SELECT internal_id FROM events")}


def test_a_full_disk_refuses_the_event_and_ends_the_engine_with_its_reason(
    command: Callable[[], tuple[subprocess.Popen[str], str]], tmp_path: Path
) -> None:
    process, origin = command()
    accepted = httpx.post(f"{origin}/e/k", json=[EVENT] * 5).json()["ids"]
    log = (tmp_path / "engine.db-wal").stat().st_size
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (log + 100, resource.RLIM_INFINITY))
    answer = httpx.post(f"{origin}/e/k", json=[EVENT] * 5)
    assert answer.status_code == 503
    assert "Make room on the disk" in answer.json()["error"]
    _, said = process.communicate(timeout=20)
    assert process.returncode == 1
    assert re.search(r"mainstem: Cannot go on with the engine's file '.*engine\.db': ", said)
    assert "Traceback" not in said
    _, again = command()
    assert httpx.post(f"{again}/e/k", json=EVENT).status_code == 200
    assert set(accepted) < ids_in(tmp_path / "engine.db")
    assert len(ids_in(tmp_path / "engine.db")) == 6


async def test_what_was_accepted_before_the_file_was_full_is_there_when_it_has_room(
    tmp_path: Path,
) -> None:
    options = EngineOptions(str(tmp_path / "engine.db"))
    engine = Engine.open(options)
    pages = engine.reader.execute("PRAGMA page_count").fetchone()[0]
    engine.reader.execute(f"PRAGMA max_page_count={pages + 8}")
    accepted: list[str] = []
    with pytest.raises(StorageFailed, match="full"):  # noqa: PT012  until it fails
        async with engine:
            while len(accepted) < 100:
                accepted += await engine.send([EVENT])
    engine = Engine.open(options)
    assert {row["internal_id"] for row in engine.reader.execute("SELECT * FROM events")} == set(
        accepted
    )
    engine._loop.storage.close()


async def test_an_engine_whose_file_failed_takes_nothing_more(tmp_path: Path) -> None:
    engine = Engine.open(EngineOptions(str(tmp_path / "engine.db")))
    sql = engine.reader
    with pytest.raises(StorageFailed):  # noqa: PT012  closing it tells of it as well
        async with engine:
            pages = sql.execute("PRAGMA page_count").fetchone()[0]
            sql.execute(f"PRAGMA max_page_count={pages}")
            with pytest.raises(StorageFailed):
                await engine.send([EVENT] * 50)
            sql.execute("PRAGMA max_page_count=100000")
            with pytest.raises(StorageFailed):
                await engine.send([EVENT])
            await engine.wait_over()


async def test_no_event_is_accepted_once_the_disk_did_not_take_the_log(
    open_house: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    house: House = await open_house()

    def fail(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    async with httpx.AsyncClient(base_url=house.origin) as client:
        assert (await client.post("/e/k", json=EVENT)).status_code == 200
        monkeypatch.setattr(durability, "_SYNC", fail)
        refused = await client.post("/e/k", json=EVENT)
        monkeypatch.undo()
        # The system may call the next wait a success although the page is lost.
        again = await client.post("/e/k", json=EVENT)
    assert (refused.status_code, again.status_code) == (503, 503)
    assert "Input/output error" in refused.json()["error"]
    with pytest.raises(StorageFailed):
        await house.engine.wait_over()
    house.engine._loop._failure = None  # it was told; the fixture closes the engine


def noise(file: Path) -> None:
    file.write_bytes(random.Random(1).randbytes(20_000))


def truncate(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def overwrite_header(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.write(b"\0" * 100)


def become_another(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as sql:
        sql.execute("CREATE TABLE recipes (name TEXT)")


def become_another_with_a_version(file: Path) -> None:
    become_another(file)
    with closing(sqlite3.connect(file)) as sql:
        sql.execute("PRAGMA user_version=1")


def become_newer(file: Path) -> None:
    with closing(sqlite3.connect(file)) as sql:
        sql.execute("PRAGMA user_version=99")
        sql.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (noise, "file is not a database. It must be a file written by this engine"),
        (truncate, "malformed. The file is damaged and was left as it is. Put a backup"),
        (overwrite_header, "file is not a database"),
        (become_another, "it is a database of something else. Nothing was changed in it"),
        (become_another_with_a_version, "it is a database of something else"),
        (become_newer, "has layout 99, this engine writes"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_the_reason_and_left_as_it_is(
    path: Path, damage: Callable[[Path], None], reason: str
) -> None:
    damage(path)
    before = path.read_bytes()
    with pytest.raises(EngineError, match=re.escape(reason)):
        Engine.open(EngineOptions(str(path)))
    assert path.read_bytes() == before
    assert {each.name for each in path.parent.iterdir()} <= {"engine.db", "engine.db.lock"}
    # Nor is anything kept: who mends the file can use it at once.
    path.unlink()
    Engine.open(EngineOptions(str(path)))._loop.storage.close()


async def test_damage_that_is_met_later_ends_the_engine_with_its_reason(path: Path) -> None:
    with closing(sqlite3.connect(path)) as sql:
        page = sql.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'pauses_by_event'"
        ).fetchone()[0]
        size = sql.execute("PRAGMA page_size").fetchone()[0]
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(random.Random(1).randbytes(size))
    engine = Engine.open(EngineOptions(str(path)))
    with pytest.raises(StorageFailed, match=r"malformed.*Put a backup of it in its place"):
        async with engine:
            await engine.send([EVENT])


def test_a_folder_is_no_file_of_an_engine(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"it is a folder\. Name a file\."):
        Engine.open(EngineOptions(str(tmp_path)))
    assert not tmp_path.with_name(f"{tmp_path.name}.lock").exists()


def test_a_folder_that_cannot_be_written_is_named_with_what_to_do() -> None:
    # Nobody can make a file there, not even root, whom permissions do not hold back.
    with pytest.raises(EngineError, match=r"'/proc/engine\.db': .* can be written"):
        Engine.open(EngineOptions("/proc/engine.db"))


async def test_a_second_engine_is_refused_under_any_name_and_disturbs_nothing(
    tmp_path: Path,
) -> None:
    file, link = tmp_path / "engine.db", tmp_path / "link.db"
    link.symlink_to(file)
    async with Engine.open(EngineOptions(str(file))) as first:
        await first.send([EVENT])
        before = bytes_of(tmp_path)
        for name in (file, link):
            with pytest.raises(EngineBusy, match="another engine is running on it"):
                Engine.open(EngineOptions(str(name)))
        assert "another engine is running on it" in tried_by_another_process(link)
        assert bytes_of(tmp_path) == before
        assert await first.send([EVENT])


async def test_a_hard_link_is_no_second_file(tmp_path: Path) -> None:
    file, link = tmp_path / "engine.db", tmp_path / "link.db"
    async with Engine.open(EngineOptions(str(file))) as first:
        await first.send([EVENT])
        link.hardlink_to(file)
        with pytest.raises(EngineBusy):
            Engine.open(EngineOptions(str(link)))
        assert "it has 2 names (hard links)" in tried_by_another_process(link)
        assert await first.send([EVENT])
    # Nor may either name be used afterwards: each would have a log of its own.
    with pytest.raises(EngineError, match=r"it has 2 names \(hard links\)"):
        Engine.open(EngineOptions(str(file)))


async def test_a_second_engine_is_refused_when_the_lock_beside_the_file_was_removed(
    tmp_path: Path,
) -> None:
    file = tmp_path / "engine.db"
    async with Engine.open(EngineOptions(str(file))) as first:
        (tmp_path / "engine.db.lock").unlink()
        with pytest.raises(EngineBusy):
            Engine.open(EngineOptions(str(file)))
        (tmp_path / "engine.db.lock").unlink(missing_ok=True)
        assert "another engine is running on it" in tried_by_another_process(file)
        assert await first.send([EVENT])
    Engine.open(EngineOptions(str(file)))._loop.storage.close()


@pytest.mark.parametrize("lost", ["engine.db", "engine.db-wal"])
async def test_no_event_is_accepted_once_the_file_was_removed(
    open_house: Callable[..., Any], tmp_path: Path, lost: str
) -> None:
    house: House = await open_house()
    async with httpx.AsyncClient(base_url=house.origin) as client:
        assert (await client.post("/e/k", json=EVENT)).status_code == 200
        (tmp_path / lost).rename(tmp_path / "elsewhere")
        (tmp_path / "elsewhere").unlink()
        refused = await client.post("/e/k", json=EVENT)
    assert refused.status_code == 503
    assert "it is not there any more" in refused.json()["error"]
    with pytest.raises(StorageFailed, match="Somebody removed, renamed or replaced"):
        await house.engine.wait_over()
    house.engine._loop._failure = None  # it was told; the fixture closes the engine


def test_a_pipe_is_no_file_of_an_engine(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "engine.db")
    with pytest.raises(EngineError, match="it is no file"):
        Engine.open(EngineOptions(str(tmp_path / "engine.db")))


def bytes_of(folder: Path) -> dict[str, bytes]:
    # But the index of the log, into which readers write that they read.
    return {p.name: p.read_bytes() for p in folder.iterdir() if not p.name.endswith("-shm")}


def tried_by_another_process(file: Path) -> str:
    line = (sys.executable, "-m", "mainstem", "engine", "--port", "0", "--path", str(file))
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    return " ".join(done.stderr.split())


@contextmanager
def held_by_a_browser(file: Path) -> Iterator[None]:
    """Another program's write lock on a file, as a database browser holds it while one edits."""
    with closing(sqlite3.connect(file, isolation_level=None)) as browser:
        browser.execute("BEGIN IMMEDIATE")
        yield
        browser.execute("ROLLBACK")


async def test_an_event_is_refused_for_now_while_another_program_holds_the_file(
    open_house: Callable[..., Any],
) -> None:
    house: House = await open_house()
    async with httpx.AsyncClient(base_url=house.origin) as client:
        assert (await client.post("/e/k", json=EVENT)).status_code == 200
        await house.engine.settle()
        with held_by_a_browser(Path(house.engine.options.path)):
            began = time.monotonic()
            refused = await client.post("/e/k", json=EVENT)
            # Nor is anybody else kept waiting: who reads is not disturbed at all, and the wait of
            # those who write (50 ms) is that of the first alone.
            assert (await client.get("/v1/runs")).status_code == 200
            for _ in range(50):
                with pytest.raises(StorageBusy):
                    await house.engine.send([EVENT])
            assert time.monotonic() - began < 2
        assert refused.status_code == 503
        assert "another program" in refused.json()["error"]
        assert (await client.post("/e/k", json=EVENT)).status_code == 200
    assert len(house.engine.reader.execute("SELECT 1 FROM events").fetchall()) == 2


def test_a_file_that_another_program_writes_to_cannot_be_brought_up_to_date(path: Path) -> None:
    with closing(sqlite3.connect(path)) as sql:
        sql.execute("PRAGMA user_version=2")
    with held_by_a_browser(path), pytest.raises(StorageBusy, match="another program"):
        Engine.open(EngineOptions(str(path)))
