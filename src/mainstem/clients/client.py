"""Making the SDK's client from settings, and from nothing else.

The SDK's constructor falls back to the process's environment for whatever is not given to it, and
takes the fallback key from there alone. So everything is given; and where "none" cannot be given
(no key, no branch), what the SDK read on its own is replaced afterwards by what the settings say.
The result is then checked through the SDK's public properties: a release that moves these things
fails loudly here and not silently in production. `sdk_environment` lists every such variable.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

import inngest
from pydantic import SecretStr

from mainstem.errors import MainstemError, Problem, SettingsError, UnknownSdk
from mainstem.settings import Settings

Middleware = Callable[[inngest.Inngest, Any], inngest.Middleware | inngest.MiddlewareSync]


class ClientNotOurs(MainstemError):  # noqa: N818  it says what happened
    """The SDK's client does not have what the settings gave it; a release we do not know."""


class _Client(inngest.Inngest):
    """The SDK's client with the keys and the branch of the settings, whatever else is set."""

    def __init__(
        self,
        settings: Settings,
        middleware: Sequence[Middleware],
        serializer: inngest.Serializer | None,
    ) -> None:
        event_key = _plain(settings.event_key)
        signing_key = _plain(settings.signing_key)
        fallback = _plain(settings.signing_key_fallback)
        super().__init__(
            app_id=settings.app_id,
            app_version=settings.app_version,
            is_production=not settings.inngest_dev,
            event_key=event_key,
            signing_key=signing_key,
            api_base_url=settings.api_origin,
            event_api_base_url=settings.event_origin,
            env=settings.inngest_env,
            logger=logging.getLogger("mainstem.inngest"),
            middleware=list(middleware),
            serializer=serializer,
        )
        self._event_key = event_key
        for holder in (self, self._http_client):
            holder._signing_key = signing_key  # noqa: SLF001  see the module's first paragraph
            holder._signing_key_fallback = fallback  # noqa: SLF001
            holder._env = settings.inngest_env  # noqa: SLF001
        # The SDK builds every request with this one, whichever sends it. A kept connection would
        # belong to the event loop that opened it: used again in the next loop (a second
        # `asyncio.run`, a function host's next call) it fails with "Event loop is closed", and
        # nothing ever closes it. A host that freezes the process between two calls (AWS Lambda)
        # would wake with a connection that the other side has closed long ago. A step sends in one
        # request, so little is lost.
        self._http_client._http_client_sync.headers["connection"] = "close"  # noqa: SLF001


def make_client(
    settings: Settings,
    *,
    middleware: Sequence[Middleware] = (),
    serializer: inngest.Serializer | None = None,
) -> inngest.Inngest:
    """A new client that has what `settings` say and nothing from the process's environment.

    Raises `SettingsError` in cloud mode without a signing key, for which the SDK would look in the
    environment, `ClientNotOurs` when the installed SDK keeps something to itself, and `UnknownSdk`
    when it does not take what is handed to it.
    """
    if settings.signing_key is None and not settings.inngest_dev:
        raise SettingsError(
            [
                Problem(
                    "INNGEST_SIGNING_KEY",
                    "there is none, and cloud mode cannot check signatures without it",
                    "Give it to the settings, or set inngest_dev.",
                )
            ],
            environment=str(settings.environment),
            decided_by=settings.decided_by,
        )
    try:
        client = _Client(settings, middleware, serializer)
    except TypeError as error:  # an older release does not take what is handed over
        raise UnknownSdk(
            f"make the client of app '{settings.app_id}'", missing=f"such parameter: {error}"
        ) from error
    expected = {
        "app_id": settings.app_id,
        "app_version": settings.app_version,
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


def identity(settings: Settings) -> tuple[object, ...]:
    """What of `settings` a client depends on: equal identities need only one client."""
    return (
        settings.app_id,
        settings.app_version,
        settings.inngest_dev,
        settings.event_key,
        settings.signing_key,
        settings.signing_key_fallback,
        settings.inngest_env,
        settings.api_origin,
        settings.event_origin,
    )


def close_client(client: inngest.Inngest) -> None:
    """Close the HTTP clients inside `client`; a second time does nothing. It sends no more then."""
    http = client._http_client  # noqa: SLF001  the SDK has no way to close them
    http._http_client_sync.close()  # noqa: SLF001
    # Closing the asynchronous one needs an event loop, and this may be called inside one: so a loop
    # of its own, in a thread of its own. No connection is kept, so none belongs to another loop.
    closing = threading.Thread(target=_close_in_a_loop, args=(http._http_client,))  # noqa: SLF001
    closing.start()
    closing.join()


def _close_in_a_loop(http: Any) -> None:
    import asyncio

    asyncio.run(http.aclose())


def _plain(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
