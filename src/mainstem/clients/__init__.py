"""The one client of the environment: made lazily from settings, the same for equal settings.

Everything is handed to the SDK explicitly, so the client depends on no environment variable. What
is served with it, and where, is the business of `catalog` and `web`.
"""

from mainstem.clients.cache import client_for, log_client, reset_clients
from mainstem.clients.client import ClientNotOurs

__all__ = ["ClientNotOurs", "client_for", "log_client", "reset_clients"]
