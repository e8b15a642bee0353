"""The moment that a `RetryAfterError` asks for, brought from the machine's clock to the test's.

The SDK adds a span to the machine's time when the error is made, and keeps only the sum.
"""

import math
from datetime import datetime, timedelta
from typing import Final

# A server waits no longer than this for what `retry-after` asks.
_REACH: Final = timedelta(days=1)


def on_the_clock(asked: datetime, machine: datetime, now: datetime) -> datetime:
    """The moment `asked` for, when the machine shows `machine` and the test's clock `now`.

    A moment without a time zone was counted from the machine's time (the SDK's own for spans). An
    aware one was too if it lies near the machine's time and not near the test's; else it is meant
    as it stands. Spans come out in whole seconds, as some of them went by since they were counted.
    """
    if asked.tzinfo is not None:
        is_near_test = abs(asked - now) <= _REACH
        if is_near_test or abs(asked - machine) > _REACH:
            return asked
    seconds = math.ceil((asked.astimezone() - machine) / timedelta(seconds=1))
    return now + timedelta(seconds=seconds)
