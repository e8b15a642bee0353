"""One engine a file: taken by its name and by the file itself, until given back.

A lock on `<path>.lock` keeps out whoever comes by the same name, on every system. It says nothing
of another name of the same file, and goes when somebody removes it; so on Linux a byte of the file
itself is locked as well. The system drops both when their holder dies: nothing to clean up after a
crash.

The lock on the file belongs to an open file description (`F_OFD_SETLK`), at a byte far from those
that SQLite locks, so neither knows of the other. But SQLite's own locks belong to the process and
go when it closes *any* descriptor of the file. Hence the order here: the file is opened before
SQLite opens it and closed after, and one that this process holds already is never opened at all.
"""

import fcntl
import os
import stat
import struct
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Final

from mainstem.engine.errors import EngineBusy, EngineError

# SQLite locks 512 bytes from 0x40000000 on.
_BYTE: Final = 0x7FFF_FFFF_FFFF_0000
# `struct flock`: type, whence, start, length, process; the last is 0 for this kind of lock.
_FLOCK: Final = "@hhqqi0q"

# What engines of this process hold, by device and number.
_held: set[tuple[int, int]] = set()


class FileHold:
    """The right to one file, which exists afterwards, and the look whether it is still there."""

    def __init__(self, path: str) -> None:
        """Take it. Raises `EngineBusy`, or `EngineError` when it cannot be an engine's file."""
        self._path = path
        self._key: tuple[int, int] | None = None
        with ExitStack() as taken:
            _expect_one_file(path)
            taken.enter_context(_lock_beside(path))
            file = _open(path)
            taken.callback(os.close, file)
            self._key = _key(os.fstat(file))
            if not _lock(file):
                raise EngineBusy(path)
            _held.add(self._key)
            self._taken = taken.pop_all()

    def is_there(self) -> bool:
        """Whether the path still leads to the file that was taken; any thread may ask."""
        try:
            return _key(Path(self._path).stat()) == self._key
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Give it back, after SQLite has closed it; a second call does nothing."""
        if self._key is not None:
            _held.discard(self._key)
            self._key = None
            self._taken.close()


def _key(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino


def _expect_one_file(path: str) -> None:
    """Look without opening anything. Raises `EngineBusy` and `EngineError`."""
    try:
        found = Path(path).stat()
    except OSError:
        return  # none yet; one that cannot be reached is told of when it is opened
    if stat.S_ISDIR(found.st_mode):
        raise EngineError(f"Cannot open the engine's file {path!r}: it is a folder. Name a file.")
    if not stat.S_ISREG(found.st_mode):
        raise EngineError(f"Cannot open the engine's file {path!r}: it is no file. Name one.")
    if _key(found) in _held:
        raise EngineBusy(path)
    if found.st_nlink > 1:
        # SQLite's log has the name of the file: by another name a crash's last commits are lost.
        raise EngineError(
            f"Cannot open the engine's file {path!r}: it has {found.st_nlink} names (hard links),"
            " and what is written by one of them would be lost by another. Remove the others"
            f" (`find DISK -samefile {path}` lists them), or copy the file and name the copy."
        )


def _lock_beside(path: str) -> IO[str]:
    try:
        lock = Path(f"{path}.lock").open("a", encoding="utf-8")  # noqa: SIM115  held until release
    except OSError as error:
        raise _unreachable(path, error) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise EngineBusy(path) from None
    return lock


def _open(path: str) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise _unreachable(path, error) from error


def _unreachable(path: str, error: OSError) -> EngineError:
    return EngineError(
        f"Cannot open the engine's file {path!r}: {error.strerror}. It and a lock beside it are"
        " written; choose a path in a folder that is there and can be written."
    )


def _lock(file: int) -> bool:
    """Whether the file itself is ours now; elsewhere than on Linux it is not asked."""
    if sys.platform != "linux":
        return True
    wanted = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, _BYTE, 1, 0)
    try:
        fcntl.fcntl(file, fcntl.F_OFD_SETLK, wanted)
    except (BlockingIOError, PermissionError):  # EAGAIN or EACCES, as POSIX allows both
        return False
    except OSError:
        return True  # a file system without locks: the one beside it has to do
    return True
