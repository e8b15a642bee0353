"""Log lines of functions, kept by run. Python's own logging, and through it the SDK's."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from mainstem.testing.book import CURRENT, Book
from mainstem.testing.seen import LogSeen


class LogCapture(logging.Handler):
    """Writes to the book what is logged in a run's new code; replayed lines came before."""

    def __init__(self, book: Book, now: Callable[[], datetime], level: int) -> None:
        super().__init__(level)
        self._book = book
        self._now = now
        self._levels: list[tuple[logging.Logger, int]] = []

    def install(self) -> None:
        """Listen to every logger that hands its lines on to the root."""
        self._listen(logging.getLogger())

    def listen_to(self, own: Any) -> None:
        """Listen to a client's logger too, if it keeps its lines from the root."""
        if isinstance(own, logging.Logger) and not own.propagate:
            self._listen(own)

    def _listen(self, logger: logging.Logger) -> None:
        """A logger that would not let lines of our level through is opened until `remove`."""
        self._levels.append((logger, logger.level))
        if logger.level > self.level or logger.level == logging.NOTSET:
            logger.setLevel(self.level)
        logger.addHandler(self)

    def remove(self) -> None:
        """Leave logging as it was found; a second call does nothing."""
        while self._levels:
            logger, level = self._levels.pop()
            logger.removeHandler(self)
            logger.setLevel(level)

    def emit(self, record: logging.LogRecord) -> None:
        call = CURRENT.get()
        if call is None or not call.is_live:
            return
        line = LogSeen(
            self._now(),
            record.levelname,
            record.name,
            record.getMessage(),
            next(self._book.numbers),
        )
        self._book.lines[call.run].append(line)
