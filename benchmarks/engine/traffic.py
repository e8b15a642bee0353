"""The client: sends events to a server, and times what comes of them."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from ledger import Ledger
from measured_process import MeasuredProcess
from served_app import STEPS

BATCH = 100
_PATIENCE_SECONDS = 120.0
_LOOK_SECONDS = 0.001
_HEADERS = {"content-type": "application/json"}


@dataclass(frozen=True, slots=True)
class Burst:
    """Many runs at once: how long until the last had returned, and the CPU time it took."""

    runs: int
    steps: int
    seconds: float
    server_cpu: float | None
    app_cpu: float | None

    @property
    def runs_per_second(self) -> float:
        """Runs that came to their end in a second."""
        return self.runs / self.seconds

    @property
    def steps_per_second(self) -> float:
        """Steps that were run in a second."""
        return self.runs * self.steps / self.seconds


@dataclass
class Traffic:
    """Events to the server at `origin`, whose app tells `ledger`. Numbers events through."""

    http: aiohttp.ClientSession
    origin: str
    ledger: Ledger
    server: MeasuredProcess | None
    app: MeasuredProcess
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    async def intake(self, name: str, requests: int, *, batch: int, connections: int) -> float:
        """Events accepted per second, `batch` in a request, over that many connections at once."""
        bodies = [
            json.dumps(events if batch > 1 else events[0])
            for events in ([self._event(name) for _ in range(batch)] for _ in range(requests))
        ]
        began = time.perf_counter()
        await self._post_all(bodies, connections)
        return requests * batch / (time.perf_counter() - began)

    async def latency(self, name: str) -> float:
        """Seconds from sending an event to the server telling that its run is completed."""
        event = self._event(name)
        body = json.dumps(event)
        began = time.perf_counter()
        ids = await self._post(body)
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await self.ledger.told("done", event["data"]["n"])
            await self._completed(ids[0])
        return time.perf_counter() - began

    async def burst(self, name: str, runs: int) -> Burst:
        """Send events in batches, and wait until the run of each has returned."""
        events = [self._event(name) for _ in range(runs)]
        bodies = [json.dumps(events[at : at + BATCH]) for at in range(0, runs, BATCH)]
        before = self._cpu()
        began = time.perf_counter()
        last_ids = (await self._post_all(bodies, 1))[-1]
        async with asyncio.timeout(_PATIENCE_SECONDS):
            ends = [await self.ledger.told("done", event["data"]["n"]) for event in events]
            await self._completed(last_ids[-1])
        after = self._cpu()
        server, app = (
            None if then is None or now is None else now - then
            for then, now in zip(before, after, strict=True)
        )
        return Burst(runs, STEPS[name], max(ends) - began, server, app)

    async def put_to_sleep(self, runs: int) -> range:
        """Start runs that sleep; the numbers of their events, once the app has met each."""
        events = [self._event("sleeper") for _ in range(runs)]
        await self._post(json.dumps(events))
        numbers = range(events[0]["data"]["n"], events[-1]["data"]["n"] + 1)
        async with asyncio.timeout(_PATIENCE_SECONDS):
            for number in numbers:
                await self.ledger.told("asleep", number)
        return numbers

    def _event(self, name: str) -> dict[str, Any]:
        data = {"n": next(self._numbers), "customer": "c-1024", "text": "an ordinary event " * 4}
        return {"name": f"bench/{name}", "data": data}

    def _cpu(self) -> tuple[float | None, float]:
        server = None if self.server is None else self.server.cpu_seconds()
        return server, self.app.cpu_seconds()

    async def _post_all(self, bodies: Sequence[str], connections: int) -> list[list[str]]:
        waiting = iter(enumerate(bodies))
        answers: dict[int, list[str]] = {}

        async def send() -> None:
            for at, body in waiting:
                answers[at] = await self._post(body)

        await asyncio.gather(*(send() for _ in range(connections)))
        return [answers[at] for at in range(len(bodies))]

    async def _post(self, body: str) -> list[str]:
        url = f"{self.origin}/e/bench"
        async with self.http.post(url, data=body.encode(), headers=_HEADERS) as answer:
            text = await answer.text()
            if answer.status != 200:
                raise RuntimeError(f"{url} answered {answer.status}: {text[:200]}")
        ids: list[str] = json.loads(text)["ids"]
        return ids

    async def _completed(self, event_id: str) -> None:
        """Return when the server tells that the event's run is completed, which it soon is."""
        while True:
            async with self.http.get(f"{self.origin}/v1/events/{event_id}/runs") as answer:
                found: Mapping[str, Any] = await answer.json()
            runs = found.get("data") or ()
            if runs and all(run["status"].upper() == "COMPLETED" for run in runs):
                return
            await asyncio.sleep(_LOOK_SECONDS)
