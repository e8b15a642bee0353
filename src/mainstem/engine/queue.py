"""Which job is next: an index in memory over the jobs on disk.

Calls with the same concurrency groups and throttle bucket stand in one lane, so a full group costs
one look, however many runs wait behind it. A lane is in one of three places: open (its head may
go), blocked (a group is full; freeing a slot opens it again) or parked (its throttle opens at a
known moment). That is why a run starts at the moment its slot is free and nothing is polled.

Invariant: an open lane has exactly one entry in `_open` that counts, the one in `lane.entry`.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from mainstem.engine.gcra import Admission
from mainstem.engine.jobs import Group, Job, JobKind, Throttle

_FEW: Final = 1000
LaneKey = tuple[tuple[Group, ...], str | None]
# Position, run, job: of the runs of one moment the older goes first, also with its later steps.
Place = tuple[int, str, int]


@dataclass(slots=True)
class _Lane:
    waiting: list[Place] = field(default_factory=list)
    entry: Place | None = None
    is_open: bool = True


class ReadyQueue:
    """Every queued job, in order. Knows nothing of disk, network or the time of day."""

    def __init__(self) -> None:
        self._jobs: dict[int, Job] = {}
        self._later: list[tuple[int, int]] = []  # due, job id
        self._lanes: dict[LaneKey, _Lane] = {}
        self._open: list[tuple[Place, LaneKey]] = []
        self._parked: list[tuple[int, int, LaneKey]] = []
        self._blocked: defaultdict[str, set[LaneKey]] = defaultdict(set)
        self._in_use: Counter[str] = Counter()
        self._parkings = 0
        self._dropped = 0

    def __len__(self) -> int:
        return len(self._jobs)

    def count_work(self) -> int:
        """Jobs that will end some day: all but cron ticks."""
        return sum(job.kind is not JobKind.CRON for job in self._jobs.values())

    def add(self, job: Job, *, now: int | None = None) -> None:
        """Queue a job; a call that is due `now` lines up at once."""
        self._jobs[job.id] = job
        if now is not None and job.is_call and job.due <= now:
            self._line_up(job)
            return
        heapq.heappush(self._later, (job.due, job.id))

    def refill(self, jobs: Iterable[Job]) -> None:
        """Hold these jobs and no others. Slots that are taken stay taken until `release`."""
        for place in (self._jobs, self._later, self._lanes, self._open, self._parked):
            place.clear()
        self._blocked.clear()
        for job in jobs:
            self.add(job)

    def drop(self, job_id: int) -> None:
        """Forget a queued job; one that was taken, or never was there, is no error."""
        if self._jobs.pop(job_id, None) is None:
            return
        # Its place in the heap stays until its moment, which may be a year away: the heap is made
        # anew when it holds more such places than others.
        self._dropped += 1
        if self._dropped > max(_FEW, len(self._later) // 2):
            self._later = [place for place in self._later if place[1] in self._jobs]
            heapq.heapify(self._later)
            self._dropped = 0

    def in_use(self, group: str) -> int:
        """How many calls of a concurrency group are under way."""
        return self._in_use.get(group, 0)

    def next_due(self) -> int | None:
        """The earliest moment at which something becomes due by itself."""
        while self._later and self._later[0][1] not in self._jobs:
            heapq.heappop(self._later)
        moments = [heap[0][0] for heap in (self._later, self._parked) if heap]
        return min(moments, default=None)

    def has_due(self, now: int) -> bool:
        """Whether there is something for `take_timers`."""
        return bool(self._later) and self._later[0][0] <= now

    def take_timers(self, now: int, at_most: int) -> list[Job]:
        """Remove and give timers that are due, and open the lanes of the calls that are."""
        timers: list[Job] = []
        while len(timers) < at_most and self.has_due(now):
            _, job_id = heapq.heappop(self._later)
            job = self._jobs.get(job_id)
            if job is None:
                continue
            if job.is_call:
                self._line_up(job)
            else:
                timers.append(self._jobs.pop(job_id))
        while self._parked and self._parked[0][0] <= now:
            self._reopen(heapq.heappop(self._parked)[2])
        return timers

    def has_open_calls(self) -> bool:
        """Whether a call may be ready to go; `take_call` knows."""
        return bool(self._open)

    def take_call(self, admit: Callable[[Throttle], Admission]) -> Job | None:
        """Remove and give the first call that may go, and count it in its groups.

        `admit` asks a throttle; the caller stores what an admission changes. The slot is kept until
        `release`.
        """
        while self._open:
            place, key = heapq.heappop(self._open)
            lane = self._lanes.get(key)
            if lane is None or not lane.is_open or lane.entry != place:
                continue
            job = self._head(lane)
            if job is None:
                del self._lanes[key]
                continue
            if _place(job) != place:  # the entry's own job was dropped
                self._announce(lane, key, _place(job))
                continue
            full = next((g for g in job.groups if self._in_use[g.name] >= g.limit), None)
            if full is not None:
                lane.is_open = False
                self._blocked[full.name].add(key)
                continue
            if job.throttle is not None:
                admission = admit(job.throttle)
                if not admission.allowed:
                    self._park(lane, key, admission.allowed_at)
                    continue
            return self._take(job, lane, key)
        return None

    def release(self, job: Job) -> None:
        """Give back the slots of a call that has been answered."""
        for group in job.groups:
            self._in_use[group.name] -= 1
            if self._in_use[group.name] <= 0:
                del self._in_use[group.name]
            for key in self._blocked.pop(group.name, ()):
                self._reopen(key)

    def _line_up(self, job: Job) -> None:
        key = (job.groups, job.throttle.bucket if job.throttle else None)
        lane = self._lanes.setdefault(key, _Lane())
        place = _place(job)
        heapq.heappush(lane.waiting, place)
        if lane.is_open and (lane.entry is None or place < lane.entry):
            self._announce(lane, key, place)

    def _head(self, lane: _Lane) -> Job | None:
        while lane.waiting:
            job = self._jobs.get(lane.waiting[0][2])
            if job is not None:
                return job
            heapq.heappop(lane.waiting)
        return None

    def _take(self, job: Job, lane: _Lane, key: LaneKey) -> Job:
        heapq.heappop(lane.waiting)
        del self._jobs[job.id]
        for group in job.groups:
            self._in_use[group.name] += 1
        self._reopen(key)
        return job

    def _reopen(self, key: LaneKey) -> None:
        lane = self._lanes.get(key)
        if lane is None:
            return
        lane.is_open = True
        head = self._head(lane)
        if head is None:
            del self._lanes[key]
        else:
            self._announce(lane, key, _place(head))

    def _announce(self, lane: _Lane, key: LaneKey, place: Place) -> None:
        lane.entry = place
        heapq.heappush(self._open, (place, key))

    def _park(self, lane: _Lane, key: LaneKey, until: int) -> None:
        lane.is_open = False
        self._parkings += 1  # breaks ties, as lane keys do not compare
        heapq.heappush(self._parked, (until, self._parkings, key))


def _place(job: Job) -> Place:
    return job.position, job.run_id or "", job.id
