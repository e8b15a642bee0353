"""How large a request may be: one that is larger is refused as soon as that shows, not read."""

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mainstem.engine.limits import MAX_BODY_BYTES
from mainstem.engine.responses import problem_response


class BodyTooLarge(Exception):  # noqa: N818  reads as what happened, as in `errors`
    """A request has more bytes than it may."""


class Bounded:
    """Answers 413 for a request whose body is too large, by what it says or by what comes.

    `larger` are the doors that take more than the others, by what their paths begin with.
    """

    def __init__(self, app: ASGIApp, larger: Mapping[str, int]) -> None:
        self._app = app
        self._larger: Final = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = self._most(scope["path"])
        size, has_begun = 0, False

        async def receive_bounded() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > most:
                raise BodyTooLarge
            return message

        async def send_noted(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        if _announced(scope) > most:
            await _refusal(most)(scope, receive, send)
            return
        try:
            await self._app(scope, receive_bounded, send_noted)
        except BodyTooLarge:
            if not has_begun:
                await _refusal(most)(scope, receive, send)

    def _most(self, path: str) -> int:
        return next(
            (most for door, most in self._larger.items() if path.startswith(door)), MAX_BODY_BYTES
        )


def _refusal(most: int) -> Response:
    response = problem_response(f"The request is too large: {most} bytes may come here.", 413)
    # What is still coming is not read, so the connection can carry nothing after it.
    response.headers["connection"] = "close"
    return response


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0
