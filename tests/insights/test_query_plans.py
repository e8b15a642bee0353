"""No question about captured records reads a whole table: each is served by an index.

Every question is asked on a database of many repositories, and each SELECT and UPDATE that it sends
is explained by the database. PostgreSQL is told to take any index rather than read a table.
"""

import re
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

import databases
from mainstem import store
from mainstem.insights import (
    load_completeness,
    repository_summary,
    workspace_days,
    workspace_metrics,
)
from mainstem.insights.completeness import load_freshness
from mainstem.store import Database, ids, tables

NOW = datetime(2026, 3, 20, tzinfo=UTC)
REPO, PULL, ISSUE = ids.repository_id(3), ids.pull_request_id(3, 5), ids.issue_id(3, 55)
COMMENT = ids.comment_id(400, "issue_comment")
CAPTURED = ("pull_requests", "issues", "reviews", "comments")
# Another id than any other's, so that a workspace can be asked for.
WORKSPACE = uuid.UUID(int=77)

SAVED: Any = {"id": PULL, "github_id": 3_050, "repository_id": REPO, "number": 5, "commits": 2}

Ask = Callable[[Connection], Any]

QUESTIONS: dict[str, Ask] = {
    "find_pull": lambda conn: store.find_pull(conn, REPO, 5),
    "pulls_needing_update": lambda conn: store.pulls_needing_update(conn, REPO, since=NOW),
    "count_pulls_needing_update": lambda conn: store.count_pulls_needing_update(
        conn, REPO, since=NOW
    ),
    "pulls_lacking_diff": lambda conn: store.pulls_lacking_diff(conn, REPO),
    "load_pulls": lambda conn: store.load_pulls(conn, [PULL]),
    "count_by_pull": lambda conn: store.count_by_pull(conn, [PULL]),
    "stored_counts_by_pull": lambda conn: store.stored_counts_by_pull(conn, [PULL]),
    "set_details_synced": lambda conn: store.set_details_synced(conn, [PULL], NOW),
    "count_pull_requests": lambda conn: store.count_pull_requests(conn, REPO),
    "has_complete_data": lambda conn: store.has_complete_data(conn, REPO),
    "live_total": lambda conn: [
        store.live_total(conn, REPO, tables.metadata.tables[name]) for name in CAPTURED
    ],
    "mark_deleted": lambda conn: [
        store.mark_deleted(conn, "pull_request", ids=[PULL], at=NOW),
        store.mark_deleted(conn, "issue", ids=[ISSUE], at=NOW),
        store.mark_deleted(conn, "review", github_ids=[300], at=NOW),
        store.mark_deleted(conn, "review_comment", github_ids=[301], at=NOW),
    ],
    "restore": lambda conn: [
        store.restore(conn, "pull_request", ids=[PULL]),
        store.restore(conn, "issue", ids=[ISSUE]),
        store.restore(conn, "review", github_ids=[300]),
    ],
    "stored_items": lambda conn: [
        store.stored_items(conn, REPO, "pulls", numbers=[5], created=(NOW, NOW)),
        store.stored_items(conn, REPO, "issues", numbers=[55], created=(NOW, NOW)),
    ],
    "compared_items": lambda conn: [
        store.compared_items(conn, REPO, "pulls", NOW),
        store.compared_items(conn, REPO, "issues", None),
    ],
    "numbers_of_gone": lambda conn: [
        store.numbers_of_gone(
            conn, "pulls", ids=[PULL], review_ids=[ids.review_id(300)], comment_ids=[COMMENT]
        ),
        store.numbers_of_gone(conn, "issues", ids=[ISSUE], comment_ids=[COMMENT]),
    ],
    "lone_reviews": lambda conn: store.lone_reviews(conn, [PULL]),
    "belongings": lambda conn: [
        store.belongings(conn, "pulls", [PULL]),
        store.belongings(conn, "issues", [ISSUE]),
    ],
    "stored_comments": lambda conn: store.stored_comments(
        conn, REPO, "review_comment", github_ids=[3_050], created_since=NOW
    ),
    "save_pull_requests": lambda conn: store.save_pull_requests(conn, [SAVED]),
    "repository_summary": lambda conn: repository_summary(conn, REPO, NOW),
    "completeness": lambda conn: load_completeness(conn, REPO),
    "freshness": lambda conn: load_freshness(conn, REPO, now=NOW),
    "workspace_metrics": lambda conn: workspace_metrics(conn, WORKSPACE, "30d", NOW),
    "workspace_days": lambda conn: workspace_days(conn, WORKSPACE, NOW),
}


