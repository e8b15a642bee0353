"""GitHub's refusals in the platform's terms: give up, wait until a moment, or simply try again.

The client has already retried what a moment's patience mends. What is left is decided here, once:

- a limit: the step is tried again when GitHub says it is over, holding no worker meanwhile;
- a final refusal (not found, forbidden, no such token, blocked): truly final (defect D3);
- anything else passes through and is retried with the function's retries.

A 403 that is a limit and one that is a missing permission are two errors of the client, so neither
is taken for the other, as the original's two copies did (domain reference, section 10.5).
"""

from collections.abc import Iterator
from contextlib import contextmanager

from mainstem.catalog import NonRetriableError, RetryAfterError
from mainstem.functions.services import Clock
from mainstem.github import RateLimited, RequestFailed, SecondaryLimited


@contextmanager
def asking_github(clock: Clock) -> Iterator[None]:
    """Within: errors of the GitHub client become what the platform understands."""
    try:
        yield
    except RateLimited as error:
        raise RetryAfterError(str(error), error.resets_at) from error
    except SecondaryLimited as error:
        raise RetryAfterError(str(error), clock.now() + error.retry_after) from error
    except RequestFailed as error:
        if error.is_final:
            raise NonRetriableError(str(error)) from error
        raise
