"""Webhooks: what GitHub delivers is applied, and what was not is found. Two functions.

Deliveries go through the writers of the captures, so that a database fed by webhooks alone equals
one that was captured. The endpoint that takes them in is `mainstem.web.webhooks`.
"""

from typing import Any

from mainstem.catalog import Definition
from mainstem.functions.services import Services
from mainstem.functions.webhooks.delivered import GithubDeliveriesRecover, GithubWebhookReceived
from mainstem.functions.webhooks.handle_delivery import handle_github_webhook
from mainstem.functions.webhooks.recover_deliveries import recover_github_deliveries

WEBHOOKS: tuple[Definition[Any, Services, Any], ...] = (
    handle_github_webhook,
    recover_github_deliveries,
)

__all__ = [
    "WEBHOOKS",
    "GithubDeliveriesRecover",
    "GithubWebhookReceived",
    "handle_github_webhook",
    "recover_github_deliveries",
]
