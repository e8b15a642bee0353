"""One app, one list of functions: an app id is not served twice with two different lists.

A sync replaces what the server holds of an app (Inngest SDK protocol, section 4.1). Two endpoints
of one app with different lists therefore take the functions from each other, sync by sync, and
each looks right when it is looked at alone. So it is refused where it can be seen, in the process.
"""

from __future__ import annotations

import gc
import os
import threading
from dataclasses import dataclass
from typing import Any, Protocol
from weakref import ref

import inngest

from mainstem.errors import MainstemError


class DoubleServe(MainstemError):  # noqa: N818  it says what happened
    """One app id would be served twice in this process, with other functions or another client."""

    def __init__(self, app_id: str, *, first: str, second: str, difference: str, mend: str) -> None:
        self.app_id = app_id
        super().__init__(
            f"Cannot serve app '{app_id}' at {second}: this process serves it at {first} already, "
            f"{difference}. The server keeps one list of functions per app, the one that was "
            f"synced last. {mend}"
        )


class Serving(Protocol):
    """What is compared: whose functions, which, and where."""

    @property
    def client(self) -> inngest.Inngest:
        """The one client."""
        ...

    @property
    def function_ids(self) -> frozenset[str]:
        """The ids of the functions served."""
        ...

    @property
    def place(self) -> str:
        """Where it is served, in words."""
        ...


@dataclass(frozen=True, slots=True)
class _App:
    """An app as a server knows it, in one process: a fork serves nothing of its parent's."""

    id: str
    api_origin: str
    branch: str | None
    process: int


# What is served now, by app. The references are weak: an endpoint that nobody holds serves nobody.
# Guarded by the lock.
_served: dict[_App, list[ref[Any]]] = {}
_lock = threading.Lock()


def note_serving(new: Serving) -> bool:
    """Take note that `new` is served; whether another endpoint serves the same already.

    Raises `DoubleServe` when one does it with another client or with other functions.
    """
    client = new.client
    app = _App(client.app_id, client.api_origin, client.env, os.getpid())
    with _lock:
        if _conflict(app, new) is not None:
            # Apps that were thrown away lie in reference cycles until they are collected.
            gc.collect()
        if (conflict := _conflict(app, new)) is not None:
            first, difference, mend = conflict
            raise DoubleServe(
                app.id, first=first, second=new.place, difference=difference, mend=mend
            )
        others = _living(app)
        _served[app] = [*(ref(other) for other in others), ref(new)]
        return bool(others)


def reset_serving() -> None:
    """Forget what is served, so that a test starts with nothing."""
    with _lock:
        _served.clear()


def _living(app: _App) -> list[Serving]:
    return [other for held in _served.get(app, ()) if (other := held()) is not None]


def _conflict(app: _App, new: Serving) -> tuple[str, str, str] | None:
    """Where `app` is served otherwise, what the difference is, and how to mend it."""
    for other in _living(app):
        if told := _difference(other, new):
            return other.place, *told
    return None


def _difference(first: Serving, second: Serving) -> tuple[str, str] | None:
    """What sets two endpoints of one app apart, and how to mend it."""
    if first.client is not second.client:
        return (
            "through another client",
            "Serve through one client: leave out `client=`, and give both the same settings.",
        )
    apart = sorted(first.function_ids ^ second.function_ids)
    if not apart:
        return None
    mend = (
        "Serve the whole catalogue at one place, or parts of it by `groups=` or `tags=`, each of "
        "which gets an app id of its own."
    )
    return f"with other functions (only one of the two has {', '.join(apart)})", mend
