"""reconcile-repository: prove by counts that nothing was missed, and mend what was."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Final

from mainstem.catalog import Run, define, event
from mainstem.functions.capture import records
from mainstem.functions.capture.mending import Mended
from mainstem.functions.capture.planning import BOTH, Kind
from mainstem.functions.capture.refresh import mend_all, refresh
from mainstem.functions.capture.storing import Tally
from mainstem.functions.capture.sweeping import (
    ListTotals,
    Swept,
    count_comments,
    count_stored,
    sweep_page,
)
from mainstem.functions.events import RepositoryReconcileRequested
from mainstem.functions.home import Home, load_home
from mainstem.functions.limits import at_most, per_minute
from mainstem.functions.services import Services
from mainstem.store import Connected

# Where nothing hints at a loss, every item is looked at once in as many runs.
ROUNDS: Final = 7


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What was checked and what was found.

    `github` and `stored` are the totals of each list at the end; `agrees` says that they are the
    same. `checked` items were held against GitHub's outlines, of which `doubted` were read whole:
    `missing` were not stored at all, `deleted` rows are gone at GitHub, `restored` were thought so.
    """

    repository: str
    agrees: bool
    github: Mapping[Connected, int]
    stored: Mapping[Connected, int]
    checked: int
    doubted: int
    missing: int
    deleted: int
    restored: int
    tally: Tally


@define(
    id="reconcile-repository",
    name="Reconcile Repository",
    on=event(RepositoryReconcileRequested),
    sends=(),
    group="capture",
    retries=2,
    concurrency=at_most(1),
    throttle=per_minute(10),
    on_failure=records.record_failure,
)
async def reconcile_repository(
    run: Run[RepositoryReconcileRequested], services: Services
) -> Reconciled:
    """Compare GitHub's totals with what is stored, then a share of the items, one by one.

    First what changed is read, so that what still differs was missed. Where a total differs, every
    item is compared, at a point for a hundred; else a seventh of them. Deleted records are marked
    as gone, missing ones are fetched.
    """
    log = await records.begin(run, services, "reconcile_repository", {"whole": run.data.whole})
    home = await run.step("get-repository", load_home, services, run.data.repository_id)
    done = await refresh(run, services, home, BOTH)
    counted = await run.step("count-comments", count_comments, services, home)
    mended, checked = Mended(tally=done.tally), 0
    totals: dict[Connected, int] = dict(counted.github)
    for kind in BOTH:
        is_whole = run.data.whole or hints_at_loss(kind, counted)
        swept, found, total = await sweep(run, services, home, kind, is_whole=is_whole)
        mended, checked, totals[kind] = mended + found, checked + swept, total
    final = await run.step("count-stored", count_stored, services, home, totals)
    await records.end(run, services, log, mended.tally)
    return Reconciled(
        repository=home.full_name,
        agrees=not final.unequal,
        github=final.github,
        stored=final.stored,
        checked=checked,
        doubted=mended.checked,
        missing=mended.missing,
        deleted=mended.deleted,
        restored=mended.restored,
        tally=mended.tally,
    )


def hints_at_loss(kind: Kind, counted: ListTotals) -> bool:
    """Whether a total of comments differs that those of `kind` are part of."""
    lists = {"comments"} if kind == "issues" else {"comments", "review-comments"}
    return not lists.isdisjoint(counted.unequal)


async def sweep(
    run: Run[RepositoryReconcileRequested],
    services: Services,
    home: Home,
    kind: Kind,
    *,
    is_whole: bool,
) -> tuple[int, Mended, int]:
    """Compare all pages of that kind, or this run's share; how many items, what, of how many."""
    checked, pages, mended = 0, 0, Mended()
    while True:
        pages += 1
        step = f"sweep-{kind}-{pages}"
        page = await run.step(step, sweep_page, services, home, kind, f"{run.id}/{step}")
        checked += page.checked
        mended += await mend_all(run, services, home, page.doubted, name=f"mend-{kind}-{pages}")
        is_whole = is_whole or page.total != page.stored
        if is_done(page, checked, is_whole=is_whole) or pages >= services.limits.pages_per_run:
            return checked, mended, page.total


def is_done(page: Swept, checked: int, *, is_whole: bool) -> bool:
    """Whether this run has compared its share, or come to the end of the list with it.

    A whole round is as many items as there are, wherever it began: behind the last page comes the
    first. How many are on a page is GitHub's to say, which may have no time for a hundred.
    """
    if is_whole:
        return checked >= page.total
    return page.is_last or checked >= ceil(page.total / ROUNDS)
