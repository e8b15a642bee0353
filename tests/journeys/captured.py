"""What a captured SQLite database holds, read with plain SQL in the form of `recorded.Recorded`."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from .recorded import Recorded, Row

# Ours, not GitHub's: when we looked or wrote. Two captures of one repository differ in them.
OWN_TIMES = {
    "row_synced_at",
    "first_seen_at",
    "first_tracked_at",
    "last_synced_at",
    "metadata_refreshed_at",
    "details_synced_at",
    "read_up_to",
}
GITHUB_TABLES = (
    "repositories",
    "contributors",
    "pull_requests",
    "reviews",
    "comments",
    "issues",
)


def rows(path: Path, sql: str) -> list[Row]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return list(connection.execute(sql))


def moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC)


def load(path: Path) -> Recorded:
    """Read a database that `mainstem capture` filled."""
    return Recorded(
        pulls={
            r[0]: (*r[1:5], bool(r[5]), r[6], *map(moment, r[7:11]), *r[11:])
            for r in rows(
                path,
                """select p.github_id, p.number, p.title, p.body, p.state, p.draft, a.github_id,
                          p.created_at, p.updated_at, p.closed_at, p.merged_at, m.github_id,
                          p.additions, p.deletions, p.changed_files, p.commits,
                          p.base_branch, p.head_branch
                   from pull_requests p
                   left join contributors a on a.id = p.author_id
                   left join contributors m on m.id = p.merged_by_id""",
            )
        },
        reviews={
            r[0]: (*r[1:5], moment(r[5]))
            for r in rows(
                path,
                """select r.github_id, p.number, r.state, coalesce(r.body, ''), a.github_id,
                          r.submitted_at
                   from reviews r join pull_requests p on p.id = r.pull_request_id
                   left join contributors a on a.id = r.author_id""",
            )
        },
        review_comments={
            r[0]: (*r[1:4], moment(r[4]), moment(r[5]), *r[6:])
            for r in rows(
                path,
                """select c.github_id, p.number, c.body, a.github_id, c.created_at, c.updated_at,
                          c.in_reply_to_github_id, c.review_github_id, c.path
                   from comments c join pull_requests p on p.id = c.pull_request_id
                   left join contributors a on a.id = c.author_id
                   where c.comment_type = 'review_comment'""",
            )
        },
        issue_comments={
            r[0]: (r[1], bool(r[2]), r[3], r[4], moment(r[5]), moment(r[6]))
            for r in rows(
                path,
                """select c.github_id, coalesce(p.number, i.number), p.id is not null, c.body,
                          a.github_id, c.created_at, c.updated_at
                   from comments c left join pull_requests p on p.id = c.pull_request_id
                   left join issues i on i.id = c.issue_id
                   left join contributors a on a.id = c.author_id
                   where c.comment_type = 'issue_comment'""",
            )
        },
        issues={
            r[0]: (*r[1:6], json.loads(r[6]), r[7], *map(moment, r[8:]))
            for r in rows(
                path,
                """select i.github_id, i.number, i.title, i.body, i.state, a.github_id, i.labels,
                          i.comments_count, i.created_at, i.updated_at, i.closed_at
                   from issues i left join contributors a on a.id = i.author_id""",
            )
        },
        people=dict(rows(path, "select github_id, username from contributors")),
    )


def dump(path: Path) -> dict[str, list[Row]]:
    """Every row of GitHub's tables with every column that is not a time of ours, sorted."""
    return {table: sorted(rows(path, _select(path, table)), key=repr) for table in GITHUB_TABLES}


def counts(path: Path) -> dict[str, int]:
    return {t: rows(path, f"select count(*) from {t}")[0][0] for t in GITHUB_TABLES}


def _select(path: Path, table: str) -> str:
    names = [r[1] for r in rows(path, f"pragma table_info({table})") if r[1] not in OWN_TIMES]
    return f"select {', '.join(names)} from {table}"
