"""Who sends what: declared with the function, one class for each event name, sent typed."""

from typing import Any

import inngest
import pytest
from pydantic import ValidationError

from mainstem.catalog import Catalog, EventData, Run, client_sender_sync, define, event
from mainstem.errors import BadEventData, DefinitionError


class Asked(EventData, name="test/asked"):
    number: int


class Told(EventData, name="test/told"):
    number: int


class ToldOtherwise(EventData, name="test/told"):
    number: str
    more: int = 0


@define(id="tell", on=event(Asked), sends=(Told,))
async def tell(run: Run[Asked], services: None) -> None:
    await run.send("tell", Told(number=run.data.number))


class Kept(inngest.Inngest):
    """A client that keeps what it is to send."""

    def __init__(self) -> None:
        super().__init__(app_id="kept", is_production=False)
        self.sent: list[inngest.Event] = []

    async def send(
        self, events: inngest.Event | list[inngest.Event], *, skip_middleware: bool = False
    ) -> list[str]:
        return self.send_sync(events)

    def send_sync(
        self, events: inngest.Event | list[inngest.Event], *, skip_middleware: bool = False
    ) -> list[str]:
        batch = events if isinstance(events, list) else [events]
        self.sent += batch
        return [f"id-{n}" for n, _ in enumerate(batch)]


def test_the_catalogue_knows_every_event_that_is_sent_or_received() -> None:
    class Seen(EventData, name="test/seen"):
        number: int

    catalog: Catalog[None] = Catalog([tell], receives=[Seen, Asked])
    assert set(catalog.events) == {"test/asked", "test/told", "test/seen"}
    assert catalog.receives == (Seen, Asked)
    assert catalog.group().receives == (Seen, Asked)


def test_a_sender_and_a_receiver_of_different_classes_are_refused_with_the_fields() -> None:
    @define(id="hear", on=event(ToldOtherwise))
    async def hear(run: Run[ToldOtherwise], services: None) -> None: ...

    with pytest.raises(DefinitionError) as caught:
        Catalog([tell, hear])
    message = str(caught.value)
    assert "function 'hear'" in message
    assert "function 'tell'" in message
    assert "they differ in more, number" in message


def test_what_is_received_from_outside_is_compared_as_well() -> None:
    with pytest.raises(DefinitionError, match=r"`receives`.*differ in more, number"):
        Catalog([tell], receives=[ToldOtherwise])


async def test_a_binding_sends_typed_events_with_its_client() -> None:
    kept = Kept()
    bound = Catalog([tell]).bind(kept, None)
    assert await bound.send(Told(number=1)) == ["id-0"]
    assert bound.send_sync([Told(number=2), Told(number=3)], event_id="once") == ["id-0", "id-1"]
    assert [(sent.name, sent.data["number"], sent.id) for sent in kept.sent] == [
        ("test/told", 1, ""),
        ("test/told", 2, "once:0"),
        ("test/told", 3, "once:1"),
    ]


@pytest.mark.parametrize("data", [{"number": "1"}, {}])
async def test_wrong_data_are_refused_before_they_leave(data: Any) -> None:
    kept = Kept()
    bound = Catalog([tell]).bind(kept, None)
    with pytest.raises(BadEventData, match="'number'"):
        await bound.send(Told.model_construct(**data))
    with pytest.raises(BadEventData, match="'number'"):
        bound.send_sync(Told.model_construct(**data))
    assert kept.sent == []


def test_an_unknown_field_cannot_even_be_made() -> None:
    with pytest.raises(ValidationError, match="nubmer"):
        Told(number=1, nubmer=2)  # type: ignore[call-arg]
    with pytest.raises(BadEventData, match=r"'nubmer'.*did you mean 'number'"):
        Told.from_wire({"number": 1, "nubmer": 2})


def test_sending_nothing_sends_nothing() -> None:
    kept = Kept()
    assert client_sender_sync(kept)([]) == []
    assert kept.sent == []
