"""The one client of the environment: made lazily from settings, the same for equal settings.

Everything is handed to the SDK explicitly, so the client depends on no environment variable. What
is served with it, and where, is the business of `catalog` and `web`.
"""

from mainstem.clients.cache import (
    ClientMadeOtherwise,
    client_for,
    close_clients,
    log_client,
)
from mainstem.clients.client import ClientNotOurs
from mainstem.clients.current import current_client, current_settings, reset_clients
from mainstem.clients.sdk_environment import (
    SDK_VARIABLES,
    SdkVariable,
    ServeOptions,
    sdk_environment,
    serve_options,
)

__all__ = [
    "SDK_VARIABLES",
    "ClientMadeOtherwise",
    "ClientNotOurs",
    "SdkVariable",
    "ServeOptions",
    "client_for",
    "close_clients",
    "current_client",
    "current_settings",
    "log_client",
    "reset_clients",
    "sdk_environment",
    "serve_options",
]
