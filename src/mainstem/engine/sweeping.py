"""What the file need not remember any more: keys of starts that expired, buckets that ran empty.

Both change nothing by staying, as they are compared with the time of now. They only take room, so
they are taken away in portions, beside other work.
"""

from typing import Final

from mainstem.engine.gcra import NANOSECONDS
from mainstem.engine.limits import HOUR
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
