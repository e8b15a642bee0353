"""What debounces, batches and rate limits make of events: a model in lists, without the engine."""

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from .rules import opens_at

Json = Any
DAY = 24 * 3600 * 1000
HALF_HOUR = 30 * 60 * 1000


@dataclass(frozen=True)
class Started:
    """A run: when it was created and the numbers of its events."""

    at: int
    events: tuple[int, ...]


@dataclass
class Debounce:
    first: int
    due: int
    event: Json


@dataclass
class Batch:
    due: int
    events: list[Json]


@dataclass
class Model:
    """One function; `config` is what it registers. Moments in milliseconds."""

    config: Json
    started: list[Started] = field(default_factory=list)
    ids: dict[str, int] = field(default_factory=dict)
    batch_ids: dict[str, int] = field(default_factory=dict)
    debounces: dict[Json, Debounce] = field(default_factory=dict)
    batches: dict[Json, Batch] = field(default_factory=dict)
    admitted: defaultdict[Json, list[int]] = field(default_factory=lambda: defaultdict(list))

    def next_due(self) -> int | None:
        return min((each.due for each in self._open().values()), default=None)

    def fire(self, now: int) -> None:
        """End what is over by now, in order of its moments."""
        for kind_and_key, each in sorted(self._open().items(), key=lambda item: item[1].due):
            if each.due <= now:
                self._end(*kind_and_key, now)

    def receive(self, event: Json, now: int) -> None:
        batch, key = self.config.get("batchEvents"), str(event["data"]["k"])
        if batch and (batch.get("if") is None or event["data"]["b"]):
            self._batch(batch, key, event, now)
            return
        if self.ids.get(event["id"], 0) > now:
            return
        if not self._admit(event, now):
            return
        if debounce := self.config.get("debounce"):
            self._debounce(debounce, key, event, now)
        else:
            self._start([event], now)

    def _open(self) -> dict[tuple[str, Json], Any]:
        return {
            **{("debounce", key): each for key, each in self.debounces.items()},
            **{("batch", key): each for key, each in self.batches.items()},
        }

    def _end(self, kind: str, key: Json, now: int) -> None:
        if kind == "batch":
            events = self.batches.pop(key).events
            self.started.append(Started(now, tuple(each["data"]["n"] for each in events)))
        else:
            self._start([self.debounces.pop(key).event], now)

    def _start(self, events: list[Json], now: int) -> None:
        (event,) = events
        if self.ids.get(event["id"], 0) > now:
            return
        self.ids[event["id"]] = now + DAY
        self.started.append(Started(now, (event["data"]["n"],)))

    def _admit(self, event: Json, now: int) -> bool:
        rate = self.config.get("rateLimit")
        if self.config.get("idempotency"):
            rate = {"limit": 1, "period": "24h", "key": self.config["idempotency"]}
        if rate is None:
            return True
        value = None if rate.get("key") is None else event["data"]["k"]
        if value is False:
            return True
        period = {"10s": 10_000, "1m": 60_000, "24h": DAY}[rate["period"]]
        admitted = self.admitted[str(value)]
        opens = opens_at(admitted, rate["limit"], period, rate["limit"] // 10 + 1)
        if opens - Fraction(1, 1000) > now:
            return False
        admitted.append(now)
        return True

    def _debounce(self, debounce: Json, key: Json, event: Json, now: int) -> None:
        place = key if debounce.get("key") else None
        held = self.debounces.get(place)
        if held and held.due <= now:
            self._end("debounce", place, now)
            held = None
        if held and (event["ts"] < held.event["ts"] or event["id"] == held.event["id"]):
            return
        first = held.first if held else now
        due = now + 5000
        if debounce.get("timeout"):
            due = min(due, first + 12_000)
        # Of those that end at one moment, the one that was set first ends first.
        self.debounces.pop(place, None)
        self.debounces[place] = Debounce(first, due, event)

    def _batch(self, batch: Json, key: Json, event: Json, now: int) -> None:
        if self.batch_ids.get(event["id"], 0) > now:
            return
        self.batch_ids[event["id"]] = now + HALF_HOUR
        place = key if batch.get("key") else None
        held = self.batches.get(place)
        if held and held.due <= now:
            self._end("batch", place, now)
            held = None
        if held is None:
            held = self.batches[place] = Batch(now + 8000, [])
        held.events.append(event)
        if len(held.events) >= batch["maxSize"]:
            self._end("batch", place, now)
