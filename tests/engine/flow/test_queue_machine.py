"""Concurrency, throttle, priority, singletons, cancellation and restarts, in any order.

The machine sends events, lets calls end well or badly, cancels, waits, changes limits and restarts
the engine. What must hold is checked at every call the engine makes and at every moment of rest.
"""

import os
import tempfile
from collections import Counter, defaultdict
from fractions import Fraction
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from .rules import keeps_pace, opens_at
from .scene import Call, Scene, function, planned, ran

Json = Any
EXAMPLES = int(os.environ.get("FLOW_EXAMPLES", "8"))
KEYS = st.integers(0, 1)

CONCURRENCY = st.lists(
    st.builds(
        lambda limit, key, scope: {"limit": limit, "key": key, "scope": scope if key else "fn"},
        st.integers(0, 3),
        st.sampled_from([None, "event.data.k", "event.data.g"]),
        st.sampled_from(["fn", "env", "account"]),
    ),
    max_size=2,
)
THROTTLE = st.none() | st.builds(
    lambda limit, period, burst, key: {
        "limit": limit,
        "period": f"{period}s",
        "burst": burst,
        "key": key,
    },
    st.integers(1, 3),
    st.sampled_from([1, 10]),
    st.integers(0, 2),
    st.sampled_from([None, "event.data.k"]),
)
FEATURES = st.fixed_dictionaries(
    {
        "concurrency": CONCURRENCY,
        "throttle": THROTTLE,
        "priority": st.none() | st.just({"run": "event.data.p"}),
        "singleton": st.none()
        | st.builds(
            lambda mode, key: {"mode": mode, "key": key},
            st.sampled_from(["skip", "cancel"]),
            st.sampled_from([None, "event.data.k", "event.data.single"]),
        ),
        "cancel": st.just([{"event": "stop", "if": "async.data.n == event.data.n"}]),
        "timeouts": st.sampled_from([{}, {"start": "7s"}, {"finish": "20s"}]),
    }
)


class QueueMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.sent = 0
        self.answered: Counter[tuple[str, int, int]] = Counter()
        self.admitted: defaultdict[Json, list[int]] = defaultdict(list)
        self.ended: set[str] = set()
        self.resyncs = 0
        self.counted: dict[Call, Json] = {}

    @initialize(first=FEATURES, second=FEATURES)
    def begin(self, first: Json, second: Json) -> None:
        self.features = {"a": first, "b": second}
        self.scene = Scene(Path(self.folder.name) / "e.db", self._functions())
        self.scene.on_call = self._check_call

    @rule(
        name=st.sampled_from(["a", "b"]),
        events=st.lists(
            st.tuples(KEYS, KEYS, st.sampled_from([-3, 0, 2, "x"]), st.sampled_from([0, 0, 4000])),
            min_size=1,
            max_size=4,
        ),
        single=st.sampled_from([False, "false", 1]),
    )
    def send(self, name: str, events: list[Json], single: Json) -> None:
        batch = []
        for k, g, p, later in events:
            self.sent += 1
            data = {"k": k, "g": g, "p": p, "n": self.sent, "single": single}
            batch.append(
                {
                    "name": name,
                    "data": data,
                    "ts": self.scene.clock.now() + later,
                    "id": str(self.sent),
                }
            )
        # The last comes twice, as a sender repeats what it did not hear the answer of.
        self.scene.send(*batch, batch[-1])

    @precondition(lambda self: self.scene.held)
    @rule(which=st.integers(0, 99), how=st.sampled_from(["done", "step", "steps", "error", "gone"]))
    def answer(self, which: int, how: str) -> None:
        call = self.scene.held[which % len(self.scene.held)]
        if call.step != "step":
            self.scene.answer(call, *ran(call.step))
        elif how == "step" and len(call.body["steps"]) < 3:
            self.scene.answer(call, *ran(f"s{len(call.body['steps'])}"))
        elif how == "steps" and not call.body["steps"]:
            self.scene.answer(call, *planned("left", "right"))
        elif how == "error":
            self.scene.answer(call, 500, {"name": "E", "message": "no"})
        elif how == "gone":
            self.scene.answer(call, 502, None)
        else:
            self.scene.answer(call, 200, "done")

    @rule(seconds=st.sampled_from([0.001, 1, 5, 10, 40]))
    def wait(self, seconds: float) -> None:
        self.scene.advance(seconds=seconds)

    @precondition(lambda self: self.sent)
    @rule(which=st.integers(0, 99))
    def cancel(self, which: int) -> None:
        self.scene.send({"name": "stop", "data": {"n": 1 + which % self.sent}})

    @rule(seconds=st.sampled_from([0, 0, 3, 15]))
    def restart(self, seconds: float) -> None:
        self.scene.restart(seconds=seconds)
        self.scene.settle()

    @rule(name=st.sampled_from(["a", "b"]), concurrency=CONCURRENCY, throttle=THROTTLE)
    def change_limits(self, name: str, concurrency: Json, throttle: Json) -> None:
        self.features[name] = {
            **self.features[name],
            "concurrency": concurrency,
            "throttle": throttle,
        }
        # A bucket is judged by one pace: what it admitted before counts no more.
        self.admitted.clear()
        self.resyncs += 1
        self.scene.sync(self._functions())

    @invariant()
    def check_rest(self) -> None:
        if not hasattr(self, "scene"):
            return
        self._check_singletons()
        self._check_nothing_is_starved()

    def teardown(self) -> None:
        try:
            if hasattr(self, "scene") and not self.scene.problem:
                self._finish()
                self._check_end()
        finally:
            if hasattr(self, "scene"):
                self.scene.close()
            self.folder.cleanup()

    # What the engine does, seen from the app

    def _check_call(self, call: Call) -> None:
        run = self.scene.engine.run(call.run_id)
        assert run.status == "RUNNING", f"a call of a run that is {run.status}"
        for group, limit in self._groups(call.function, call.data).items():
            used = [each for each in self.scene.held if group in self._counted(each)]
            assert len(used) < limit, f"group {group} of {limit} has {len(used)} already"
        self._counted(call)
        if call.is_start and call.attempt == 0 and run.started_at == self.scene.clock.now():
            self._check_start(call)

    def _check_start(self, call: Call) -> None:
        bucket, pace = self._bucket(call.function, call.data)
        started = [each for each in self.scene.calls[:-1] if each.run_id == call.run_id]
        if started:
            return  # made again after a restart at the same moment
        if pace:
            self.admitted[bucket].append(call.at)
            assert keeps_pace(self.admitted[bucket], *pace), (bucket, self.admitted[bucket])
        lane = (bucket, self._groups(call.function, call.data))
        own = self._place(call.run_id)
        for other in self._waiting(call.function):
            same = (
                self._bucket(call.function, _data(other))[0],
                self._groups(call.function, _data(other)),
            )
            assert same != lane or self._place(other.id) > own, "an older run of the lane waits"

    # What must hold whenever nothing is left to be done at this moment

    def _check_singletons(self) -> None:
        held: Counter[Json] = Counter()
        for run in self.scene.runs():
            feature = self.features[run.function_id.removeprefix("t-")]["singleton"]
            if feature is None or run.is_over:
                continue
            data = _data(run)
            if feature["key"] == "event.data.single" and data["single"] is False:
                continue
            key = None if feature["key"] is None else str(data[feature["key"].rsplit(".")[-1]])
            held[run.function_id, key] += 1
        assert all(count == 1 for count in held.values()), held

    def _check_nothing_is_starved(self) -> None:
        """A run that is due and has room in its groups and its bucket does not wait."""
        for name in self.features:
            for run in self._waiting(name):
                data = _data(run)
                groups = self._groups(name, data)
                is_full = any(
                    sum(group in self._counted(each) for each in self.scene.held) >= limit
                    for group, limit in groups.items()
                )
                bucket, pace = self._bucket(name, data)
                # After a change of limits the model does not know how full a bucket is.
                is_closed = pace is not None and (
                    self.resyncs > 0
                    or opens_at(self.admitted[bucket], *pace) - Fraction(1, 1000)
                    > self.scene.clock.now()
                )
                assert is_full or is_closed, f"run {data} waits for nothing"

    def _finish(self) -> None:
        """Answer everything, and let all the time pass that anything may need."""
        for _ in range(2000):
            while self.scene.held:
                self.scene.answer(self.scene.held[0], *_last(self.scene.held[0]))
            if self.scene.engine.next_due is None:
                return
            due = self.scene.engine.next_due
            self.scene.advance(milliseconds=max(0, due - self.scene.clock.now()))
        raise AssertionError("it never ends")

    def _check_end(self) -> None:
        runs = self.scene.runs()
        assert all(run.is_over for run in runs)
        started = [_data(run)["n"] for run in runs]
        assert sorted(started) == list(range(1, self.sent + 1)), "an event was lost or run twice"
        for table in ("jobs", "singletons", "pauses"):
            assert self.scene.count(table) == 0, table
        queue = self.scene.engine._loop.queue
        assert not queue._in_use
        assert not queue._lanes

    # The limits, read from the configuration

    def _functions(self) -> list[Json]:
        return [
            function(name, **{key: value for key, value in features.items() if value})
            for name, features in self.features.items()
        ]

    def _groups(self, name: str, data: Json) -> dict[Json, int]:
        groups: dict[Json, int] = {}
        for each in self.features[name]["concurrency"]:
            if each["limit"]:
                owner = name if each["scope"] == "fn" else None
                value = None if each["key"] is None else data[each["key"][-1]]
                group = (each["scope"], owner, each["key"], value)
                groups[group] = min(each["limit"], groups.get(group, each["limit"]))
        return groups

    def _counted(self, call: Call) -> Json:
        """The groups a call was sent in."""
        if call not in self.counted:
            self.counted[call] = self._groups(call.function, call.data)
        return self.counted[call]

    def _bucket(self, name: str, data: Json) -> tuple[Json, tuple[int, int, int] | None]:
        throttle = self.features[name]["throttle"]
        if throttle is None:
            return (name, None), None
        value = None if throttle["key"] is None else data["k"]
        period = int(throttle["period"][:-1]) * 1000
        return (name, value), (throttle["limit"], period, throttle["limit"] + throttle["burst"])

    def _waiting(self, name: str) -> list[Json]:
        now = self.scene.clock.now()
        return [
            run
            for run in self.scene.runs("QUEUED")
            if run.function_id == f"t-{name}" and run.events[0]["ts"] <= now
        ]

    def _place(self, run_id: str) -> tuple[int, str]:
        row = self.scene.engine.reader.execute(
            "SELECT position FROM runs WHERE id = ?", (run_id,)
        ).fetchone()
        return row["position"], run_id


def _data(run: Json) -> Json:
    return run.events[0]["data"]


def _last(call: Call) -> tuple[int, Json]:
    return ran(call.step) if call.step != "step" else (200, "done")


TestQueueMachine = QueueMachine.TestCase
TestQueueMachine.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
