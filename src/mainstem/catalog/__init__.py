"""What a function definition is, and how definitions become functions of one client.

A definition is inert: data and a handler, made with `define`, listed in a `Catalog`, bound late
with `Catalog.bind(client, services)`. Events are classes (`EventData`) shared by sender and
receiver. This room makes no client, reads no settings, and knows nothing of what functions do.
"""

from inngest import NonRetriableError, RetryAfterError, StepError

from mainstem.catalog.binding import BoundCatalog, check_served_by
from mainstem.catalog.catalogue import Catalog
from mainstem.catalog.config import ENVIRONMENTS, KEEP, Config, Keep, Override
from mainstem.catalog.definition import (
    AnyDefinition,
    Definer,
    Definition,
    FailureHandler,
    Handler,
    define,
)
from mainstem.catalog.events import EventData, Scheduled
from mainstem.catalog.failure import Failure, FunctionFailed
from mainstem.catalog.run import Run
from mainstem.catalog.sender import Sender, client_sender
from mainstem.catalog.triggers import OnCron, OnEvent, Trigger, any_of, cron, event

# The SDK's own classes: the server tells them apart by what they are, so they stay what they are.
__all__ = [
    "ENVIRONMENTS",
    "KEEP",
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
    "Handler",
    "Keep",
    "NonRetriableError",
    "OnCron",
    "OnEvent",
    "Override",
    "RetryAfterError",
    "Run",
    "Scheduled",
    "Sender",
    "StepError",
    "Trigger",
    "any_of",
    "check_served_by",
    "client_sender",
    "cron",
    "define",
    "event",
]
