"""How the capture functions are held back, in the platform's terms."""

from datetime import timedelta

from inngest import Concurrency, Throttle

# Limits per repository alone bound nothing when many repositories are captured: they all spend one
# credential's budget (defect D27). This one is shared by every capture function of the environment;
# GitHub allows a hundred requests at once, and a run makes a few at a time.
_AT_ONCE = Concurrency(key='"github"', scope="env", limit=20)


def at_most(limit: int) -> tuple[Concurrency, Concurrency]:
    """At most `limit` steps at once for one repository, and the shared limit on GitHub."""
    return Concurrency(key="event.data.repositoryId", limit=limit), _AT_ONCE


def per_minute(limit: int) -> Throttle:
    """At most `limit` runs start in a minute; the rest wait, none is dropped.

    Never keyed by priority: each priority would have a budget of its own (defect D28).
    """
    return Throttle(limit=limit, period=timedelta(minutes=1))
