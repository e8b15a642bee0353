"""Every environment by every adapter: all functions register, each takes an event and completes.

The functions as they are, on their real services: a database file, a pretend GitHub over
HTTP, the real SDK, the adapter's own server over a socket, the embedded engine in the environment's
mode, with its keys where it has any.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import inngest
import pytest

from mainstem.catalog import EventData, client_sender
from mainstem.clients import client_for
from mainstem.engine import Engine, RunStatus, RunView
from mainstem.functions import (
    IssueCommentsRequested,
    NewRepositoryDiscovered,
    PrActivityRequested,
    PrCommentsRequested,
    PrDetailsGraphqlRequested,
    PrDetailsRequested,
    PrReviewsRequested,
    RepositoryCommentsRequested,
    RepositoryDiscussionsRequested,
    RepositoryEventsRequested,
    RepositoryIssuesRequested,
    RepositorySizeRequested,
    RepositorySyncEnhancedRequested,
    RepositorySyncGraphqlRequested,
    RepositorySyncRequested,
    Services,
    SingleClassificationRequested,
    WorkspaceMetricsRequested,
    WorkspacePrioritiesRequested,
    WorkspaceRepositoryChanged,
    catalogue,
)
from mainstem.functions.capture import capture_repository_issues
from mainstem.functions.events import RepositoryReconcileRequested
from mainstem.functions.update import discover_new_repository
from mainstem.functions.webhooks.delivered import GithubDeliveriesRecover, GithubWebhookReceived
from mainstem.github import GitHub
from mainstem.serving import background
from mainstem.settings import Environment
from mainstem.simulate import Options, World, generate, simulated_github
from mainstem.store import Database, ids
from mainstem.store import workspaces as store
from mainstem.store.deliveries import StoredDelivery, keep_delivery
from mainstem.testing import run_handler

from .hosts import HOSTS, hosted
from .house import house

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
# The payloads of Lambda differ, the rest of the way is one: each has its test with the adapters.
ADAPTERS = [name for name in HOSTS if name not in ("aws_lambda-v1", "aws_lambda-alb")]

PING = StoredDelivery(
    delivery_id="ping-1",
    event="ping",
    action=None,
    hook_id=1,
    installation_github_id=None,
    repository_github_id=None,
    status="received",
    payload={"zen": "Speak like a human."},
    received_at=datetime.now(UTC),  # what is older than 30 days is dropped by another function
)


@dataclass(frozen=True)
class Filled:
    """A database that knows the repository of a small world, and a workspace with it."""

    path: Path
    world: World
    repository: UUID
    workspace: UUID


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Filled:
    """Made once; each test works on a copy."""
    path, world = tmp_path_factory.mktemp("matrix") / "filled.db", generate(5, 2)
    repository = ids.repository_id(world.repository.id)
    with Database(f"sqlite:///{path}") as database:
        database.upgrade()
        asyncio.run(discover(database, world, repository))
        workspace = database.write(store.create_workspace, "Work", "work", at=NOW)
        database.write(store.add_workspace_repository, workspace, repository, at=NOW)
        database.write(keep_delivery, PING)
    return Filled(path, world, repository, workspace)


async def discover(database: Database, world: World, repository: UUID) -> None:
    """Store what functions must find that do not begin from nothing: a repository and issues."""
    owner, name = world.repository.full_name.split("/")
    async with simulated_github(world) as github, client_of(github.url) as client:
        services = Services(database, client)
        found = NewRepositoryDiscovered(owner=owner, repo=name)
        await run_handler(discover_new_repository, found, services)
        issues = RepositoryIssuesRequested(repository_id=repository, history="full")
        await run_handler(capture_repository_issues, issues, services)


def client_of(url: str) -> GitHub:
    """A client of the pretend GitHub that does not wait."""
    return GitHub(base_url=url, token="t", sleep=at_once)


def an_event_for_each(filled: Filled) -> dict[str, EventData]:
    """By function id, an event that starts it; those that only a schedule starts are invoked."""
    owner, name = filled.world.repository.full_name.split("/")
    one: dict[str, Any] = {
        "repository_id": filled.repository,
        "pr_number": min(filled.world.repository.pulls),
    }
    return {
        "capture-pr-details": PrDetailsRequested(**one),
        "capture-pr-details-graphql": PrDetailsGraphqlRequested(**one),
        "capture-pr-reviews": PrReviewsRequested(**one),
        "capture-pr-comments": PrCommentsRequested(**one),
        "capture-issue-comments": IssueCommentsRequested(
            repository_id=filled.repository, issue_number=min(filled.world.repository.issues)
        ),
        "capture-repository-issues": RepositoryIssuesRequested(repository_id=filled.repository),
        "capture-repository-sync": RepositorySyncRequested(repository_id=filled.repository),
        "capture-repository-sync-graphql": RepositorySyncGraphqlRequested(
            repository_id=filled.repository
        ),
        "capture-repository-comments-all": RepositoryCommentsRequested(
            repository_id=filled.repository
        ),
        "capture-repository-discussions": RepositoryDiscussionsRequested(
            repository_id=filled.repository
        ),
        "capture-repository-sync-enhanced": RepositorySyncEnhancedRequested(
            repository_id=filled.repository
        ),
        "capture-repository-events": RepositoryEventsRequested(repository_id=filled.repository),
        "reconcile-repository": RepositoryReconcileRequested(repository_id=filled.repository),
        "handle-github-webhook": GithubWebhookReceived(delivery_id="ping-1", event="ping"),
        "recover-github-deliveries": GithubDeliveriesRecover(),
        "classify-repository-size": RepositorySizeRequested(),
        "classify-single-repository": SingleClassificationRequested(
            repository_id=filled.repository, owner=owner, repo=name
        ),
        "update-pr-activity": PrActivityRequested(repository_id=filled.repository),
        "discover-new-repository": NewRepositoryDiscovered(owner=owner, repo=name),
        "aggregate-workspace-metrics": WorkspaceMetricsRequested(
            workspace_id=filled.workspace, time_range="30d"
        ),
        "handle-workspace-repository-change": WorkspaceRepositoryChanged(
            workspace_id=filled.workspace, action="added", repository_id=filled.repository
        ),
        "sync-workspace-priorities": WorkspacePrioritiesRequested(),
    }


SCHEDULED = [
    definition.id
    for definition in catalogue()
    if not any(isinstance(one, inngest.TriggerEvent) for one in definition.triggers)
]

# Its run begins half a minute after its event, which nobody waits for here.
DEBOUNCED = {"handle-workspace-repository-change"}


async def at_once(_seconds: float) -> None:
    """The GitHub client's pauses, without the waiting."""


