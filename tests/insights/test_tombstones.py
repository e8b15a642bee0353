"""Figures are the same whether a record is marked as gone or was never there."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import delete

from mainstem.insights import repository_summary, workspace_days, workspace_metrics
from mainstem.store import ids, mark_deleted, tables

from .conftest import Stored, when

NOW = when("2026-03-20")


def fill(stored: Stored) -> None:
    """Two of everything; the second of each is the one that goes."""
    for number, by in ((1, "ann"), (2, "bob")):
        day = f"2026-03-0{number}"
        pull = stored.pull(number, by=by, at=day, merged="2026-03-05")
        first = stored.review(pull, by="cyd", at=f"{day}T10:00", state="COMMENTED")
        for answered in (None, 5):
            stored.comment(
                kind="review_comment",
                by="cyd",
                at=f"{day}T10:00",
                pull=pull,
                review_github_id=first,
                in_reply_to_github_id=answered,
            )
        stored.review(pull, by="dan", at=f"{day}T11:00")
        stored.comment(by="eve", at=f"{day}T12:00", pull=pull)
        trouble = stored.issue(number, by="fay", at=day, closed="2026-03-09", comments_count=2)
        stored.comment(by="gus", at=f"{day}T13:00", issue=trouble)
        stored.comment(by=f"hal{number}", at=f"{day}T14:00", issue=trouble)
    stored.pull(3, by="ann", at="2026-03-07", draft=True)


def figures(stored: Stored) -> list[Any]:
    workspace = stored.workspace()
    summary = stored.ask(repository_summary, stored.repository_id, NOW).as_json()
    metrics = stored.ask(workspace_metrics, workspace, "30d", NOW)
    days = stored.ask(workspace_days, workspace, NOW)
    plain = [
        {key: value for key, value in day.items() if key not in ("id", "workspace_id")}
        for day in days
    ]
    return [summary, metrics, plain]


def rows_of(what: str, stored: Stored) -> tuple[Any, Any, list[Any]]:
    """Kind, table and ids of what goes."""
    found = stored.database.read(
        lambda conn: {
            "comment": [
                row.id for row in conn.execute(tables.comments.select()) if row.github_id % 2
            ],
            "review": [row.id for row in conn.execute(tables.reviews.select()) if row.body == ""][
                1:
            ],
        }
    )
    return {
        "pull_request": ("pull_request", tables.pull_requests, [ids.pull_request_id(1, 2)]),
        "issue": ("issue", tables.issues, [ids.issue_id(1, 2)]),
        "review": ("review", tables.reviews, found["review"]),
        "comment": ("comment", tables.comments, found["comment"]),
    }[what]


@pytest.mark.parametrize("what", ["pull_request", "issue", "review", "comment"])
def test_figures_leave_out_what_is_gone(
    stored: Stored, new_stored: Callable[[], Stored], what: str
) -> None:
    without = new_stored()
    for each in (stored, without):
        fill(each)
    kind, table, keys = rows_of(what, stored)
    before = figures(stored)
    stored.database.write(mark_deleted, kind, ids=keys, at=NOW)

    def remove(conn: Any) -> None:
        if what == "review":  # what GitHub deletes with a review
            numbers = table.select().where(table.c.id.in_(keys))
            named = [row.github_id for row in conn.execute(numbers)]
            comments = tables.comments
            conn.execute(delete(comments).where(comments.c.review_github_id.in_(named)))
        conn.execute(delete(table).where(table.c.id.in_(keys)))

    without.database.write(remove)
    after = figures(stored)
    assert after == figures(without)
    assert after != before
