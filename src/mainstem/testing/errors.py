"""What goes wrong in a test that runs on the engine, told with what was seen of the run.

HarnessError            root of these
├── HarnessClosed       used after its end, or before its beginning
├── NoSuchRun           an event started no run, or more than the one asked for
├── StillRunning        a result was asked of a run that is not over
└── RunFailed           a result was asked of a run that failed or was cancelled
"""

# ruff: noqa: N818  the names read as what happened; the root's name says that it is an error

from mainstem.errors import MainstemError


class HarnessError(MainstemError):
    """Root of what a harness raises."""


class HarnessClosed(HarnessError):
    """The harness is not open."""


class NoSuchRun(HarnessError):
    """There is not the one run that was asked for."""


class StillRunning(HarnessError):
    """The run has not ended; the message says what it waits for and until when."""


class RunFailed(HarnessError):
    """The run did not complete. Its cause is what the function raised, where that is known."""
