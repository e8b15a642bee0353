"""However a repository is captured and wherever it is kept, the database is the same, row by row.

Over GraphQL, over REST, or from webhooks alone into an empty database and then reconciled; in
SQLite and in PostgreSQL.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

import databases
from mainstem.functions.capture import (
    capture_repository_issues,
    capture_repository_sync,
    capture_repository_sync_graphql,
    reconcile_repository,
)
from mainstem.functions.capture.reconcile_repository import Reconciled
from mainstem.functions.events import (
    RepositoryIssuesRequested,
    RepositoryReconcileRequested,
    RepositorySyncGraphqlRequested,
    RepositorySyncRequested,
)
from mainstem.functions.services import Services
from mainstem.functions.webhooks import GithubWebhookReceived, handle_github_webhook
from mainstem.github import GitHub
from mainstem.simulate import World, changes, deliveries, generate, simulated_github
from mainstem.store import (
    Database,
    StoredDelivery,
    ids,
    keep_delivery,
    save_repositories,
    tables,
    track_repository,
)
from mainstem.testing import run_handler

from .captured import OWN_TIMES

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
TABLES = ("contributors", "pull_requests", "reviews", "comments", "issues")
# GitHub works these out when one pull request is read, and only such a read stores them.
COMPUTED = {"mergeable", "mergeable_state"}

Rows = dict[str, list[dict[str, Any]]]


class Still:
    """A clock that stands."""

    def now(self) -> datetime:
        return NOW


def everything() -> World:
    """A repository with all that is hard: people who are gone, bots, teams, milestones, replies to
    outdated comments, empty bodies, equal times."""
    world = generate(31, 24, issues=8, shape="burst")
    home, people = world.repository, [n for n, row in world.users.items() if row["type"] == "User"]
    milestone = {
        "id": 7_000_001, "number": 1, "title": "Spring tide", "description": None,
        "state": "open", "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z", "due_on": None, "closed_at": None,
    }  # fmt: skip
    pulls, issues = sorted(home.pulls), sorted(home.issues)
    changes.edit_item(home, pulls[0], milestone=milestone, body=None)
    changes.edit_item(home, issues[0], milestone=milestone, body="")
    changes.edit_item(home, pulls[1], body="")
    for number in (pulls[2], issues[1]):
        changes.label(home, number, "Zebra")
        changes.label(home, number, "ångström")
        changes.assign(home, number, *people[:2])
    changes.request_review(home, pulls[3], people[1], teams=("pilots",))
    changes.convert_to_draft(home, pulls[4])
    top = changes.add_review_comment(home, pulls[5], "Why?", user=people[0])
    changes.add_review_comment(home, pulls[5], "So.", user=people[2], reply_to=top["id"])
    changes.force_push(home, pulls[5])
    review = changes.add_review(home, pulls[6], user=people[2], state="CHANGES_REQUESTED")
    changes.dismiss_review(home, review["id"])
    changes.add_comment(home, issues[2], "", user=None)
    changes.delete_account(world, people[2])
    return world


def database(kind: str, path: Path) -> Database:
    """An empty one."""
    if kind == "postgresql":
        return Database(databases.postgres().take())
    path.write_bytes(databases.migrated_sqlite())
    return Database(f"sqlite:///{path}")


@asynccontextmanager
async def services(world: World, kind: str, path: Path) -> AsyncIterator[Services]:
    """The repository's row in an empty database, as a discovery leaves it."""
    home = world.repository
    owner, name = home.full_name.split("/")
    row: Any = {
        "id": ids.repository_id(home.id), "github_id": home.id, "owner": owner, "name": name,
        "full_name": home.full_name,
    }  # fmt: skip
    async with (
        simulated_github(world) as github,
        GitHub(base_url=github.url, token="t") as client,
    ):
        with database(kind, path) as empty:
            empty.write(save_repositories, [row], at=NOW)
            empty.write(track_repository, row["id"], owner=owner, name=name, at=NOW)
            yield Services(empty, client, Still())