def fill(conn: Connection) -> None:
    """Sixty repositories alike, and a workspace with two of them."""
    old, day = NOW - timedelta(days=400), timedelta(days=1)
    common: dict[str, Any] = {"row_synced_at": NOW, "author_login": "ann"}
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in ("repositories", *CAPTURED)}
    for repo in range(1, 61):
        home = {"repository_id": ids.repository_id(repo)}
        rows["repositories"].append(
            {
                "id": ids.repository_id(repo),
                "github_id": repo,
                "owner": "o",
                "name": f"r{repo}",
                "full_name": f"o/r{repo}",
                "first_tracked_at": NOW,
                "row_synced_at": NOW,
            }
        )
        for number in range(1, 11):
            at = old + number * 38 * day
            times = {"created_at": at, "updated_at": at}
            github_id = repo * 1_000 + number * 10
            pull = {"pull_request_id": ids.pull_request_id(repo, number)}
            named = {"title": "t", "state": "open", **home, **times, **common}
            rows["pull_requests"].append(
                {
                    "id": pull["pull_request_id"],
                    "github_id": github_id,
                    "number": number,
                    **named,
                }
            )
            rows["issues"].append(
                {
                    "id": ids.issue_id(repo, number + 50),
                    "github_id": github_id,
                    "number": number + 50,
                    **named,
                }
            )
            rows["reviews"].append(
                {
                    "id": ids.review_id(github_id),
                    "github_id": github_id,
                    "state": "COMMENTED",
                    "submitted_at": at,
                    **pull,
                    **home,
                    **common,
                }
            )
            rows["comments"] += [
                {
                    "id": ids.comment_id(github_id + place, "review_comment"),
                    "github_id": github_id + place,
                    "comment_type": "review_comment",
                    "body": "b" * 1_000,
                    "review_github_id": github_id,
                    "issue_id": None,
                    **pull,
                    **home,
                    **times,
                    **common,
                }
                for place in range(3)
            ]
            rows["comments"].append(
                {
                    "id": ids.comment_id(github_id, "issue_comment"),
                    "github_id": github_id,
                    "comment_type": "issue_comment",
                    "body": "b",
                    "issue_id": ids.issue_id(repo, number + 50),
                    "pull_request_id": None,
                    "review_github_id": None,
                    **home,
                    **times,
                    **common,
                }
            )
    for name, made in rows.items():
        conn.execute(tables.metadata.tables[name].insert(), made)
    conn.execute(
        tables.workspaces.insert().values(
            id=WORKSPACE, name="w", slug="w", tier="free", created_at=NOW
        )
    )
    for repo in (3, 4):
        store.add_workspace_repository(conn, WORKSPACE, ids.repository_id(repo), at=NOW)
    if conn.dialect.name == "postgresql":  # does so by itself in time; SQLite never does
        conn.execute(text("ANALYZE"))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def large(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("plans") / "x.db"
        path.write_bytes(databases.migrated_sqlite())
        url = f"sqlite:///{path}"
    else:
        url = databases.shown(databases.postgres().create())
    with Database(url) as database:
        database.upgrade()
        database.write(fill)
        yield database


def plans(db: Database, ask: Ask) -> Iterator[tuple[str, str]]:
    """Each statement that the question sends, and how the database would find its rows."""

    def explained(conn: Connection) -> list[tuple[str, str]]:
        if conn.dialect.name == "postgresql":
            conn.execute(text("SET LOCAL enable_seqscan = off"))
        sent: list[tuple[str, Any]] = []
        event.listen(
            conn, "before_cursor_execute", lambda *args: sent.append((str(args[2]), args[3]))
        )
        ask(conn)
        found = []
        for words, values in list(sent):
            if words.lstrip().startswith(("SELECT", "UPDATE", "WITH")):
                explain = "EXPLAIN" if conn.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
                lines = conn.exec_driver_sql(f"{explain} {words}", values)
                found.append((words, "\n".join(str(line[-1]) for line in lines)))
        return found

    yield from db.write(explained)


def whole_reads(plan: str) -> list[str]:
    """The captured tables that the plan reads from one end to the other."""
    names = "|".join(CAPTURED)
    by_sqlite = re.findall(rf"^SCAN ({names})\b.*$", plan, re.MULTILINE)
    return by_sqlite + re.findall(rf"Seq Scan on ({names})\b", plan)


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_question_is_served_by_an_index(large: Database, name: str) -> None:
    explained = list(plans(large, QUESTIONS[name]))
    assert explained
    for words, plan in explained:
        assert whole_reads(plan) == [], f"{words}\n{plan}"


def test_a_whole_read_is_seen(large: Database) -> None:
    def ask(conn: Connection) -> Any:
        return conn.execute(text("SELECT count(*) FROM comments WHERE body = 'x'"))

    ((_, plan),) = plans(large, ask)
    assert whole_reads(plan) == ["comments"]
