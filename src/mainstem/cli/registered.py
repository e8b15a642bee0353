"""What an app registered, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mainstem.engine import AppView

_CANARY = "mainstem-canary"
# The SDK registers each on-failure handler as a function of its own, triggered by this event.
_FAILED = "inngest/function.failed"


def registered(app: AppView) -> str:
    """How many functions `app` has; failure handlers and a canary counted apart."""
    handlers = sum(
        any(trigger.get("event") == _FAILED for trigger in function.triggers)
        and function.slug.endswith("-failure")
        for function in app.functions
    )
    has_canary = any(one.slug == f"{app.name}-{_CANARY}" for one in app.functions)
    functions = len(app.functions) - handlers - has_canary
    words = [f"{functions} function{'s' * (functions != 1)}"]
    words += [f"{handlers} failure handler{'s' * (handlers != 1)}"] if handlers else []
    words += ["a canary"] if has_canary else []
    return ", ".join(words)
