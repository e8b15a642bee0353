"""A bridge for code that used to make its client at import: the process's settings, read lazily.

New code is handed its settings and its client. What was migrated from a module-level client may
have no one to hand them down yet; it calls `current_client()` where it sends, and not at import.
"""

import os
import threading
from pathlib import Path

import inngest

from mainstem.clients.cache import client_for, forget_clients
from mainstem.settings import Settings, load_settings

# By process id, as the clients are.
_current: dict[int, Settings] = {}
_locks: dict[int, threading.Lock] = {}


def current_settings() -> Settings:
    """The settings of this process, read from its environment (and a `.env` file) once.

    Raises `SettingsError` with every problem, at each call until they are mended.
    """
    here = os.getpid()
    with _locks.setdefault(here, threading.Lock()):
        if here not in _current:
            _current[here] = load_settings(env_file=Path(".env"))
        return _current[here]


def current_client() -> inngest.Inngest:
    """The client of `current_settings`: the very one that `client_for` gives for equal settings."""
    return client_for(current_settings())


def reset_clients() -> None:
    """Forget every client and the current settings, so that a test starts with none.

    Nothing is closed: another thread may still be sending.
    """
    forget_clients()
    _current.clear()
