"""`POST /webhooks/github`: check the signature, remember the delivery, send one event, answer.

GitHub waits ten seconds and does not try again by itself, so nothing slow is done here: what a
delivery means is the business of the function that the event starts. A delivery that is stored and
whose event could not be sent is found by `recover-github-deliveries`.

https://docs.github.com/en/webhooks/using-webhooks/best-practices-for-using-webhooks
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from typing import IO, Any, Final

import inngest
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from mainstem.catalog import client_sender
from mainstem.errors import StoreError
from mainstem.functions import Services
from mainstem.functions.webhooks import GithubWebhookReceived
from mainstem.github.webhooks import (
    MAX_BODY_BYTES,
    BadDelivery,
    Delivery,
    Signing,
    is_kept,
    read_delivery,
)
from mainstem.serving.log import say
from mainstem.settings import Settings
from mainstem.store import StoredDelivery, is_untried, keep_delivery

WEBHOOKS_PATH: Final = "/webhooks/github"

# Together under the ten seconds that GitHub waits.
_READ_WITHIN: Final = timedelta(seconds=4)
_STORE_WITHIN: Final = timedelta(seconds=3)
_SEND_WITHIN: Final = timedelta(seconds=2)

# Nobody is known before the signature is checked: until then a body takes this much memory, and
# the rest of a larger one lies on the disk. Read whole are only GitHub's own, a few at a time.
_BODY_IN_MEMORY: Final = 512 * 1024
_PARSED_AT_ONCE: Final = 4


def webhook_routes(settings: Settings, services: Any, client: inngest.Inngest) -> list[BaseRoute]:
    """The route, where a secret is set and `services` are our own; none otherwise."""
    secrets = [
        secret.get_secret_value()
        for secret in (settings.github_webhook_secret, settings.github_webhook_secret_fallback)
        if secret is not None
    ]
    if not secrets or not isinstance(services, Services):
        return []
    door = _Door(secrets, services, client)
    return [Route(WEBHOOKS_PATH, door.answer, methods=["POST"])]


class _Door:
    """What the answers need: the secrets, where deliveries are kept, how an event is sent."""

    def __init__(self, secrets: Sequence[str], services: Services, client: inngest.Inngest) -> None:
        self._secrets = secrets
        self._services = services
        self._send = client_sender(client)
        self._turns = asyncio.Semaphore(_PARSED_AT_ONCE)

    async def answer(self, request: Request) -> Response:
        """Answer one delivery."""
        if _declared_length(request) > MAX_BODY_BYTES:
            return _too_large()
        signing = Signing(self._secrets)
        with tempfile.SpooledTemporaryFile(max_size=_BODY_IN_MEMORY) as body:
            try:
                async with asyncio.timeout(_READ_WITHIN.total_seconds()):
                    fits = await _receive(request, signing, body)
            except (TimeoutError, ClientDisconnect):
                return _refused(408, "The body did not arrive in time.")
            if not fits:
                return _too_large()
            if not signing.matches(request.headers.get("x-hub-signature-256")):
                return _refused(401, "The signature is missing or does not fit the body.")
            async with self._turns:
                body.seek(0)
                return await self._take(dict(request.headers), body.read())

    async def _take(self, headers: dict[str, str], body: bytes) -> Response:
        try:
            delivery = await run_in_threadpool(read_delivery, headers, body)
        except BadDelivery as error:
            return _refused(400, str(error))
        kept = is_kept(delivery.event)
        database = self._services.database
        try:
            async with asyncio.timeout(_STORE_WITHIN.total_seconds()):
                is_new = await database.run_write(keep_delivery, self._stored(delivery, kept=kept))
                # One that a busy database stored after our 503 was told to nobody.
                is_untold = not is_new and await database.run_read(is_untried, delivery.id)
        except (StoreError, TimeoutError) as error:
            say("warning", "a webhook delivery was not stored", id=delivery.id, error=str(error))
            return _refused(503, "The delivery was not stored. Deliver it again later.")
        if not is_new:
            if is_untold:
                await self._announce(delivery)
            return _told(200, delivery, "known")
        if not kept:
            return _told(202, delivery, "ignored")
        await self._announce(delivery)
        return _told(202, delivery, "received")

    def _stored(self, delivery: Delivery, *, kept: bool) -> StoredDelivery:
        return StoredDelivery(
            delivery_id=delivery.id,
            event=delivery.event,
            action=delivery.action,
            hook_id=delivery.hook_id,
            installation_github_id=delivery.installation_id,
            repository_github_id=delivery.repository_id,
            status="received" if kept else "ignored",
            payload=delivery.payload if kept else None,
            received_at=self._services.clock.now(),
        )

    async def _announce(self, delivery: Delivery) -> None:
        event = GithubWebhookReceived(
            delivery_id=delivery.id,
            event=delivery.event,
            action=delivery.action,
            repository_github_id=delivery.repository_id,
            installation_github_id=delivery.installation_id,
        )
        try:
            async with asyncio.timeout(_SEND_WITHIN.total_seconds()):
                await self._send(event, event_id=delivery.id)
        except Exception as error:  # noqa: BLE001  whatever it is, the delivery is stored
            say(
                "warning",
                "the event of a webhook delivery was not sent; it is sent again within minutes",
                id=delivery.id,
                error=str(error) or type(error).__name__,
            )


async def _receive(request: Request, signing: Signing, body: IO[bytes]) -> bool:
    """Take the body in; False as soon as it is too large."""
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > MAX_BODY_BYTES:
            return False
        signing.update(piece)
        body.write(piece)
    return True


def _declared_length(request: Request) -> int:
    said = request.headers.get("content-length", "")
    return int(said) if said.isascii() and said.isdigit() else 0


def _told(status: int, delivery: Delivery, what: str) -> Response:
    return JSONResponse({"delivery": delivery.id, "status": what}, status_code=status)


def _refused(status: int, why: str) -> Response:
    return JSONResponse({"error": why}, status_code=status)


def _too_large() -> Response:
    return _refused(413, f"The body is larger than {MAX_BODY_BYTES} bytes; GitHub sends none such.")
