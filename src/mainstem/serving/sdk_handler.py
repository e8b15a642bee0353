"""The SDK's own handler, which every adapter of the SDK is made of; looked at here alone.

It has no public name. A release that has moved it, or changed what it takes, is told by name when
an endpoint is made (`UnknownSdk`), instead of failing at the first call.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from functools import cache
from typing import Any

import inngest

from mainstem.errors import MainstemError, UnknownSdk

# What is called, and what it must take or have.
_HANDLER_TAKES = {"client", "enable_unauthed_sync", "framework", "functions", "streaming"}
_HANDLER_HAS = ("get_sync", "post", "post_sync", "put", "put_sync")
_REQUEST_TAKES = {
    "body",
    "headers",
    "public_path",
    "query_params",
    "raw_request",
    "request_url",
    "serve_origin",
    "serve_path",
}
_RESPONSE_HAS = ("body_bytes", "from_error")


class NoSigningKey(MainstemError):  # noqa: N818  it says what is missing
    """A client in cloud mode has no signing key, so nothing that it serves could be trusted."""

    def __init__(self, app_id: str) -> None:
        self.app_id = app_id
        super().__init__(
            f"Cannot serve app '{app_id}' in cloud mode: its client has no signing key. Set "
            "INNGEST_SIGNING_KEY to the environment's key; `mainstem doctor` shows what is read."
        )


@cache
def sdk() -> Any:
    """The SDK's `comm_lib`, after a look at everything that we use of it. Raises `UnknownSdk`."""
    try:
        from inngest._internal import comm_lib, config_lib, server_lib
    except ImportError as error:
        raise UnknownSdk(
            "serve functions", missing=f"module that holds its handler ({error})"
        ) from error
    handler: Any = getattr(comm_lib, "CommHandler", None)
    request: Any = getattr(comm_lib, "CommRequest", None)
    response: Any = getattr(comm_lib, "CommResponse", None)
    lacking = [
        *_absent("CommHandler", _parameters(handler), _HANDLER_TAKES),
        *_absent("CommHandler", dir(handler), _HANDLER_HAS),
        *_absent("CommRequest", getattr(request, "model_fields", ()), _REQUEST_TAKES),
        *_absent("CommResponse", dir(response), _RESPONSE_HAS),
        *_absent("Framework", dir(getattr(server_lib, "Framework", None)), ("FAST_API", "FLASK")),
        *_absent("config_lib", dir(config_lib), ("get_serve_origin",)),
    ]
    if lacking:
        raise UnknownSdk("serve functions", missing=", ".join(lacking))
    return comm_lib


def check_key(client: inngest.Inngest) -> None:
    """Raise `NoSigningKey` for a client that could not check a signature, though it has to."""
    if client.is_production and not client.signing_key:
        raise NoSigningKey(client.app_id)


def make_handler(
    client: inngest.Inngest,
    functions: Sequence[inngest.Function[Any]],
    *,
    framework: str,
    is_streaming: bool,
    takes_unsigned_syncs: bool,
) -> Any:
    """The SDK's handler for `functions`. `framework` is the SDK's word, such as `fast_api`.

    Raises `UnknownSdk` and `NoSigningKey`.
    """
    comm_lib = sdk()
    check_key(client)
    from inngest._internal import server_lib

    streaming = inngest.Streaming.FORCE if is_streaming else inngest.Streaming.DISABLE
    return comm_lib.CommHandler(
        client=client,
        enable_unauthed_sync=takes_unsigned_syncs,
        framework=server_lib.Framework(framework),
        functions=list(functions),
        streaming=streaming,
    )


def origin_of_environment() -> str | None:
    """The serve origin that the SDK would take from the process's environment, if it were not told.

    It reads it anew at each sync. Where it differs from the settings it must be told another.
    """
    from inngest._internal import config_lib

    return config_lib.get_serve_origin(None)


def _parameters(handler: Any) -> Sequence[str]:
    try:
        return list(inspect.signature(handler).parameters)
    except (TypeError, ValueError):
        return []


def _absent(owner: str, found: Any, expected: Any) -> list[str]:
    return [f"{owner}.{name}" for name in sorted(set(expected) - set(found))]
