"""Discussions in the pretend GitHub."""

from datetime import datetime, timedelta
from typing import Any

from .house import NOW, House, text_of

CATEGORY = {"id": 5, "name": "Q&A", "slug": "q-a", "emoji": ":pray:", "is_answerable": True}


def discuss(
    house: House, number: int, *, at: datetime | None = None, **more: Any
) -> dict[str, Any]:
    """One discussion, last updated at that time; usually `number` minutes before now."""
    moment = text_of(at or NOW - timedelta(minutes=number))
    row = {
        "id": 70_000 + number,
        "number": number,
        "title": f"Number {number}",
        "body": "Why?",
        "user": house.user(),
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": moment,
        "category": CATEGORY,
        "answer_id": None,
        "upvotes": 3,
        **more,
    }
    house.there.record["has_discussions"] = True
    house.there.discussions[number] = row
    house.there.changed()
    return row
