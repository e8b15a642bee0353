"""Update: find repositories, refresh what is stored, and sum workspaces up. Three functions.

They read little themselves: discovery asks GitHub for one repository and starts the capture of the
rest by events, the activity update chooses pull requests and asks capture for them, and the
aggregation calculates over what is stored.
"""

from typing import Any

from mainstem.catalog import Definition
from mainstem.functions.services import Services
from mainstem.functions.update.new_repository import discover_new_repository
from mainstem.functions.update.pr_activity import update_pr_activity
from mainstem.functions.update.workspace_metrics import aggregate_workspace_metrics

UPDATE: tuple[Definition[Any, Services, Any], ...] = (
    update_pr_activity,
    discover_new_repository,
    aggregate_workspace_metrics,
)

__all__ = [
    "UPDATE",
    "aggregate_workspace_metrics",
    "discover_new_repository",
    "update_pr_activity",
]
