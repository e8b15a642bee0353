"""What a function definition is, and how definitions become functions of one client.

A definition is inert: data and a handler, made with `define`, listed in a `Catalog`, bound late
with `Catalog.bind(client, services)`. Events are classes (`EventData`) shared by sender and
receiver. This room makes no client, reads no settings, and knows nothing of what functions do.
"""

from mainstem.catalog import lean  # noqa: F401  it comes before the SDK

# isort: split

from inngest import NonRetriableError, RetryAfterError, StepError

from mainstem.catalog.adoption import adopt
from mainstem.catalog.binding import BoundCatalog, check_served_by, shares_in
from mainstem.catalog.calling import VERSION_STEP
from mainstem.catalog.catalogue import Catalog
from mainstem.catalog.config import ENVIRONMENTS, KEEP, Config, Keep, Override
from mainstem.catalog.definition import Definer, Definition, FailureHandler, Handler, define
from mainstem.catalog.events import EventData, Scheduled
from mainstem.catalog.failure import Failure, FunctionFailed
from mainstem.catalog.guard import GuardRail
from mainstem.catalog.making import RETIRED
from mainstem.catalog.rollout import Rollout, Version, rollout
from mainstem.catalog.run import Run
from mainstem.catalog.sdk_definition import AnyDefinition, SdkDefinition, sdk_function
from mainstem.catalog.sender import Sender, SenderSync, client_sender, client_sender_sync
from mainstem.catalog.switches import FunctionSkipped, Skipped, Switches
from mainstem.catalog.triggers import OnCron, OnEvent, Trigger, any_of, cron, event

# The SDK's own classes: the server tells them apart by what they are, so they stay what they are.
__all__ = [
    "ENVIRONMENTS",
    "KEEP",
    "RETIRED",
    "VERSION_STEP",
    "AnyDefinition",
    "BoundCatalog",
    "Catalog",
    "Config",
    "Definer",
    "Definition",
    "EventData",
    "Failure",
    "FailureHandler",
    "FunctionFailed",
    "FunctionSkipped",
    "GuardRail",
    "Handler",
    "Keep",
    "NonRetriableError",
    "OnCron",
    "OnEvent",
    "Override",
    "RetryAfterError",
    "Rollout",
    "Run",
    "Scheduled",
    "SdkDefinition",
    "Sender",
    "SenderSync",
    "Skipped",
    "StepError",
    "Switches",
    "Trigger",
    "Version",
    "adopt",
    "any_of",
    "check_served_by",
    "client_sender",
    "client_sender_sync",
    "cron",
    "define",
    "event",
    "rollout",
    "sdk_function",
    "shares_in",
]
