"""Sending typed events from outside a run."""

from collections.abc import Sequence
from typing import Protocol

import inngest

from mainstem.catalog.events import EventData


class Sender(Protocol):
    """What a component asks for that wants to send events and nothing else."""

    async def __call__(
        self, events: EventData | Sequence[EventData], /, *, event_id: str = ""
    ) -> list[str]:
        """Send; gives the server's ids, in order."""
        ...


def client_sender(client: inngest.Inngest) -> Sender:
    """A sender over `client`.

    `event_id`, where given, makes a second sending of the same thing start nothing for 24 hours;
    with several events each gets it with `:n` behind. Wrong data raises `BadEventData` before
    anything leaves; an empty list sends nothing.
    """

    async def send(events: EventData | Sequence[EventData], /, *, event_id: str = "") -> list[str]:
        ready = _checked(events, event_id)
        try:
            return await client.send(ready) if ready else []
        except Exception as error:
            error.add_note(_mend(client))
            raise

    return send


class SenderSync(Protocol):
    """`Sender` for code that is not async."""

    def __call__(
        self, events: EventData | Sequence[EventData], /, *, event_id: str = ""
    ) -> list[str]:
        """Send and wait; gives the server's ids, in order."""
        ...


def client_sender_sync(client: inngest.Inngest) -> SenderSync:
    """The same as `client_sender`, for code that is not async."""

    def send(events: EventData | Sequence[EventData], /, *, event_id: str = "") -> list[str]:
        ready = _checked(events, event_id)
        try:
            return client.send_sync(ready) if ready else []
        except Exception as error:
            error.add_note(_mend(client))
            raise

    return send


def _mend(client: inngest.Inngest) -> str:
    """What the SDK's errors leave out: where it was sent, and what to look at."""
    mode = "cloud" if client.is_production else "dev"
    return (
        f"Events of app '{client.app_id}' ({mode} mode) go to {client.event_api_origin}. Is that "
        "the environment's server, and does it answer? If it refused the key, set "
        "INNGEST_EVENT_KEY to that environment's; `mainstem doctor` shows what is read."
    )


def _checked(events: EventData | Sequence[EventData], event_id: str) -> list[inngest.Event]:
    if isinstance(events, EventData):
        return [events.to_event(event_id=event_id)]
    return [
        event.to_event(event_id=f"{event_id}:{n}" if event_id else "")
        for n, event in enumerate(events)
    ]
