"""Group commit: many transactions reach the disk with one wait.

A commit only writes to the file's log, which survives a process that is killed. What is told to
others (an event's 200, the next step that is asked for) waits until the log is on disk, so that it
survives a power cut too. While one wait is under way all further commits gather for the next.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from mainstem.engine.errors import REMOVED, StorageFailed

# macOS has no fdatasync; on Linux it spares the wait for times that nobody reads.
_SYNC: Final = getattr(os, "fdatasync", os.fsync)


class GroupCommit:
    """Knows which commits are on disk. Invariant: `_synced <= _committed`, and neither falls."""

    def __init__(self, path: str, is_there: Callable[[], bool]) -> None:
        """`path` is the database; its write-ahead log lies beside it.

        `is_there` says whether the path still leads to the database that is open.
        """
        self._path = path
        self._is_there = is_there
        self._log = f"{path}-wal"
        self._file: int | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._round: asyncio.Future[None] | None = None
        self._committed = 0
        self._synced = 0
        self._failure: StorageFailed | None = None

    def note_commit(self) -> None:
        """A transaction was committed."""
        self._committed += 1

    @property
    def committed(self) -> int:
        """How many transactions were committed."""
        return self._committed

    async def wait(self, until: int | None = None) -> None:
        """Return when all commits, or the first `until`, are on disk. Raises `StorageFailed`."""
        if self._failure is not None:
            raise self._failure
        target = self._committed if until is None else until
        while self._synced < target:
            if self._round is None:
                self._round = asyncio.ensure_future(self._sync())
            # One who gives up waiting must not end the wait of the others.
            await asyncio.shield(self._round)

    async def _sync(self) -> None:
        covered = self._committed
        try:
            await asyncio.get_running_loop().run_in_executor(self._worker(), self._flush)
            self._synced = covered
        except StorageFailed as error:
            self._failure = error
            raise
        except OSError as error:
            # The system may have dropped what it could not write, and would call the next attempt
            # a success: from here on nothing can be promised.
            self._failure = StorageFailed(self._path, error.strerror or str(error))
            raise self._failure from error
        finally:
            self._round = None

    def _flush(self) -> None:
        if self._file is None:
            self._file = self._open()
            # The log itself is a new name in its folder, which has to last as well.
            folder = os.open(Path(self._path).absolute().parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        _SYNC(self._file)
        # A file without a name takes everything and is gone with the process: nothing that was
        # written to it may be promised to anyone. Two looks cost far less than the wait above.
        if os.fstat(self._file).st_nlink == 0 or not self._is_there():
            raise self._removed()

    def _open(self) -> int:
        try:
            return os.open(self._log, os.O_RDONLY)
        except FileNotFoundError as error:
            raise self._removed() from error

    def _removed(self) -> StorageFailed:
        return StorageFailed(self._path, "it is not there any more", REMOVED)

    def _worker(self) -> ThreadPoolExecutor:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="mainstem-engine-disk")
        return self._thread

    def close(self) -> None:
        """Let go of the log; a wait under way ends first."""
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None
        if self._file is not None:
            os.close(self._file)
            self._file = None
