"""What a whole capture still has to read, and how: decided from one probe and from the last pages.

The decisions themselves are the planner's (`mainstem.github.plan_pulls`), which is arithmetic. Here
is what it is fed with, and what is kept of it between steps, runs and processes: a note for each
query (`capture_plans`), so that a capture that goes on does not learn the same twice.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import ceil
from typing import Any, Final, Literal, cast

from sqlalchemy import Connection

from mainstem.functions.home import Home, check_same_repository
from mainstem.functions.services import Limits, Services
from mainstem.functions.troubles import asking_github
from mainstem.github import (
    FIRST_WIDTH,
    UNSET,
    Bill,
    Effort,
    Gap,
    IssuePlan,
    People,
    Prices,
    Probe,
    PullBundle,
    PullPlan,
    ReviewComments,
    Sizes,
    Usage,
    Width,
    plan_issues,
    plan_pulls,
    prices,
    threads_for,
    width_after,
)
from mainstem.store import (
    CaptureCursor,
    CapturePlan,
    load_cursor,
    load_plan,
    save_cursor,
    save_plan,
)

Kind = Literal["pulls", "issues"]
BOTH: Final[tuple[Kind, ...]] = ("pulls", "issues")

ListName = Literal["people", "pulls", "review-comments", "issues", "labels", "missed", "nested"]

# The width that a page comes to at GitHub, by what has been reported of it: what is expected of a
# repository that nobody has read yet.
USUAL_WIDTH: Final = 37

# Lists that the first follow-up asks for.
FIRST_ALIASES: Final = 50

# Executions beside the pages: the run itself, its log's two ends, the repository's row and the time
# of its last sync.
_AROUND: Final = 5

# Comments in one review thread, on average, in the repositories that were counted (costs reference,
# section 9): for a guess before any was read.
_COMMENTS_PER_THREAD: Final = 2.2


@dataclass(frozen=True, slots=True)
class Note:
    """What is known of one query: its width, and for pull requests what was decided and seen.

    `seen` counts the items of pages read so far, of `total`. `counts_tell` is whether GitHub's
    count of comments was found to be that of the comments read; None before any was held to it.
    """

    width: Width = field(default_factory=Width)
    total: int = 0
    seen: int = 0
    people: People = "list"
    review_comments: ReviewComments = "threads"
    sizes: Sizes = field(default_factory=Sizes)
    counts_tell: bool | None = None

    @property
    def left(self) -> int:
        """Items still to be read, by what is known; at least one."""
        return max(1, self.total - self.seen)

    def after(self, effort: Effort | None, *, items: int, total: int | None) -> "Note":
        """The note once a page of `items` was answered."""
        width = self.width if effort is None else width_after(self.width, effort)
        return replace(
            self,
            width=width,
            seen=self.seen + items,
            total=self.total if total is None else total,
        )


def note_of(plan: CapturePlan | None, shape: ListName) -> Note:
    """A stored note, or a fresh one."""
    if plan is None:
        return Note(Width(FIRST_ALIASES)) if shape == "nested" else Note()
    kept: Mapping[str, Any] = plan.sizes
    threads = {int(size): int(count) for size, count in kept.get("threads", {}).items()}
    return Note(
        width=Width(plan.width, plan.ceiling, int(kept.get("good", 0)), kept.get("safe")),
        total=int(kept.get("total", 0)),
        seen=int(kept.get("seen", 0)),
        people=cast("People", kept.get("people", "list")),
        review_comments=cast("ReviewComments", kept.get("review_comments", "threads")),
        sizes=Sizes(threads),
        counts_tell=kept.get("counts_tell"),
    )


def plan_of(home: Home, shape: ListName, note: Note) -> CapturePlan:
    """A note as it is stored."""
    kept = {
        "good": note.width.good,
        "safe": note.width.safe,
        "total": note.total,
        "seen": note.seen,
        "people": note.people,
        "review_comments": note.review_comments,
        "counts_tell": note.counts_tell,
        "threads": {str(size): count for size, count in sorted(note.sizes.threads.items())},
    }
    return CapturePlan(home.id, shape, note.width.widest, note.width.ceiling, kept)


@dataclass(frozen=True, slots=True)
class Planned:
    """What is still to be read, in order. `refresh` names the kinds that are complete already."""

    lists: tuple[ListName, ...]
    refresh: tuple[Kind, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One part of a plan: what is read, over which API, how many on a page, and for how much."""

    what: str
    api: Literal["graphql", "rest"]
    width: int
    bill: Bill


