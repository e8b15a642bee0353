"""One client for equal settings, per process."""

import os
import threading

import inngest
import structlog

from mainstem.clients.client import make_client
from mainstem.settings import Environment, Settings

# By the settings' value and the process: a forked child must not share its parent's connections.
# Guarded by the lock.
_clients: dict[tuple[int, Settings], inngest.Inngest] = {}
_lock = threading.Lock()


def client_for(settings: Settings) -> inngest.Inngest:
    """The client of `settings`: made at the first call, the same one for equal settings after.

    Safe in any thread. In local development its making is logged, without secrets.
    """
    key = (os.getpid(), settings)
    with _lock:
        client = _clients.get(key)
        if client is None:
            client = _clients[key] = make_client(settings)
            log_client(settings)
        return client


def reset_clients() -> None:
    """Forget every client, so that a test starts with none."""
    with _lock:
        _clients.clear()


def log_client(settings: Settings) -> None:
    """Log how the client is configured: in full locally, at debug level elsewhere. No secrets."""
    log = structlog.stdlib.get_logger("mainstem.clients")
    say = log.info if settings.environment is Environment.LOCAL else log.debug
    say(
        "client configured",
        environment=str(settings.environment),
        decided_by=settings.decided_by,
        app_id=settings.app_id,
        mode="dev" if settings.inngest_dev else "cloud",
        api_origin=settings.shown()["api_origin"],
        event_origin=settings.shown()["event_origin"],
        branch=settings.inngest_env,
        event_key="set" if settings.event_key else "not set",
        signing_key="set" if settings.signing_key else "not set",
        signing_key_fallback="set" if settings.signing_key_fallback else "not set",
    )
