"""How functions are held back, in the platform's terms."""

from datetime import timedelta

from inngest import Concurrency, Throttle

# Limits per repository alone bound nothing when many repositories are captured: they all spend one
# credential's budget (defect D27). Every function that carries this one shares it with the others
# of the environment; GitHub allows a hundred requests at once, and a run makes a few at a time.
ON_GITHUB = Concurrency(key='"github"', scope="env", limit=20)


def at_most(limit: int) -> tuple[Concurrency, Concurrency]:
    """At most `limit` steps at once for one repository, and the shared limit on GitHub."""
    return Concurrency(key="event.data.repositoryId", limit=limit), ON_GITHUB


def per_minute(limit: int) -> Throttle:
    """At most `limit` runs start in a minute; the rest wait, none is dropped.

    Never keyed by priority: each priority would have a budget of its own (defect D28).
    """
    return Throttle(limit=limit, period=timedelta(minutes=1))