@dataclass(frozen=True, slots=True)
class Expected:
    """A whole capture before it begins: what there is, how it will be read, and for how much.

    `executions` counts what Inngest counts: the run that reads it, and a step for each page and for
    the five things around them.
    """

    pulls: int
    issues: int
    widest: int
    lines: tuple[Line, ...]
    bill: Bill
    executions: int


def expect(probe: Probe, usage: Usage | None = None, *, widest: int = USUAL_WIDTH) -> Expected:
    """What a whole capture of the probed repository will cost, pages being at most `widest`."""
    worth = prices_now(usage)
    pulls = _decide(probe.pulls, Sizes().with_more(probe.threads), widest, worth)
    issues = plan_issues(probe.issues, pulls=probe.pulls, widest=widest, prices=worth)
    page = Limits().rest_page
    lines = (
        Line("how much there is", "graphql", 1, Bill(graphql=1, points=1)),
        Line("pull requests, reviews, comments", "graphql", pulls.width, pulls.pages),
        Line("labels, assignees, reviewers", "rest", page, pulls.people_list),
        Line("review comments", "rest", page, pulls.comments_list),
        Line("issues and their comments", "graphql", issues.width, issues.pages),
        Line("labels and assignees of issues", "rest", page, issues.people_list),
        Line("what does not fit the pages", "graphql", FIRST_ALIASES, pulls.follow_ups),
    )
    bill = sum((line.bill for line in lines), Bill())
    kept = tuple(line for line in lines if line.bill.requests)
    return Expected(probe.pulls, probe.issues, widest, kept, bill, bill.requests + _AROUND)


def _decide(total: int, sizes: Sizes, widest: int, worth: Prices) -> PullPlan:
    _, beyond = sizes.over(0)
    comments = ceil(_COMMENTS_PER_THREAD * beyond * total)
    return plan_pulls(total, sizes, widest=widest, review_comments=comments, prices=worth)


def prices_now(usage: Usage | None) -> Prices:
    """The prices at what is left of the budgets, as far as answers have told."""
    if usage is None:
        return Prices()
    return prices(
        core_remaining=usage.core_remaining,
        core_limit=usage.core_limit,
        graphql_remaining=usage.graphql_remaining,
        graphql_limit=usage.graphql_limit,
    )


def next_page(note: Note, limits: Limits) -> PullPlan:
    """How the next page of pull requests is asked for: what was decided once stays decided."""
    return plan_pulls(
        note.left,
        note.sizes,
        widest=min(note.width.widest, limits.history_page),
        aliases=note.width.widest,
        people=note.people,
        source=note.review_comments,
        # The first page has threads, so that there is something to hold the counts against.
        counts_tell=bool(note.counts_tell),
    )


def counts_tell(note: Note, bundles: Sequence[PullBundle]) -> bool | None:
    """Whether GitHub's count of a pull request's comments is to be relied on, after a page.

    A pull request with more comments than it counts would be passed over: one is enough to ask for
    threads everywhere. What it counts too much only costs. Looked at are those read to their end.
    """
    told = note.counts_tell
    for bundle in bundles:
        count = bundle.pull.comments_count
        if bundle.gaps or bundle.threads is None:
            continue
        if count is UNSET or count < len(bundle.comments):
            return False
        if told is None and any(said.kind == "review_comment" for said in bundle.comments):
            told = True
    return told


def threads_behind(bundle: PullBundle) -> Iterator[Gap]:
    """The gap of a pull request that was read without its threads; none if it can have none.

    By GitHub's count less the conversation that was read. Where that goes on, or there is no count,
    only asking tells.
    """
    count = bundle.pull.comments_count
    talk = sum(said.kind == "issue_comment" for said in bundle.comments)
    is_known = count is not UNSET and not bundle.gaps
    on_diffs = count - talk if count is not UNSET else 1
    if on_diffs > 0 or not is_known:
        wanted = threads_for(max(1, on_diffs))
        yield Gap("threads", bundle.pull.number, bundle.node_id, None, wanted)


def decide_issues(note: Note, pulls: Note, limits: Limits) -> Note:
    """How issues are read, decided with their first page.

    What GitHub stands of pull requests it stands of issues, which have less in them.
    """
    if not pulls.seen:
        return note
    widest = min(pulls.width.widest, limits.issue_page)
    plan = plan_issues(note.total, pulls=pulls.total, widest=widest)
    return replace(note, width=pulls.width, people=plan.people)


