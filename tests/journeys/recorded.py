"""What the recorded repository holds, read from its files alone: no code of the product.

Every table becomes a mapping from GitHub's id to a tuple of facts, so that a captured database can
be compared row by row. The rules are those of the recording's own README: an absent key is null,
lines end with "\\n" alone, reviews made of replies are reviews too, `ghost` stands for nobody.
"""

from __future__ import annotations

import json
import lzma
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RECORDING = Path(__file__).parents[3] / "shared" / "data" / "github" / "secp256k1"
NAME = "bitcoin-core/secp256k1"
GHOST = 10137

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Recorded:
    """Facts by GitHub id. Times are aware; people are GitHub ids, None for a ghost."""

    pulls: dict[int, Row]  # number, texts, state, draft, people, times, sizes
    reviews: dict[int, Row]  # pull number, state, body, author, submitted
    review_comments: dict[int, Row]  # pull number, body, author, times, reply to, review, path
    issue_comments: dict[int, Row]  # number, on a pull, body, author, times
    issues: dict[int, Row]  # number, title, body, state, author, labels, comments, times
    people: dict[int, str]  # login, of everybody who wrote, merged or was assigned


def lines(name: str) -> list[dict[str, Any]]:
    with lzma.open(RECORDING / f"{name}.jsonl.xz", "rt", encoding="utf-8", newline="\n") as file:
        return [json.loads(line) for line in file]


def moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)


def person(user: int | None) -> int | None:
    return None if user in (None, GHOST) else user


def load() -> Recorded:
    """Read the recording and bring it into comparable form."""
    pulls, issues = lines("pulls"), lines("issues")
    reviews = lines("reviews") + lines("reviews_from_replies")
    on_diff, talk = lines("review_comments"), lines("issue_comments")
    pull_numbers = {p["number"] for p in pulls}
    logins = {u["id"]: u["login"] for u in lines("users")}
    seen = {
        person(row.get(key))
        for rows in (pulls, issues, reviews, on_diff, talk)
        for row in rows
        for key in ("user", "merged_by")
    }
    return Recorded(
        pulls={
            p["id"]: (
                p["number"],
                p["title"],
                p.get("body") or None,  # GraphQL tells no empty text from none
                "merged" if p.get("merged_at") else p["state"],
                p["draft"],
                person(p.get("user")),
                moment(p["created_at"]),
                moment(p["updated_at"]),
                moment(p.get("closed_at")),
                moment(p.get("merged_at")),
                person(p.get("merged_by")),
                p["additions"],
                p["deletions"],
                p["changed_files"],
                p["commits"],
                p["base"]["ref"],
                p["head"]["ref"],
            )
            for p in pulls
        },
        reviews={
            r["id"]: (
                r["_number"],
                r["state"],
                r.get("body") or "",
                person(r.get("user")),
                moment(r["submitted_at"]),
            )
            for r in reviews
        },
        review_comments={
            c["id"]: (
                c["_number"],
                c["body"],
                person(c.get("user")),
                moment(c["created_at"]),
                moment(c["updated_at"]),
                c.get("in_reply_to_id"),
                c.get("pull_request_review_id"),
                c["path"],
            )
            for c in on_diff
        },
        issue_comments={
            c["id"]: (
                c["_number"],
                c["_number"] in pull_numbers,
                c["body"],
                person(c.get("user")),
                moment(c["created_at"]),
                moment(c["updated_at"]),
            )
            for c in talk
        },
        issues={
            i["id"]: (
                i["number"],
                i["title"],
                i.get("body") or None,
                i["state"],
                person(i.get("user")),
                sorted(label["name"] for label in i["labels"]),
                i["comments"],
                moment(i["created_at"]),
                moment(i["updated_at"]),
                moment(i.get("closed_at")),
            )
            for i in issues
        },
        people={user: logins[user] for user in seen if user is not None},
    )