async def over_graphql(world: World, at: Services) -> None:
    asked = RepositorySyncGraphqlRequested(
        repository_id=ids.repository_id(world.repository.id), history="full", with_issues=True
    )
    await run_handler(capture_repository_sync_graphql, asked, at)


async def over_rest(world: World, at: Services) -> None:
    home = ids.repository_id(world.repository.id)
    pulls = RepositorySyncRequested(repository_id=home, history="full")
    issues = RepositoryIssuesRequested(repository_id=home, history="full", via="rest")
    await run_handler(capture_repository_sync, pulls, at)
    await run_handler(capture_repository_issues, issues, at)


async def from_webhooks(world: World, at: Services) -> None:
    """Every delivery of its past, and then a reconciliation."""
    for place, made in enumerate(deliveries(world)):
        kept = StoredDelivery(
            delivery_id=made.guid,
            event=made.event,
            action=made.action,
            hook_id=1,
            installation_github_id=None,
            repository_github_id=made.repository_id,
            status="received",
            payload=made.payload,
            received_at=NOW + timedelta(milliseconds=place),
        )
        at.database.write(keep_delivery, kept)
        told = GithubWebhookReceived(
            delivery_id=made.guid, event=made.event, repository_github_id=made.repository_id
        )
        await run_handler(handle_github_webhook, told, at)
    asked = RepositoryReconcileRequested(
        repository_id=ids.repository_id(world.repository.id), whole=True
    )
    done = (await run_handler(reconcile_repository, asked, at)).output
    assert isinstance(done, Reconciled)
    assert (done.agrees, done.missing, done.deleted) == (True, 0, 0)


WAYS = {"graphql": over_graphql, "rest": over_rest, "webhooks": from_webhooks}


async def captured(way: str, kind: str, path: Path) -> Rows:
    """Every row of every table, without times of ours."""
    world = everything()
    async with services(world, kind, path) as at:
        await WAYS[way](world, at)
        return {name: rows_of(at.database, name) for name in TABLES}


def rows_of(where: Database, name: str) -> list[dict[str, Any]]:
    table = tables.metadata.tables[name]
    left_out = OWN_TIMES | COMPUTED
    found = where.read(lambda conn: list(conn.execute(select(table)).mappings()))
    rows = [{k: v for k, v in row.items() if k not in left_out} for row in found]
    return sorted(rows, key=lambda row: (row["github_id"], row.get("comment_type") or ""))


_reference: list[Rows] = []


@pytest.fixture
async def reference(tmp_path: Path) -> Rows:
    """Captured over GraphQL into SQLite, once."""
    if not _reference:
        _reference.append(await captured("graphql", "sqlite", tmp_path / "reference.db"))
    return _reference[0]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("way", WAYS)
async def test_every_way_into_either_database_ends_in_the_same_rows(
    reference: Rows, tmp_path: Path, way: str, kind: str
) -> None:
    found = await captured(way, kind, tmp_path / "found.db")
    for name in TABLES:
        assert [row["github_id"] for row in found[name]] == [
            row["github_id"] for row in reference[name]
        ], name
        for here, there in zip(found[name], reference[name], strict=True):
            assert here == there, name


def test_the_repository_has_what_is_hard(reference: Rows) -> None:
    pulls, comments = reference["pull_requests"], reference["comments"]
    assert {row["account_type"] for row in reference["contributors"]} >= {"User", "Bot"}
    for key in ("milestone", "labels", "assignees", "requested_reviewers", "requested_teams"):
        assert any(row[key] for row in pulls), key
    assert any(row["milestone"] and row["labels"] is not None for row in reference["issues"])
    assert any(row["author_id"] is None for row in (*pulls, *comments))
    assert any(row["in_reply_to_github_id"] for row in comments)
    assert any(row["comment_type"] == "review_comment" and not row["line"] for row in comments)
    assert any(not row["body"] for row in pulls)
    assert any(row["state"] == "DISMISSED" for row in reference["reviews"])
