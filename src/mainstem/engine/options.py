"""How an engine is set up, and the figures it gives of itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mainstem.engine.errors import EngineError
from mainstem.engine.lifecycle import RunStatus
from mainstem.engine.limits import MAX_PARALLEL_CALLS
from mainstem.engine.pruning import Retention
from mainstem.engine.storage import MEMORY


@dataclass(frozen=True, slots=True)
class ConnectTimes:
    """Spans of Connect in seconds; the first two are whole, for workers are told them.

    A worker beats every `heartbeat` and is gone when it missed `missed` of them. A request waits
    for a worker for `wait`; a worker says within `take` that it took one, has `lease` to answer
    and prolongs that every `extend`. One whose connection broke may come back within `lost`.
    """

    heartbeat: int = 10
    extend: int = 30
    missed: int = 4
    wait: float = 10.0
    take: float = 10.0
    lease: float = 120.0
    lost: float = 10.0


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """How an engine is set up.

    `path` is the file, `":memory:"` keeps nothing. `retry_interval` (seconds) makes every pause
    between attempts that long. `event_keys`, when there are any, are the only ones taken;
    `signing_key` makes the engine a cloud-mode server that signs its calls, and
    `signing_key_fallback` is the key that apps may still come with while a rotation is under way.
    `env` names the branch environment that a cloud-mode engine is: apps of another are refused.
    `api_token` is what people and tools must show; without one the API is for this machine alone,
    and answers to the names in `allowed_hosts` besides those of loopback.
    `transports` maps an origin to an ASGI app that is called in this process instead of over the
    network. `connect` holds the spans of Connect. `seed` makes ids and the spread of retries the
    same in every run of a simulation; without one they are drawn. `retention` is what is kept of
    runs that have ended; without one, everything.
    """

    path: str = MEMORY
    host: str = "127.0.0.1"
    port: int = 8288
    retry_interval: float | None = None
    event_keys: frozenset[str] = field(default=frozenset(), repr=False)
    signing_key: str | None = field(default=None, repr=False)
    signing_key_fallback: str | None = field(default=None, repr=False)
    env: str | None = None
    api_token: str | None = field(default=None, repr=False)
    allowed_hosts: frozenset[str] = frozenset()
    transports: Mapping[str, Any] = field(default_factory=dict)
    max_parallel_calls: int = MAX_PARALLEL_CALLS
    connect: ConnectTimes = ConnectTimes()
    seed: int | None = None
    retention: Retention | None = None

    def __post_init__(self) -> None:
        if self.signing_key_fallback and not self.signing_key:
            raise EngineError(
                "Cannot set up the engine: it has a fallback signing key but no signing key. Give"
                " it the key it signs with as `signing_key`, or leave the fallback away."
            )

    @property
    def signing_keys(self) -> tuple[str, ...]:
        """The keys apps may come with: the one that signs first, then the fallback."""
        return tuple(key for key in (self.signing_key, self.signing_key_fallback) if key)

    @property
    def server_kind(self) -> str:
        """`cloud` when there is a signing key, else `dev`."""
        return "cloud" if self.signing_key else "dev"


@dataclass(frozen=True, slots=True)
class EngineStats:
    """How much there is and was: runs by status; steps done and calls answered since the start."""

    runs: Mapping[RunStatus, int]
    steps_completed: int
    calls: int
    queued: int
    in_flight: int
