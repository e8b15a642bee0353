"""Every variable that the SDK would read by itself, and what keeps it from mattering.

Taken from the source of inngest 0.5.19; a test goes through the installed release and fails on a
variable that is not in the table. Most are neutralised by a value that is given explicitly. Two
have no argument (`INNGEST_THREAD_POOL_MAX_WORKERS`; and for "no limit"
`INNGEST_CONNECT_MAX_WORKER_CONCURRENCY`): where the SDK's own adapters or its Connect are built,
`sdk_environment` puts the settings' values in the variables' place meanwhile.

httpx, beneath the SDK, reads `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`, `SSL_CERT_FILE`
and `SSL_CERT_DIR`. They say how this machine reaches the network, and are left alone.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypedDict

import inngest

from mainstem.settings import Settings

_THREADS = "INNGEST_THREAD_POOL_MAX_WORKERS"
_CONNECT = "INNGEST_CONNECT_MAX_WORKER_CONCURRENCY"


@dataclass(frozen=True, slots=True)
class SdkVariable:
    """A variable, who in the SDK reads it, and what we do about it."""

    variable: str
    read_by: str
    neutralised: str


_GIVEN = "given to the constructor, always"
_REPLACED = "given to the constructor, and set again after it, where none is none"

SDK_VARIABLES: tuple[SdkVariable, ...] = (
    SdkVariable("INNGEST_DEV", "client: mode and origins", _GIVEN),
    SdkVariable("INNGEST_BASE_URL", "client: both origins", _GIVEN),
    SdkVariable("INNGEST_API_BASE_URL", "client: API origin", _GIVEN),
    SdkVariable("INNGEST_EVENT_API_BASE_URL", "client: event origin", _GIVEN),
    SdkVariable("INNGEST_EVENT_KEY", "client", _REPLACED),
    SdkVariable(
        "INNGEST_SIGNING_KEY",
        "client; adapter, in cloud mode without a key",
        f"{_REPLACED}; no client is made in cloud mode without a key",
    ),
    SdkVariable("INNGEST_SIGNING_KEY_FALLBACK", "client", "set after the constructor"),
    SdkVariable("INNGEST_ENV", "client: branch environment", _REPLACED),
    SdkVariable("RAILWAY_GIT_BRANCH", "client: branch environment", _REPLACED),
    SdkVariable("RENDER_GIT_BRANCH", "client: branch environment", _REPLACED),
    SdkVariable("VERCEL_GIT_COMMIT_REF", "client: branch environment", _REPLACED),
    SdkVariable(
        "INNGEST_SERVE_PATH",
        "adapter",
        "given by our adapters, and by `serve_options` to the SDK's",
    ),
    SdkVariable(
        "INNGEST_SERVE_ORIGIN",
        "adapter, at each sync",
        "given, where the settings have one; where they have none the SDK looks, at the variable "
        "from which the setting is read too",
    ),
    SdkVariable(
        "INNGEST_STREAMING", "adapter", "given by our adapters, and by `serve_options` to the SDK's"
    ),
    SdkVariable(
        "INNGEST_ENABLE_UNAUTHED_SYNC",
        "adapter",
        "given by our adapters, and by `serve_options` to the SDK's",
    ),
    SdkVariable(
        _THREADS, "adapter and Connect, when built", "set by our adapters; else `sdk_environment`"
    ),
    SdkVariable(
        _CONNECT, "Connect, when built", "given, where there is a limit; else `sdk_environment`"
    ),
)


class ServeOptions(TypedDict):
    """What the SDK's `serve` functions take besides app, client and functions."""

    enable_unauthed_sync: bool
    serve_origin: str | None
    serve_path: str
    streaming: inngest.Streaming


def serve_options(settings: Settings) -> ServeOptions:
    """The arguments of the SDK's `serve`, all given, so that it looks for none of them."""
    return {
        "enable_unauthed_sync": settings.unauthed_sync,
        "serve_origin": settings.serve_origin,
        "serve_path": settings.serve_path,
        "streaming": inngest.Streaming.FORCE if settings.streaming else inngest.Streaming.DISABLE,
    }


# Two adapters built at once would put back each other's values.
_lock = threading.RLock()


@contextmanager
def sdk_environment(settings: Settings) -> Iterator[None]:
    """While the block runs, the variables without an argument say what `settings` say.

    Build adapters and Connect workers inside it. The process's variables are as before afterwards.
    """
    said = {_THREADS: settings.thread_pool_workers, _CONNECT: settings.connect_max_concurrency}
    with _lock:
        before = {name: os.environ.get(name) for name in said}
        _set({name: None if value is None else str(value) for name, value in said.items()})
        try:
            yield
        finally:
            _set(before)


def _set(values: dict[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
