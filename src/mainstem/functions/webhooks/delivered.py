"""The two events of this group: a delivery is there, and deliveries are to be looked for."""

from __future__ import annotations

from mainstem.catalog import EventData


class GithubWebhookReceived(EventData, name="github/webhook.received"):
    """A delivery of GitHub's is stored and waits to be handled.

    `delivery_id` is its GUID; the payload stays in the database. The other fields are there for
    limits, filters and eyes.
    """

    delivery_id: str
    event: str
    action: str | None = None
    repository_github_id: int | None = None
    installation_github_id: int | None = None


class GithubDeliveriesRecover(EventData, name="github/deliveries.recover"):
    """Look now for deliveries that were not handled, or that never came. It carries no data."""
