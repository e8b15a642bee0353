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
        if isinstance(events, EventData):
            return await client.send([events.to_event(event_id=event_id)])
        ready = [
            event.to_event(event_id=f"{event_id}:{n}" if event_id else "")
            for n, event in enumerate(events)
        ]
        return await client.send(ready) if ready else []

    return send
