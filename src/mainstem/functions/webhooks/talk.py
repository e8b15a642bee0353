"""Discussions from deliveries; the comments under them are counted, not stored."""

from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection

from mainstem.functions.capture.discussion_rows import person_rows
from mainstem.functions.home import Home
from mainstem.functions.webhooks.deciding import newer_record
from mainstem.functions.webhooks.outcome import Outcome
from mainstem.functions.webhooks.stored_rows import stored_row
from mainstem.github import UNSET
from mainstem.github.webhooks import DiscussionTold
from mainstem.store import (
    DiscussionRow,
    ids,
    save_contributors,
    save_discussions,
)
from mainstem.store.tables import discussions
from mainstem.store.tombstones import mark_deleted


def apply_discussion(conn: Connection, home: Home, told: DiscussionTold, at: datetime) -> Outcome:
    """Write a discussion as it is now, unless a newer one is stored."""
    of = told.discussion
    row: dict[str, Any] = {
        "id": ids.discussion_id(home.github_id, of.number),
        "github_id": of.id,
        "repository_id": home.id,
        "number": of.number,
        "title": of.title,
        "body": of.body,
        "category": of.category,
        "category_emoji": of.category_emoji,
        "is_answerable": of.is_answerable,
        "answered_at": of.answered_at,
        "answer_chosen_by_login": of.answer_chosen_by,
        "locked": of.locked,
        "comments_count": of.comments_count,
        "created_at": of.created_at,
        "updated_at": of.updated_at,
        "html_url": of.html_url,
    }
    if not of.is_closed:  # of a closed one deliveries do not say since when
        row["closed_at"] = None
    if of.answer_id is not UNSET:
        row["answer_github_id"] = of.answer_id
    if of.author is not None:
        row |= {"author_login": of.author.login, "author_type": of.author.type}
        if of.author.id is not None:
            row["author_id"] = ids.contributor_id(of.author.id)
    verdict = newer_record(stored_row(conn, discussions, row["id"]), row)
    if verdict.columns:
        save_contributors(conn, person_rows([of.author] if of.author else [], {}), at=at)
        named = {key: row[key] for key in ("id", "github_id", "repository_id", "number")}
        save_discussions(conn, [cast("DiscussionRow", {**named, **verdict.columns})], at=at)
    if told.is_gone:
        mark_deleted(conn, "discussion", ids=[row["id"]], at=at)
    return Outcome()