@asynccontextmanager
async def services_for(filled: Filled, tmp_path: Path) -> AsyncIterator[Services]:
    """The handlers' services on a copy of the database, with the world's GitHub."""
    path = tmp_path / "matrix.db"
    shutil.copy(filled.path, path)
    async with simulated_github(filled.world, options=Options(stats_pending=0)) as github:
        with Database(f"sqlite:///{path}") as database:
            async with client_of(github.url) as client:
                yield Services(database, client)


@asynccontextmanager
async def services_on_their_loop(
    adapter: str, filled: Filled, tmp_path: Path
) -> AsyncIterator[Services]:
    """The services, opened where the adapter's handlers run."""
    opening = services_for(filled, tmp_path)
    if adapter not in ("flask", "django", "aws_lambda"):
        async with opening as services:
            yield services
        return
    yield await asyncio.to_thread(background.opened, opening)
    await asyncio.to_thread(background.close)


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("environment", list(Environment))
async def test_every_function_registers_takes_an_event_and_completes(
    environment: str, adapter: str, filled: Filled, tmp_path: Path
) -> None:
    branch = {"INNGEST_ENV": "a-branch"} if environment == "preview" else {}
    async with (
        house(environment, clock=None, **branch) as there,
        services_on_their_loop(adapter, filled, tmp_path) as services,
        hosted(adapter, catalogue(), services, there.settings) as url,
    ):
        await there.register(url)
        [app] = there.engine.apps()
        assert (app.name, app.conflicts, app.last_error) == ("shop", (), None)
        registered = {one.slug.removeprefix("shop-") for one in app.functions}
        assert registered >= set(catalogue().ids)

        send = client_sender(client_for(there.settings))
        for event in an_event_for_each(filled).values():
            await send(event)
        for function_id in SCHEDULED:
            there.engine.invoke(f"shop-{function_id}", {})
        expected = set(catalogue().ids) - DEBOUNCED
        ended = await first_ends(there.engine, expected)
        assert ended == dict.fromkeys(expected, RunStatus.COMPLETED)
        if url:
            # What these runs started goes on: no call may come to a server that is being closed.
            await there.engine.aclose()


async def first_ends(engine: Engine, expected: set[str]) -> dict[str, RunStatus]:
    """How the first run of each function ended. What these start in turn is throttled: 20 a minute
    and the like, which nobody waits for here."""
    deadline = asyncio.get_running_loop().time() + 30
    while True:
        first: dict[str, RunView] = {}
        for run in engine.runs(limit=500):  # the newest come first
            first[run.function_id.removeprefix("shop-")] = run
        for late in DEBOUNCED:
            first.pop(late, None)
        is_done = set(first) == expected and all(run.is_over for run in first.values())
        if is_done or asyncio.get_running_loop().time() > deadline:
            return {function_id: run.status for function_id, run in first.items()}
        await asyncio.sleep(0.02)


def test_the_matrix_has_an_event_for_every_function(filled: Filled) -> None:
    assert {*an_event_for_each(filled), *SCHEDULED} == set(catalogue().ids)
    assert {d.id for d in catalogue() if d.config.debounce} == DEBOUNCED