def next_issue_page(note: Note, limits: Limits) -> IssuePlan:
    """How the next page of issues is asked for."""
    widest = min(note.width.widest, limits.issue_page)
    return plan_issues(note.left, widest=widest, people=note.people)


async def plan_capture(services: Services, home: Home, kinds: Sequence[Kind]) -> Planned:
    """What is still to be read of `kinds`; asks GitHub only where nothing is known yet."""
    known = await services.database.run_write(_known, home, kinds, services.clock.now())
    if any(cursor is None for cursor in known.values()):
        with asking_github(services.clock):
            probe = await services.github.probe(home.owner, home.name)
        check_same_repository(home, probe.repository)
        usage = services.github.ledger.snapshot()
        await services.database.run_write(
            _begin, home, probe, usage, kinds, services.limits, services.clock.now()
        )
    return await services.database.run_read(_pending, home, kinds)


def _known(
    conn: Connection, home: Home, kinds: Sequence[Kind], at: datetime
) -> dict[Kind, CaptureCursor | None]:
    known = {kind: load_cursor(conn, home.id, kind) for kind in kinds}
    pulls = known.get("pulls")
    if (
        pulls is not None
        and load_plan(conn, home.id, "pulls") is None
        and load_cursor(conn, home.id, "people") is None
    ):
        # Captured before labels, assignees and reviewers were read: REST's list has them.
        open_list(conn, home, "people", pulls.watermark, at)
    return known


def _begin(
    conn: Connection,
    home: Home,
    probe: Probe,
    usage: Usage,
    kinds: Sequence[Kind],
    limits: Limits,
    at: datetime,
) -> None:
    """Put down where each list begins, and what was decided for it.

    The watermark is the newest update that GitHub knew *before* the first page: what changes while
    we read is the first refresh's to find.
    """
    for kind in kinds:
        if load_cursor(conn, home.id, kind) is not None:
            continue
        newest = probe.newest_pull if kind == "pulls" else probe.newest_issue
        total = probe.pulls if kind == "pulls" else probe.issues
        open_list(conn, home, kind, newest, at)
        usual = min(USUAL_WIDTH, _bound(kind, limits))
        first = Width(min(FIRST_WIDTH, usual))
        note = Note(width=first, total=total, people="page")
        if kind == "pulls":
            sizes = Sizes().with_more(probe.threads)
            plan = _decide(total, sizes, usual, prices_now(usage))
            note = replace(
                note, sizes=sizes, people=plan.people, review_comments=plan.review_comments
            )
            if plan.people == "list":
                open_list(conn, home, "people", newest, at)
            if plan.review_comments == "list":
                open_list(conn, home, "review-comments", newest, at)
        save_plan(conn, plan_of(home, kind, note), at)


def _bound(kind: Kind, limits: Limits) -> int:
    return limits.history_page if kind == "pulls" else limits.issue_page


def open_list(
    conn: Connection, home: Home, name: ListName, watermark: datetime | None, at: datetime
) -> None:
    """Put down that a list is to be read from its beginning."""
    save_cursor(conn, CaptureCursor(home.id, name, None, watermark, 0, None, updated_at=at))


def _pending(conn: Connection, home: Home, kinds: Sequence[Kind]) -> Planned:
    """The lists that were begun and not ended, parents before children."""
    order: list[ListName] = []
    if "pulls" in kinds:
        order += ["people", "pulls", "review-comments"]
    if "issues" in kinds:
        order += ["issues", "labels"]
    cursors = {name: load_cursor(conn, home.id, name) for name in order}
    lists = [name for name, found in cursors.items() if found and found.completed_at is None]
    if "issues" in lists and "labels" not in lists:
        # Whether they are read is decided with the first page of issues.
        lists.append("labels")
    refresh = tuple(kind for kind in kinds if kind not in lists)
    # A list that goes on behind a page is read with those of all other pages, at the end.
    # And before that, what a list has lost by moving while it was read.
    missed: tuple[ListName, ...] = ("missed",) if lists else ()
    return Planned((*lists, *missed, "nested"), refresh)


def load_note(conn: Connection, home: Home, shape: ListName) -> Note:
    """What is known of that query."""
    return note_of(load_plan(conn, home.id, shape), shape)
