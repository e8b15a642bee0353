"""Webhook deliveries: those that a repository's history would have sent, and those of each change.

Of the past only the last state is known, so it is told in as few steps as lead to it: an item is
opened, what is said about it follows, it is closed, and whatever moved its time last is an edit.
"""

import bisect
from collections.abc import Callable, Iterator
from typing import Any

from mainstem.simulate.changes.happening import Happening
from mainstem.simulate.delivery import Delivery, make_delivery
from mainstem.simulate.payloads import payload_of
from mainstem.simulate.shapes import Shapes
from mainstem.simulate.world import Repository, Row, World

__all__ = ["API", "deliveries", "follow"]

API = "https://api.github.com"


def deliveries(
    world: World,
    *,
    api: str = API,
    secret: str | None = None,
    installation: int | None = None,
) -> Iterator[Delivery]:
    """Every delivery of the first repository's past, in order of time; made as they are asked for.

    Drafts of reviews were never sent. Each payload shows its item as it was then. Applied in any
    order by their times, they lead to the repository as it is, but for what is deleted.
    """
    home, shapes = world.repository, Shapes(world, api)
    for place, happening in enumerate(sorted(_past(home), key=_order)):
        number = happening.number or 0
        now = home.pulls.get(number) or home.issues.get(number)
        item = None if now is None else _as_of(home, now, happening.at)
        payload = payload_of(shapes, home, happening, item=item, installation=installation)
        seed = f"{home.id}/past/{place}"
        yield make_delivery(happening.event, payload, happening.at, seed=seed, secret=secret)


def follow(
    world: World,
    receive: Callable[[Delivery], Any],
    *,
    api: str = API,
    secret: str | None = None,
    installation: int | None = None,
) -> Callable[[], None]:
    """Calls `receive` with a delivery for each change from now on, in every repository.

    Gives a function that ends it. Payloads show the rows as the change left them.
    """
    shapes, count = Shapes(world, api), 0

    def hear(home: Repository, happening: Happening) -> None:
        nonlocal count
        count += 1
        payload = payload_of(shapes, home, happening, installation=installation)
        seed = f"{home.id}/now/{home.version}/{count}"
        receive(make_delivery(happening.event, payload, happening.at, seed=seed, secret=secret))

    for home in world.repositories:
        home.listeners.append(hear)

    def stop() -> None:
        for home in world.repositories:
            if hear in home.listeners:
                home.listeners.remove(hear)

    return stop


def _order(happening: Happening) -> tuple[str, int]:
    """By time; of one moment, an item comes before what is said about it, and its end last."""
    ranks = {"opened": 0, "created": 1, "submitted": 1, "edited": 2, "closed": 3}
    late = (
        4 if happening.event in ("pull_request", "issues") and happening.action == "edited" else 0
    )
    return happening.at, late or ranks.get(happening.action, 2)


def _past(home: Repository) -> Iterator[Happening]:
    for event, items in (("pull_request", home.pulls), ("issues", home.issues)):
        for number, row in items.items():
            said = [*_said(home, number)] if event == "pull_request" else []
            said += _remarks("issue_comment", number, home.issue_comments.get(number, ()))
            yield Happening(event, "opened", number, row, row["created_at"])
            yield from said
            if row.get("closed_at"):
                yield Happening(event, "closed", number, row, row["closed_at"])
            # The last word on the item, whatever it was that moved its time: all is told by it.
            yield Happening(event, "edited", number, row, row["updated_at"], {"changes": {}})


def _said(home: Repository, number: int) -> Iterator[Happening]:
    for row in home.reviews_of(number):
        if row.get("submitted_at") is not None:
            yield Happening("pull_request_review", "submitted", number, row, row["submitted_at"])
    comments = home.review_comments.get(number, ())
    yield from _remarks("pull_request_review_comment", number, comments)


def _remarks(event: str, number: int, rows: Any) -> Iterator[Happening]:
    for row in rows:
        yield Happening(event, "created", number, row, row["created_at"])
        if row["updated_at"] > row["created_at"]:
            yield Happening(event, "edited", number, row, row["updated_at"], {"changes": {}})


def _as_of(home: Repository, row: Row, at: str) -> Row:
    """The item at that time, as far as it is known: whether it was closed yet, and its counters."""
    number = row["number"]
    if at >= row["updated_at"]:
        return row
    known = {**row, "_as_of": at}
    known["updated_at"] = max(row["created_at"], at)
    if (row.get("closed_at") or "") > at:
        known.update(state="open", closed_at=None)
        if number in home.pulls:
            known.update(merged=False, merged_at=None, merged_by=None)
    for counter, lists in (
        ("comments", home.issue_comments),
        ("review_comments", home.review_comments),
    ):
        times = home.derived(
            ("times", counter, number),
            lambda rows=lists: sorted(one["created_at"] for one in rows.get(number, ())),  # type: ignore[misc]
        )
        known[counter] = bisect.bisect_right(times, at)
    return known
