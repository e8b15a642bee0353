"""Events: one class for sender and receiver, which refuses what the original let pass."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from mainstem.catalog import EventData
from mainstem.errors import BadEventData
from mainstem.functions import (
    Continuation,
    IssueCommentsRequested,
    PrActivityRequested,
    PrReviewsRequested,
    RepositorySyncRequested,
    SyncReason,
    WorkspaceMetricsRequested,
    catalogue,
)

ID = UUID("6f0c2c4e-3a55-5d0b-9f43-0d4c8c1b7a10")


@pytest.mark.parametrize(
    "event",
    [
        PrReviewsRequested(repository_id=ID, pr_number=3, pr_id=ID, pr_github_id=2**40),
        IssueCommentsRequested(repository_id=ID, issue_number=4),
        PrActivityRequested(repository_id=ID),
        RepositorySyncRequested(
            repository_id=ID,
            reason=SyncReason.AUTO_FIX,
            continuation=Continuation(
                part=1, stream="pulls", head=datetime(2026, 5, 1, tzinfo=UTC)
            ),
        ),
        WorkspaceMetricsRequested(
            workspace_id=ID, time_range="30d", trigger_metadata={"parent": [1, None]}
        ),
    ],
)
def test_what_is_sent_is_what_arrives(event: EventData) -> None:
    assert type(event).from_wire(event.to_wire()) == event


@pytest.mark.parametrize("number", ["17", [17], 17.5, 0, -1, None])
def test_d17_a_number_is_an_integer_whoever_sends_it(number: Any) -> None:
    with pytest.raises(BadEventData, match="prNumber"):
        PrReviewsRequested.from_wire({"repositoryId": str(ID), "prNumber": number})


@pytest.mark.parametrize("field", ["timeRange", "repository", "_idempotencyKey"])
def test_an_unknown_field_is_refused(field: str) -> None:
    with pytest.raises(BadEventData, match=field):
        RepositorySyncRequested.from_wire({"repositoryId": str(ID), field: 7})


def test_a_missing_field_is_refused() -> None:
    with pytest.raises(BadEventData, match="repositoryId"):
        RepositorySyncRequested.from_wire({"days": 7})


@pytest.mark.parametrize("days", [0, 366])
def test_an_activity_update_looks_back_a_year_at_most(days: int) -> None:
    with pytest.raises(BadEventData, match="days"):
        PrActivityRequested.from_wire({"repositoryId": str(ID), "days": days})


def test_every_event_of_the_original_has_its_name() -> None:
    assert sorted(catalogue().events) == [
        "capture/issue.comments",
        "capture/pr.comments",
        "capture/pr.details",
        "capture/pr.details.graphql",
        "capture/pr.reviews",
        "capture/repository.comments.all",
        "capture/repository.discussions",
        "capture/repository.events",
        "capture/repository.issues",
        "capture/repository.reconcile",
        "capture/repository.sync",
        "capture/repository.sync.enhanced",
        "capture/repository.sync.graphql",
        "classify/repository.single",
        "classify/repository.size",
        "discover/repository.new",
        "github/deliveries.recover",
        "github/webhook.received",
        "update/pr.activity",
        "workspace.metrics.aggregate",
        "workspace.repository.changed",
        "workspace/priorities.sync",
    ]
