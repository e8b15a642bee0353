"""Cron schedules: five fields, a time zone in front, minutes as the finest grain.

When clocks are changed, what runs at a time of day runs once on that day: right after a gap that
swallowed its time, and in the first pass of an hour that comes twice. What runs every hour or every
few minutes goes on evenly. Inngest SDK protocol, "Cron".
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from mainstem.engine.errors import BadDuration
from mainstem.engine.limits import SECOND

_PREFIX: Final = re.compile(r"(?:CRON_)?TZ=(\S+)\s+(.*)", re.DOTALL)
_FIELDS: Final = 5


@dataclass(frozen=True, slots=True)
class CronSchedule:
    """A schedule as it was written, and the widest random delay of a tick in milliseconds.

    Raises `BadDuration` when the text is no schedule.
    """

    text: str
    jitter_ms: int = 0

    def __post_init__(self) -> None:
        _split(self.text)

    def next_after(self, moment: int) -> int | None:
        """The first due moment after the given one, both in milliseconds; None if there is none."""
        zone, fields = _split(self.text)
        local = datetime.fromtimestamp(moment // 1000, tz=zone)
        for due in CronSim(fields, local):
            found = round(due.astimezone(UTC).timestamp()) * 1000
            # In the hour that clocks go through twice, a time of day that was reached in the first
            # pass is named again in the second: it has been already.
            if found > moment:
                return found
        return None

    def delay_of(self, due: int, owner: str = "") -> int:
        """The tick's own delay: always the same for the same tick, at least a second.

        `owner` is whose tick it is: functions of one schedule are to have different delays.
        """
        if not self.jitter_ms:
            return 0
        digest = hashlib.sha256(f"{owner}{self.text}@{due}".encode()).digest()
        return SECOND + int.from_bytes(digest[:8], "big") % max(1, self.jitter_ms - SECOND)


@lru_cache(maxsize=512)
def _split(text: str) -> tuple[ZoneInfo, str]:
    prefixed = _PREFIX.fullmatch(text.strip())
    zone_name, fields = (prefixed[1], prefixed[2]) if prefixed else ("UTC", text.strip())
    if len(fields.split()) != _FIELDS:
        raise BadDuration(f"{text!r} is not a cron schedule of five fields")
    try:
        zone = ZoneInfo(zone_name)
        CronSim(fields, datetime(2030, 1, 1, tzinfo=zone))
    except (CronSimError, ZoneInfoNotFoundError, ValueError) as error:
        raise BadDuration(f"{text!r} is not a cron schedule: {error}") from error
    return zone, fields
