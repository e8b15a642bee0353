"""The load: events of every kind, each sent until its 200 has come.

What is sent is drawn from the seed. An event whose answer did not come is sent again with the same
id and the same seed of ids, as an SDK does.
"""

import asyncio
import base64
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

Json = Any
# How often each kind is drawn.
KINDS: Mapping[str, int] = {
    "steps": 4,
    "sleeper": 3,
    "waiter": 3,
    "caller": 3,
    "fan": 2,
    "flaky": 2,
    "failing": 2,
    "limited": 4,
    "throttled": 3,
    "debounced": 4,
    "batched": 6,
    "single": 3,
    "newest": 3,
    "once": 2,
    "stopped": 2,
}
_ACCEPTED = 200


@dataclass(frozen=True)
class Sent:
    """An event that was accepted: when its 200 came, in order of acceptance."""

    kind: str
    key: str
    group: str
    order: int


@dataclass
class Load:
    """Sends what `script` draws, `rate` events in a second, until told to stop."""

    client: httpx.AsyncClient
    origin: str
    seed: int
    rate: float
    accepted: list[Sent] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    repeats: int = 0
    _is_stopping: bool = False

    async def run(self) -> None:
        """Send until `stop` and until every event that was begun is accepted."""
        dice = random.Random(self.seed)
        drawn = _draw(dice)
        async with asyncio.TaskGroup() as sending:
            while not self._is_stopping:
                # In bursts, as load comes.
                for _ in range(dice.choice((1, 1, 2, 5))):
                    kind, key, group = next(drawn)
                    sending.create_task(self._unit(kind, key, group))
                await asyncio.sleep(dice.expovariate(self.rate / 2.25))

    def stop(self) -> None:
        """Begin no more."""
        self._is_stopping = True

    async def play(self, events: list[Sent]) -> None:
        """Send what was accepted elsewhere, without a pause but in the same order."""
        for event in events:
            await self._unit(event.kind, event.key, event.group)

    async def _unit(self, kind: str, key: str, group: str) -> None:
        await self._send(kind, key, group)
        if kind == "stopped":
            await self._send("stop", key, group)

    async def _send(self, kind: str, key: str, group: str) -> None:
        data = {"key": key, "group": group}
        body = {"name": f"soak/{kind}", "id": f"{kind}-{key}", "data": data}
        headers = {"x-inngest-event-id-seed": _id_seed(f"{kind}-{key}")}
        while True:
            try:
                answer = await self.client.post(f"{self.origin}/e/k", json=body, headers=headers)
            except httpx.HTTPError:
                answer = None
            if answer is not None and answer.status_code == _ACCEPTED:
                break
            if answer is not None:
                # No answer is what a kill does; another answer is nobody's right.
                self.refused.append(f"event {kind}-{key} was refused: {answer.status_code}")
                return
            self.repeats += 1
            await asyncio.sleep(0.05)
        self.accepted.append(Sent(kind, key, group, len(self.accepted)))


def _draw(dice: random.Random) -> Iterator[tuple[str, str, str]]:
    kinds, weights = list(KINDS), list(KINDS.values())
    number = 0
    while True:
        number += 1
        (kind,) = dice.choices(kinds, weights)
        # Some events share a group: that is what concurrency, debounce and singletons go by.
        yield kind, f"{number:06}", f"{kind}-{number // 60}-{dice.randrange(3)}"


def _id_seed(text: str) -> str:
    # Ten bytes that are the event's own, and the moment of the first try.
    entropy = base64.b64encode(random.Random(text).randbytes(10)).decode()
    return f"{round(time.time() * 1000)},{entropy}"
