"""Making the SDK's client from settings, and from nothing else.

The SDK's constructor falls back to the process's environment for whatever is not given to it, and
takes the fallback key from there alone. So everything is given; and where "none" cannot be given
(no key, no branch), what the SDK read on its own is replaced afterwards by what the settings say.
The result is then checked through the SDK's public properties: a release that moves these things
fails loudly here and not silently in production.
"""

import logging

import inngest
from pydantic import SecretStr

from mainstem.errors import MainstemError
from mainstem.settings import Settings


class ClientNotOurs(MainstemError):  # noqa: N818  it says what happened
    """The SDK's client does not have what the settings gave it; a release we do not know."""


class _Client(inngest.Inngest):
    """The SDK's client with the keys and the branch of the settings, whatever else is set."""

    def __init__(self, settings: Settings) -> None:
        event_key = _plain(settings.event_key)
        signing_key = _plain(settings.signing_key)
        fallback = _plain(settings.signing_key_fallback)
        super().__init__(
            app_id=settings.app_id,
            is_production=not settings.inngest_dev,
            event_key=event_key,
            signing_key=signing_key,
            api_base_url=settings.api_origin,
            event_api_base_url=settings.event_origin,
            env=settings.inngest_env,
            logger=logging.getLogger("mainstem.inngest"),
        )
        self._event_key = event_key
        for holder in (self, self._http_client):
            holder._signing_key = signing_key  # noqa: SLF001  see the module's first paragraph
            holder._signing_key_fallback = fallback  # noqa: SLF001
            holder._env = settings.inngest_env  # noqa: SLF001
        # The SDK builds every request with this one, whichever sends it. A kept connection would
        # belong to the event loop that opened it: used again in the next loop (a second
        # `asyncio.run`, a function host's next call) it fails with "Event loop is closed", and
        # nothing ever closes it. A step sends in one request, so little is lost.
        self._http_client._http_client_sync.headers["connection"] = "close"  # noqa: SLF001


def make_client(settings: Settings) -> inngest.Inngest:
    """A new client that has what `settings` say and nothing from the process's environment.

    Raises `ClientNotOurs` when the installed SDK keeps something to itself.
    """
    client = _Client(settings)
    expected = {
        "app_id": settings.app_id,
        "is_production": not settings.inngest_dev,
        "event_key": _plain(settings.event_key),
        "signing_key": _plain(settings.signing_key),
        "signing_key_fallback": _plain(settings.signing_key_fallback),
        "env": settings.inngest_env,
        "api_origin": settings.api_origin,
        "event_api_origin": settings.event_origin,
    }
    differing = [name for name, value in expected.items() if getattr(client, name) != value]
    if differing:
        raise ClientNotOurs(
            f"Cannot make the client of app '{settings.app_id}': the installed Inngest SDK did not "
            f"take {', '.join(differing)} from the settings. Install a release that Mainstem "
            "supports (see its dependencies), or report this one."
        )
    return client


def _plain(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
