"""For the tests of those who write functions: run a handler as the server would, in memory.

`run_handler` runs one definition to its end, from the top after every step, with values passing
through JSON; `replay_from_every_step` proves that it may be interrupted anywhere. No server, no
network, no client of the caller's. Whole systems are tested on the embedded engine instead.

    result = await run_handler(classify_pull, PullCaptured(pull_id=7), services)
    assert result.output.label == "docs"
    assert result.step_ids == ["load-pull", "choose-label", "save-label"]
"""

from mainstem.testing.proof import Proof, ReplayDiffers, replay_from_every_step
from mainstem.testing.runner import NeverEnds, Unanswered, run_handler
from mainstem.testing.values import RunResult, Sent, Slept, StepTaken

__all__ = [
    "NeverEnds",
    "Proof",
    "ReplayDiffers",
    "RunResult",
    "Sent",
    "Slept",
    "StepTaken",
    "Unanswered",
    "replay_from_every_step",
    "run_handler",
]
