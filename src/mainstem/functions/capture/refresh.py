"""What has changed since a repository was last read, for a price that follows what changed.

First a look (`polling`), which is free of charge while nothing changes. Then one query for the pull
requests and the issues that were updated last, down to the watermark less an overlap; the comments
that changed came with the look.

What fits one page is read and stored by that first step, in one transaction. What does not is
walked, a page a step, with its place in the database: pull requests, issues, review comments,
conversation comments, so that parents are there before what belongs to them. The watermark is the
newest update that GitHub knew when the walk began, and is stored when it has ended.

Whatever then does not agree with GitHub's own counts is read whole (`mending`).
"""

from collections.abc import Sequence
from typing import Any

from mainstem.catalog import Run
from mainstem.functions.capture.backfill import Backfilled
from mainstem.functions.capture.changed_rows import rows_of_changes
from mainstem.functions.capture.mending import Mended, mend
from mainstem.functions.capture.planning import BOTH, Kind
from mainstem.functions.capture.polling import look_for_changes
from mainstem.functions.capture.refresh_note import (
    CommentList,
    following,
    time_of,
)
from mainstem.functions.capture.refresh_storing import (
    Refreshed,
    StepRead,
    left_of,
    places_after,
    store_look,
    store_step,
    times_of,
)
from mainstem.functions.capture.standing import Standing, load_standing, visiting
from mainstem.functions.capture.storing import Tally
from mainstem.functions.home import Home
from mainstem.functions.services import Services
from mainstem.github import Changes, Comment, Page


async def refresh(
    run: Run[Any], services: Services, home: Home, kinds: Sequence[Kind]
) -> Backfilled:
    """Read what has changed of whatever is captured whole, if any of `kinds` is.

    Both kinds at once: they share a list of comments, and one query holds both.
    """
    if not kinds:
        return Backfilled(0, Tally(), None)
    step = "look-for-changes"
    done = await run.step(step, look, services, home, f"{run.id}/{step}")
    tally, pages = done.tally, done.pages
    while not done.is_last:
        if pages >= services.limits.pages_per_run:
            return Backfilled(pages, tally, kinds[0])
        pages += 1
        step = f"refresh-{pages}"
        done = await run.step(step, refresh_page, services, home, f"{run.id}/{step}")
        tally += done.tally
    mended = await mend_all(run, services, home, done.doubted)
    return Backfilled(pages, tally + mended.tally, None)


async def mend_all(
    run: Run[Any], services: Services, home: Home, doubted: int, *, name: str = "mend"
) -> Mended:
    """Read whole what is doubted, a batch a step, until nothing is left or nothing moves."""
    total, left, count = Mended(), doubted, 0
    while left:
        count += 1
        step = f"{name}-{count}"
        done = await run.step(step, mend, services, home, f"{run.id}/{step}")
        total, left = total + done, 0 if done.unsettled else done.left
    return total


async def look(services: Services, home: Home, step: str) -> Refreshed:
    """Ask whether anything changed; read and store it, if it fits a page.

    `step` names this very step of this very run: tried again after its work, it answers what it
    answered then.
    """
    standing = await _standing(services, home)
    again = standing.note.answer_of(step, Refreshed)
    if again is not None:
        return await _accepted(services, again)
    if standing.note.walk is not None:
        return Refreshed(is_last=False)
    if not standing.cursors:
        return Refreshed(is_last=True)
    async with visiting(services, home):
        polled = await look_for_changes(services, home, standing)
        if not polled.answered:
            return Refreshed(is_last=True, doubted=standing.note.doubted)
        changes = await _ask(services, home, standing, BOTH) if polled.changed else None
        left = left_of(polled.lists)
        if changes is not None:
            left |= await services.database.run_read(places_after, home, standing, changes)
        rows = await rows_of_changes(
            services,
            home,
            standing.following,
            changes=changes,
            comments=polled.comments,
            fetch=not left,
        )
    at = services.clock.now()
    done = await services.database.run_write(
        store_look, home, standing, rows, polled, changes, left, step, at
    )
    return await _accepted(services, done)


async def refresh_page(services: Services, home: Home, step: str) -> Refreshed:
    """Read and store the walk's next page; `step` as for `look`."""
    standing = await _standing(services, home)
    again = standing.note.answer_of(step, Refreshed)
    if again is not None:
        return await _accepted(services, again)
    walk = standing.note.walk
    name = walk.next_list if walk else None
    if walk is None or name is None:
        return Refreshed(is_last=True, doubted=standing.note.doubted)
    place = walk.left[name]
    async with visiting(services, home):
        if name == "pulls" or name == "issues":
            changes = await _ask(services, home, standing, (name,), place)
            places = await services.database.run_read(places_after, home, standing, changes)
            read = StepRead(name, places.get(name), changes=changes)
            rows = await rows_of_changes(services, home, standing.following, changes=changes)
        else:
            page = await _comments(services, home, standing, name, place)
            times = times_of(page)
            read = StepRead(name, following(times, page.next), page=page)
            rows = await rows_of_changes(services, home, standing.following, comments=page.items)
    at = services.clock.now()
    done = await services.database.run_write(store_step, home, standing, walk, rows, read, step, at)
    return await _accepted(services, done)


async def _accepted(services: Services, done: Refreshed) -> Refreshed:
    """What was polled is stored, once the walk has ended: GitHub need not tell it again."""
    if done.offers:
        await services.github.accept_polls(done.offers)
    return done


async def _standing(services: Services, home: Home) -> Standing:
    overlap = services.limits.watermark_overlap
    return await services.database.run_read(load_standing, home, overlap)


async def _ask(
    services: Services,
    home: Home,
    standing: Standing,
    kinds: Sequence[Kind],
    place: str | None = None,
) -> Changes:
    asked = standing.following
    return await services.github.changes(
        home.owner,
        home.name,
        pulls=asked.pulls and "pulls" in kinds,
        issues=asked.issues and "issues" in kinds,
        since=standing.floor("issues"),
        next_pull=place,
        next_issue=place,
        widest=min(services.limits.history_page, services.limits.issue_page),
    )


async def _comments(
    services: Services, home: Home, standing: Standing, name: CommentList, place: str | None
) -> Page[Comment]:
    read = (
        services.github.repository_review_comments_page
        if name == "review-comments"
        else services.github.repository_issue_comments_page
    )
    since = standing.since(name) if place is None else time_of(place)
    link = place if place is not None and since is None else None
    return await read(home.owner, home.name, since=since, next=link)
