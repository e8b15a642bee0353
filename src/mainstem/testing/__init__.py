"""For the tests of those who write functions: on the real engine, or one handler in memory.

`Harness` opens the engine in this process, with a clock that the test moves, for any app made with
the `inngest` package; `SyncHarness` is the same without `await`. `run_handler` runs one definition
of ours to its end, with no engine at all; `replay_from_every_step` proves that it may be
interrupted anywhere. No server, no network, no port.

    async with Harness.open(client, functions) as harness:
        run = await harness.send_one(inngest.Event(name="user/signup", data={"id": 1}))
        await harness.advance(days=3)
        assert await run.result() == {"welcomed": True}

What is named here is loaded when it is asked for, so that pytest, which loads this room's plugin
in every project that has Mainstem installed, pays nothing for it.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mainstem.testing.blocking import SyncHarness, SyncRun
    from mainstem.testing.comparison import Comparison, Difference
    from mainstem.testing.errors import (
        HarnessClosed,
        HarnessError,
        NoSuchRun,
        RunFailed,
        StillRunning,
    )
    from mainstem.testing.harness import Harness
    from mainstem.testing.plan import StandIn
    from mainstem.testing.proof import Proof, ReplayDiffers, replay_from_every_step
    from mainstem.testing.records import Record, RecordedStep
    from mainstem.testing.run import EngineRun
    from mainstem.testing.runner import NeverEnds, Unanswered, run_handler
    from mainstem.testing.seen import LogSeen, Pending, SeenStep, SentEvent, Try
    from mainstem.testing.values import RunResult, Sent, Slept, StepTaken

_HOMES = {
    "blocking": ("SyncHarness", "SyncRun"),
    "comparison": ("Comparison", "Difference"),
    "errors": ("HarnessClosed", "HarnessError", "NoSuchRun", "RunFailed", "StillRunning"),
    "harness": ("Harness",),
    "plan": ("StandIn",),
    "proof": ("Proof", "ReplayDiffers", "replay_from_every_step"),
    "records": ("Record", "RecordedStep"),
    "run": ("EngineRun",),
    "runner": ("NeverEnds", "Unanswered", "run_handler"),
    "seen": ("LogSeen", "Pending", "SeenStep", "SentEvent", "Try"),
    "values": ("RunResult", "Sent", "Slept", "StepTaken"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Comparison",
    "Difference",
    "EngineRun",
    "Harness",
    "HarnessClosed",
    "HarnessError",
    "LogSeen",
    "NeverEnds",
    "NoSuchRun",
    "Pending",
    "Proof",
    "Record",
    "RecordedStep",
    "ReplayDiffers",
    "RunFailed",
    "RunResult",
    "SeenStep",
    "Sent",
    "SentEvent",
    "Slept",
    "StandIn",
    "StepTaken",
    "StillRunning",
    "SyncHarness",
    "SyncRun",
    "Try",
    "Unanswered",
    "replay_from_every_step",
    "run_handler",
]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = found
    return found
