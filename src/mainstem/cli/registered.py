"""What an app registered, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mainstem.engine import AppView

# The SDK registers each on-failure handler as a function of its own, triggered by this event.
_FAILED = "inngest/function.failed"


def registered(app: AppView) -> str:
    """How many functions `app` has; the failure handlers that come with them counted apart."""
    handlers = sum(
        any(trigger.get("event") == _FAILED for trigger in function.triggers)
        and function.slug.endswith("-failure")
        for function in app.functions
    )
    words = f"{len(app.functions) - handlers} functions"
    return f"{words}, {handlers} failure handlers" if handlers else words
