"""The work itself: capture, classify and update, as definitions that are bound elsewhere.

A definition is plain data and a coroutine; importing this room creates no client, opens nothing
and reads no environment. What a handler needs is handed to it as `Services`. The client, the
endpoint and the settings are other rooms' business.

`catalogue()` lists all of them; the factories bind them, or a group of them, to a client. Events
are sent by making one of the event classes here.
"""

from mainstem.functions.capture.planning import Expected, Line, expect
from mainstem.functions.catalogue import (
    CaptureFunctions,
    ClassifyFunctions,
    InngestFunctions,
    UpdateFunctions,
    WebhookFunctions,
    catalogue,
    create_capture_functions,
    create_classify_functions,
    create_inngest_functions,
    create_update_functions,
    create_webhook_functions,
)
from mainstem.functions.events import (
    Continuation,
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
    SingleClassificationRequested,
    SyncReason,
    WorkspaceMetricsRequested,
    WorkspacePrioritiesRequested,
    WorkspaceRepositoryChanged,
)
from mainstem.functions.services import Clock, CoolDowns, Limits, Services, SystemClock

__all__ = [
    "CaptureFunctions",
    "ClassifyFunctions",
    "Clock",
    "Continuation",
    "CoolDowns",
    "Expected",
    "InngestFunctions",
    "IssueCommentsRequested",
    "Limits",
    "Line",
    "NewRepositoryDiscovered",
    "PrActivityRequested",
    "PrCommentsRequested",
    "PrDetailsGraphqlRequested",
    "PrDetailsRequested",
    "PrReviewsRequested",
    "RepositoryCommentsRequested",
    "RepositoryDiscussionsRequested",
    "RepositoryEventsRequested",
    "RepositoryIssuesRequested",
    "RepositorySizeRequested",
    "RepositorySyncEnhancedRequested",
    "RepositorySyncGraphqlRequested",
    "RepositorySyncRequested",
    "Services",
    "SingleClassificationRequested",
    "SyncReason",
    "SystemClock",
    "UpdateFunctions",
    "WebhookFunctions",
    "WorkspaceMetricsRequested",
    "WorkspacePrioritiesRequested",
    "WorkspaceRepositoryChanged",
    "catalogue",
    "create_capture_functions",
    "create_classify_functions",
    "create_inngest_functions",
    "create_update_functions",
    "create_webhook_functions",
    "expect",
]
