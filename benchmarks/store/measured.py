"""One way of writing into one database, in a process of its own: prints its figures as JSON.

`python measured.py WAY URL PAGES`. Making the rows is not counted; committing each page is.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pages import Page, pages, repository

from mainstem.store import (
    Database,
    save_comments,
    save_contributors,
    save_pull_requests,
    save_repositories,
    save_reviews,
    tables,
)

Save = Callable[[Any, Page], None]


def save_page(conn: Any, page: Page) -> None:
    """The product's way."""
    save_contributors(conn, page.people)
    save_pull_requests(conn, page.pulls)
    save_reviews(conn, page.reviews)
    save_comments(conn, page.comments)


def insert_page(conn: Any, page: Page) -> None:
    """SQLAlchemy's plain `INSERT` of many rows: no look-up, no conflict."""
    from datetime import UTC, datetime

    at = datetime.now(UTC)
    parts = zip(
        (tables.contributors, tables.pull_requests, tables.reviews, tables.comments),
        page,
        strict=True,
    )
    for table, rows in parts:
        stamped = [{**row, "row_synced_at": at} for row in rows]
        groups: dict[tuple[str, ...], list[Any]] = {}
        for row in stamped:
            if table is tables.contributors:
                if row["github_id"] in _KNOWN:
                    continue
                _KNOWN.add(row["github_id"])
                row["first_seen_at"] = at
            groups.setdefault(tuple(row), []).append(row)
        for group in groups.values():
            conn.execute(table.insert(), group)


_KNOWN: set[int] = set()
WAYS: dict[str, Save] = {"mainstem": save_page, "plain INSERT": insert_page}


def measure(database: Database, save: Save, count: int) -> dict[str, float]:
    """Rows per second of wall time and of this process's processor time, and memory in MiB."""
    rows, wall, cpu, early = 0, 0.0, 0.0, 0.0
    for number, page in enumerate(pages(count)):
        began, used = time.perf_counter(), time.process_time()
        database.write(save, page)
        wall += time.perf_counter() - began
        cpu += time.process_time() - used
        rows += page.rows
        if number == count // 5:
            early = peak_mib()
    return {
        "rows": rows,
        "rows/s": rows / wall,
        "rows/s of own processor time": rows / cpu,
        "memory MiB, at a fifth": early,
        "memory MiB, at the end": peak_mib(),
    }


def peak_mib() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def main() -> None:
    """The command."""
    way, url, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    with Database(url) as database:
        database.upgrade()
        database.write(save_repositories, [repository()])
        found = {"new rows": measure(database, WAYS[way], count)}
        if way == "mainstem":
            found["the same rows again"] = measure(database, save_page, count)
        if url.startswith("sqlite:///"):
            size = Path(url.removeprefix("sqlite:///")).stat().st_size
            found["new rows"]["database MiB"] = size / 2**20
    print(json.dumps(found))


if __name__ == "__main__":
    main()
