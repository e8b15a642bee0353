"""The index: all functions, by group, and the factories that bind them to a client."""

import functools
from typing import Final, TypedDict, cast

import inngest

from mainstem.catalog import Catalog
from mainstem.functions.capture import CAPTURE
from mainstem.functions.classify import CLASSIFY
from mainstem.functions.events import (
    NewRepositoryDiscovered,
    PrActivityRequested,
    RepositorySizeRequested,
    RepositorySyncEnhancedRequested,
    WorkspaceMetricsRequested,
    WorkspacePrioritiesRequested,
    WorkspaceRepositoryChanged,
)
from mainstem.functions.services import Services
from mainstem.functions.update import UPDATE
from mainstem.functions.webhooks import (
    WEBHOOKS,
    GithubDeliveriesRecover,
    GithubWebhookReceived,
)

# The keys are the functions' ids, as a checker and an editor know them; a test holds them to the
# catalogue. They need the functional form: an id has hyphens.
CaptureFunctions = TypedDict(
    "CaptureFunctions",
    {
        "capture-pr-details": inngest.Function[object],
        "capture-pr-details-graphql": inngest.Function[object],
        "capture-pr-reviews": inngest.Function[object],
        "capture-pr-comments": inngest.Function[object],
        "capture-issue-comments": inngest.Function[object],
        "capture-repository-issues": inngest.Function[object],
        "capture-repository-sync": inngest.Function[object],
        "capture-repository-sync-graphql": inngest.Function[object],
        "capture-repository-events": inngest.Function[object],
        "capture-repository-comments-all": inngest.Function[object],
        "capture-repository-discussions": inngest.Function[object],
        "capture-repository-sync-enhanced": inngest.Function[object],
        "reconcile-repository": inngest.Function[object],
    },
)
ClassifyFunctions = TypedDict(
    "ClassifyFunctions",
    {
        "classify-repository-size": inngest.Function[object],
        "classify-single-repository": inngest.Function[object],
    },
)
UpdateFunctions = TypedDict(
    "UpdateFunctions",
    {
        "update-pr-activity": inngest.Function[object],
        "discover-new-repository": inngest.Function[object],
        "aggregate-workspace-metrics": inngest.Function[object],
        "scheduled-workspace-aggregation": inngest.Function[object],
        "handle-workspace-repository-change": inngest.Function[object],
        "cleanup-workspace-metrics-data": inngest.Function[object],
        "sync-workspace-priorities": inngest.Function[object],
        "refresh-repository-metadata-cron": inngest.Function[object],
        "sync-workspace-comments-cron": inngest.Function[object],
        "sync-discussions-cron": inngest.Function[object],
        "schedule-reconciliation": inngest.Function[object],
    },
)


WebhookFunctions = TypedDict(
    "WebhookFunctions",
    {
        "handle-github-webhook": inngest.Function[object],
        "recover-github-deliveries": inngest.Function[object],
    },
)


class InngestFunctions(CaptureFunctions, ClassifyFunctions, UpdateFunctions, WebhookFunctions):
    """All of them, by id."""


RECEIVED: Final = (
    GithubDeliveriesRecover,
    GithubWebhookReceived,
    NewRepositoryDiscovered,
    PrActivityRequested,
    RepositorySizeRequested,
    RepositorySyncEnhancedRequested,
    WorkspaceMetricsRequested,
    WorkspacePrioritiesRequested,
    WorkspaceRepositoryChanged,
)
"""Events that people and other programs send; the others come from our own functions."""


@functools.cache
def catalogue() -> Catalog[Services]:
    """All definitions. Always the same object: what it bound before, it finds again."""
    return Catalog([*CAPTURE, *CLASSIFY, *UPDATE, *WEBHOOKS], receives=RECEIVED)


def create_inngest_functions(client: inngest.Inngest, services: Services) -> InngestFunctions:
    """Every function, bound to `client`, by id."""
    return cast("InngestFunctions", dict(catalogue().bind(client, services).by_id))


def create_capture_functions(client: inngest.Inngest, services: Services) -> CaptureFunctions:
    """Those that read GitHub and store what it says."""
    return cast("CaptureFunctions", _group("capture", client, services))


def create_classify_functions(client: inngest.Inngest, services: Services) -> ClassifyFunctions:
    """The two that tell how big a repository is."""
    return cast("ClassifyFunctions", _group("classify", client, services))


def create_update_functions(client: inngest.Inngest, services: Services) -> UpdateFunctions:
    """Those that find repositories, refresh what is stored and look after workspaces."""
    return cast("UpdateFunctions", _group("update", client, services))


def create_webhook_functions(client: inngest.Inngest, services: Services) -> WebhookFunctions:
    """The two that apply what GitHub delivers, and find what it could not."""
    return cast("WebhookFunctions", _group("webhooks", client, services))


def _group(
    name: str, client: inngest.Inngest, services: Services
) -> dict[str, inngest.Function[object]]:
    # Bound as a whole and then picked from: a function invoked by another is bound with it, and
    # however often the factories are called, a client has each function once.
    bound = catalogue().bind(client, services)
    return {definition.id: bound.by_id[definition.id] for definition in catalogue().group(name)}
