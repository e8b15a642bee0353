"""One client for equal settings, per process.

Everything that is kept is kept by process: a forked child finds nothing of its parent's, neither a
connection that both would write to nor a lock that another thread of the parent held.
"""

import os
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import inngest

from mainstem.clients.client import Middleware, close_client, identity, make_client
from mainstem.errors import MainstemError
from mainstem.settings import Environment, Settings


class ClientMadeOtherwise(MainstemError):  # noqa: N818  it says what happened
    """The one client of the settings has other middleware, or another serializer, than asked."""


@dataclass(frozen=True, slots=True)
class _Made:
    client: inngest.Inngest
    middleware: tuple[Middleware, ...]
    serializer: inngest.Serializer | None


@dataclass(slots=True)
class _Process:
    """The clients of one process, by what a client depends on. Guarded by the lock."""

    clients: dict[tuple[object, ...], _Made] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


# By process id. A child keeps its parent's entry and never looks at it: to drop it would close the
# parent's connections.
_processes: dict[int, _Process] = {}


def client_for(
    settings: Settings,
    *,
    middleware: Sequence[Middleware] = (),
    serializer: inngest.Serializer | None = None,
) -> inngest.Inngest:
    """The client of `settings`: made at the first call, the same one after.

    Settings that differ only in what a client does not depend on (a port, a log level) share one.
    Safe in any thread, task and forked process. `middleware` and `serializer` are the first
    caller's to give; who gives none later gets the client as it is, and who gives others gets
    `ClientMadeOtherwise`. In local development the making is logged, without secrets.
    """
    here = _here()
    with here.lock:
        made = here.clients.get(identity(settings))
        if made is None:
            client = make_client(settings, middleware=middleware, serializer=serializer)
            made = _Made(client, tuple(middleware), serializer)
            here.clients[identity(settings)] = made
            log_client(settings)
    if middleware and tuple(middleware) != made.middleware:
        raise _made_otherwise(settings, "middleware", _names(made.middleware), _names(middleware))
    if serializer is not None and serializer is not made.serializer:
        raise _made_otherwise(
            settings, "a serializer", _names([made.serializer]), _names([serializer])
        )
    return made.client


def close_clients() -> None:
    """Close every client of this process and forget it; call it when nothing sends any more.

    Twice is harmless. `client_for` makes a new one afterwards.
    """
    here = _here()
    with here.lock:
        made = list(here.clients.values())
        here.clients.clear()
    for one in made:
        close_client(one.client)


def forget_clients() -> None:
    """Forget every client of this process without closing one: others may still be sending."""
    here = _here()
    with here.lock:
        here.clients.clear()


def log_client(settings: Settings) -> None:
    """Log how the client is configured: in full locally, at debug level elsewhere. No secrets.

    Where no logs are set up, as on a function host, the latter is not worth loading structlog for.
    """
    is_local = settings.environment is Environment.LOCAL
    if not is_local and "structlog" not in sys.modules:
        return
    import structlog

    log = structlog.stdlib.get_logger("mainstem.clients")
    say = log.info if is_local else log.debug
    say(
        "client configured",
        environment=str(settings.environment),
        decided_by=settings.decided_by,
        app_id=settings.app_id,
        app_version=settings.app_version,
        mode="dev" if settings.inngest_dev else "cloud",
        api_origin=settings.shown()["api_origin"],
        event_origin=settings.shown()["event_origin"],
        branch=settings.inngest_env,
        event_key="set" if settings.event_key else "not set",
        signing_key="set" if settings.signing_key else "not set",
        signing_key_fallback="set" if settings.signing_key_fallback else "not set",
    )


def _here() -> _Process:
    # One step, so that two threads of a new child cannot make one each.
    return _processes.setdefault(os.getpid(), _Process())


def _made_otherwise(settings: Settings, what: str, has: str, asked: str) -> ClientMadeOtherwise:
    return ClientMadeOtherwise(
        f"Cannot give the client of app '{settings.app_id}' {what} ({asked}): this process made it "
        f"already, with {has}. Ask for it once, at the start, with everything that it needs."
    )


def _names(things: Sequence[object]) -> str:
    named = [
        getattr(thing, "__name__", type(thing).__name__) for thing in things if thing is not None
    ]
    return ", ".join(named) or "none"
