"""The tokens a Connect worker gets when it begins, and shows when it opens its WebSocket.

The WebSocket has no authorization header; a worker proves by them that its start was let in. They
hold once, for a minute, and in this process only: a worker of an engine that was restarted begins
anew.
"""

import asyncio
import hmac
import secrets
from dataclasses import dataclass
from typing import Final

_HOLD_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Session:
    """What one worker was given; `expires` on the event loop's clock."""

    connection_id: str
    session_token: str
    sync_token: str
    expires: float


class Sessions:
    """The sessions that were given and not claimed yet."""

    def __init__(self) -> None:
        self._given: dict[str, Session] = {}

    def give(self) -> Session:
        """A new session."""
        now = asyncio.get_running_loop().time()
        self._given = {key: each for key, each in self._given.items() if each.expires > now}
        session = Session(
            connection_id=secrets.token_hex(16),
            session_token=secrets.token_urlsafe(32),
            sync_token=secrets.token_urlsafe(32),
            expires=now + _HOLD_SECONDS,
        )
        self._given[session.connection_id] = session
        return session

    def claim(self, connection_id: str, session_token: str, sync_token: str) -> bool:
        """Whether these are the tokens of a session that still holds; it ends with this."""
        session = self._given.pop(connection_id, None)
        if session is None or session.expires < asyncio.get_running_loop().time():
            return False
        pairs = ((session.session_token, session_token), (session.sync_token, sync_token))
        return all(hmac.compare_digest(ours.encode(), told.encode()) for ours, told in pairs)
