"""What the file need not remember any more: keys of starts that expired, buckets that ran empty.

Both change nothing by staying, as they are compared with the time of now. They only take room, so
they are taken away in portions, beside other work. An engine with a retention forgets old runs in
the same way (see `pruning`).
"""

from typing import Final

from mainstem.engine.gcra import NANOSECONDS
from mainstem.engine.limits import HOUR
from mainstem.engine.pruning import Pass, Retention
from mainstem.engine.work import Work

EVERY: Final = HOUR
PORTION: Final = 1000

EXPIRED_KEYS: Final = """
    DELETE FROM start_keys WHERE (function_id, key) IN
    (SELECT function_id, key FROM start_keys WHERE expires <= ? ORDER BY expires LIMIT ?)
"""
EMPTY_BUCKETS: Final = "DELETE FROM buckets WHERE tat <= ?"


def sweep(work: Work) -> bool:
    """Forget a portion of what has expired; whether nothing was left over."""
    work.sql.execute(EMPTY_BUCKETS, (work.now * NANOSECONDS,))
    return work.sql.execute(EXPIRED_KEYS, (work.now, PORTION)).rowcount < PORTION


class Sweeper:
    """Sweeps again and again; remembers how far a pass over the old runs has come."""

    def __init__(self, retention: Retention | None) -> None:
        self._retention = retention
        self._pass: Pass | None = None

    def sweep(self, work: Work) -> bool:
        """A portion of all there is to forget; whether nothing was left over."""
        is_done = sweep(work)
        if self._retention is None:
            return is_done
        if self._pass is None:
            self._pass = Pass(work.sql, self._retention, work.now)
        is_done = not self._pass.step() and is_done
        if is_done:
            self._pass = None
        return is_done
