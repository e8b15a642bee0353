"""Debounces, batches, rate limits and repeated ids against a model, with restarts in between.

Every run the engine creates must be one of the model's, at the same moment and with the same
events: what was sent, each once, in order.
"""

import os
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from .gathering_model import Model, Started
from .scene import Scene, function

Json = Any
EXAMPLES = int(os.environ.get("FLOW_EXAMPLES", "12"))
KEY = st.sampled_from([None, "event.data.k"])

DEBOUNCE = st.builds(
    lambda key, timeout: {"period": "5s", "key": key, "timeout": timeout},
    KEY,
    st.sampled_from([None, "12s"]),
)
RATE = st.builds(
    lambda limit, period, key: {"limit": limit, "period": period, "key": key},
    st.sampled_from([1, 3, 10, 29]),
    st.sampled_from(["10s", "1m", "24h"]),
    KEY,
)
BATCH = st.builds(
    lambda size, key, condition: {"maxSize": size, "timeout": "8s", "key": key, "if": condition},
    st.integers(2, 4),
    KEY,
    st.sampled_from([None, "event.data.b"]),
)
FEATURES = st.one_of(
    st.fixed_dictionaries({"debounce": DEBOUNCE}, optional={"rateLimit": RATE}),
    st.fixed_dictionaries({"rateLimit": RATE}, optional={"idempotency": st.just("event.data.k")}),
    st.fixed_dictionaries({"batchEvents": BATCH}, optional={"rateLimit": RATE}),
)
EVENTS = st.lists(
    st.tuples(
        st.sampled_from([0, 1, False]),  # key
        st.booleans(),  # whether the batch takes it
        st.sampled_from([0, 0, -1000]),  # its own time against now
        st.sampled_from([None, None, None, "x", "y"]),  # its id
    ),
    min_size=1,
    max_size=4,
)


class GatheringMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.sent = 0

    @initialize(features=FEATURES)
    def begin(self, features: Json) -> None:
        config = {key: value for key, value in features.items() if value is not None}
        self.model = Model(config)
        path = Path(self.folder.name) / "e.db"
        self.scene = Scene(path, [function("a", **config)], reply=lambda _: (200, None))

    @rule(events=EVENTS)
    def send(self, events: Json) -> None:
        self.scene.send(*self._made(events))

    @rule(seconds=st.sampled_from([0.001, 1, 3, 5, 8, 61]))
    def wait(self, seconds: float) -> None:
        end = self.scene.clock.now() + round(seconds * 1000)
        self.scene.advance(seconds=seconds)
        while (due := self.model.next_due()) is not None and due <= end:
            self.model.fire(due)

    @rule(hours=st.sampled_from([0.6, 25]))
    def wait_long(self, hours: float) -> None:
        self.wait(hours * 3600)

    @rule(seconds=st.sampled_from([0, 2, 9]), events=EVENTS)
    def restart(self, seconds: float, events: Json) -> None:
        """What became due while the engine was away is over, also for one who comes at once."""
        self.scene.restart(*self._made(events, later=round(seconds * 1000)), seconds=seconds)
        self.model.fire(self.scene.clock.now())

    @invariant()
    def check_runs(self) -> None:
        if hasattr(self, "scene"):
            found = [
                Started(run.created_at, tuple(event["data"]["n"] for event in run.events))
                for run in self.scene.runs()
            ]
            assert sorted(found, key=_order) == sorted(self.model.started, key=_order)

    def teardown(self) -> None:
        try:
            if hasattr(self, "scene"):
                self.wait(60)
                self.check_runs()
                for table in ("jobs", "debounces", "batches", "batched_events"):
                    assert self.scene.count(table) == 0, table
        finally:
            if hasattr(self, "scene"):
                self.scene.close()
            self.folder.cleanup()

    def _made(self, events: Json, later: int = 0) -> list[Json]:
        made = []
        now = self.scene.clock.now() + later
        for k, b, ts, event_id in events:
            self.sent += 1
            data = {"k": k, "b": b, "n": self.sent}
            event = {"name": "a", "data": data, "ts": now + ts, "id": event_id or str(self.sent)}
            made.append(event)
            self.model.receive(event, now)
        return made


def _order(run: Started) -> Json:
    return run.at, run.events


TestGatheringMachine = GatheringMachine.TestCase
TestGatheringMachine.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
