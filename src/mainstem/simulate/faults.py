"""Trouble on purpose: what the next matching request gets instead of, or before, its answer."""

import random
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["BAD_GATEWAY", "KINDS", "SECONDARY_MESSAGE", "Chaos", "Fault", "Faults"]

SECONDARY_MESSAGE = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
)
#: What a request that takes over ten seconds gets: a page for people.
BAD_GATEWAY = "<html><head><title>502 Bad Gateway</title></head><body>Unicorn!</body></html>"
_LIMITS_PAGE = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api"


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of trouble. `path` is a part of the path and query that the request must contain.

    With `status` the request gets that answer (`body`: JSON value, or text sent as `media_type`).
    Without, it is served after `delay_seconds`, or its connection is closed (`hang_up`), or, for
    GraphQL, its answer gets `errors` and `null` at each of `nulls` (paths into `data`).

    `cut` sends that share of the body and closes the connection, or with `cut_cleanly` passes it
    off as the whole. `link` lies about the next page: `missing` drops it, `loop` leads to the same
    page again, `last` names a last page that is wrong. `random_nulls` puts null and an error in the
    place of that many nodes, drawn by `seed`; `too_heavy` in the place of every one.
    """

    path: str = ""
    method: str | None = None
    times: int = 1
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    media_type: str = "application/json; charset=utf-8"
    delay_seconds: float = 0.0
    hang_up: bool = False
    errors: tuple[Mapping[str, Any], ...] = ()
    nulls: tuple[tuple[str | int, ...], ...] = ()
    cut: float | None = None
    cut_cleanly: bool = False
    link: Literal["missing", "loop", "last"] | None = None
    random_nulls: int = 0
    seed: int = 0
    too_heavy: bool = False


#: What a random plan draws from. Lies about `Link` meet REST alone, nulls GraphQL alone.
KINDS = (
    "bad gateway",
    "server error",
    "hang up",
    "cut",
    "cut cleanly",
    "secondary",
    "slow",
    "link missing",
    "link loop",
    "link last",
    "nulls",
    "too heavy",
)
_ONLY_REST = ("link missing", "link loop", "link last")
_ONLY_GRAPHQL = ("nulls", "too heavy")


@dataclass(slots=True)
class Chaos:
    """A random plan: which requests meet trouble, and which."""

    seed: int
    rate: float
    most_in_a_row: int
    kinds: tuple[str, ...]
    retry_after: int = 1
    _rng: random.Random = field(init=False)
    _row: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._rng = random.Random(self.seed)  # noqa: S311  a plan for tests, no secret

    def draw(self, method: str, target: str) -> tuple[str, Fault] | None:
        """The kind and the fault that this request meets, or None."""
        graph = target.endswith("/graphql")
        unfit = _ONLY_REST if graph else _ONLY_GRAPHQL
        kinds = [kind for kind in self.kinds if kind not in unfit]
        key = f"{method} {target}"
        if not kinds or self._rng.random() >= self.rate or self._row[key] >= self.most_in_a_row:
            del self._row[key]
            return None
        self._row[key] += 1
        kind = self._rng.choice(kinds)
        return kind, self._fault(kind)

    def _fault(self, kind: str) -> Fault:
        share = self._rng.random()
        faults = {
            "bad gateway": Fault(status=502, body=BAD_GATEWAY, media_type="text/html"),
            "server error": Fault(status=500, body={"message": "Server Error"}),
            "hang up": Fault(hang_up=True),
            "cut": Fault(cut=share),
            "cut cleanly": Fault(cut=share, cut_cleanly=True),
            "secondary": Fault(
                status=403,
                headers={"retry-after": str(self.retry_after)},
                body={"message": SECONDARY_MESSAGE, "documentation_url": _LIMITS_PAGE},
            ),
            "slow": Fault(delay_seconds=0.01),
            "link missing": Fault(link="missing"),
            "link loop": Fault(link="loop"),
            "link last": Fault(link="last"),
            "nulls": Fault(random_nulls=1 + int(share * 3), seed=int(share * 1e9)),
            "too heavy": Fault(too_heavy=True),
        }
        return faults[kind]


@dataclass(slots=True)
class Faults:
    """The trouble still to come, in order. Each fault ends after `times` matching requests."""

    waiting: list[tuple[Fault, int]] = field(default_factory=list)
    plan: "Chaos | None" = None
    #: Faults that requests have met, by their kind in the plan, or `waiting`.
    met: Counter[str] = field(default_factory=Counter)

    def add(self, fault: Fault) -> None:
        self.waiting.append((fault, fault.times))

    def clear(self) -> None:
        self.waiting.clear()
        self.plan = None
        self.met.clear()

    def take(self, method: str, target: str) -> Fault | None:
        """The first fault that fits this request, one time less from now on."""
        for place, (fault, left) in enumerate(self.waiting):
            if fault.path in target and fault.method in (None, method):
                if left > 1:
                    self.waiting[place] = (fault, left - 1)
                else:
                    del self.waiting[place]
                self.met["waiting"] += 1
                return fault
        if self.plan is None:
            return None
        drawn = self.plan.draw(method, target)
        if drawn is None:
            return None
        self.met[drawn[0]] += 1
        return drawn[1]

    def chaos(
        self,
        seed: int,
        rate: float,
        *,
        most_in_a_row: int = 2,
        kinds: Collection[str] = KINDS,
        retry_after: int = 1,
    ) -> None:
        """Trouble for that share of all requests from now on, the same for the same seed.

        No request meets more than `most_in_a_row` faults one after the other, so that whoever
        tries again gets through. `kinds` are some of `KINDS`. Ends with `clear`.
        """
        self.plan = Chaos(seed, rate, most_in_a_row, tuple(kinds), retry_after)

    def answer(self, status: int, *, path: str = "", times: int = 1, body: Any = None) -> None:
        """A bare status with a body as GitHub words it, or `body`."""
        message = {404: "Not Found", 410: "Gone"}.get(status, "Server Error")
        self.add(Fault(path, times=times, status=status, body=body or {"message": message}))

    def bad_gateway(self, *, path: str = "", times: int = 1) -> None:
        """502 with a page for people, as a request that takes over ten seconds gets."""
        self.add(Fault(path, times=times, status=502, body=BAD_GATEWAY, media_type="text/html"))

    def secondary_limit(
        self, *, path: str = "", times: int = 1, retry_after: int | None = None, status: int = 403
    ) -> None:
        """The limit that looks like a refusal: `remaining` stays above zero."""
        headers = {} if retry_after is None else {"retry-after": str(retry_after)}
        body = {"message": SECONDARY_MESSAGE, "documentation_url": _LIMITS_PAGE}
        self.add(Fault(path, times=times, status=status, headers=headers, body=body))

    def hang_up(self, *, path: str = "", times: int = 1) -> None:
        """The connection closes without an answer."""
        self.add(Fault(path, times=times, hang_up=True))

    def graphql_error(self, kind: str, message: str, *, times: int = 1) -> None:
        """HTTP 200 with one error of that `type` and no data."""
        body = {"data": None, "errors": [{"type": kind, "message": message}]}
        self.add(Fault("/graphql", "POST", times, status=200, body=body))

    def partial(self, *path: str | int, kind: str = "INTERNAL", times: int = 1) -> None:
        """The answer holds null at `path` below `data`, and an error that says so."""
        error = {"type": kind, "path": list(path), "message": "Something went wrong."}
        self.add(Fault("/graphql", "POST", times, errors=(error,), nulls=(path,)))
