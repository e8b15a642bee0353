"""One class is an event for both sides, and nothing is coerced between them."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pydantic
import pytest

from mainstem.catalog import EventData, Scheduled
from mainstem.errors import BadEventData, DefinitionError


class ReviewsAsked(EventData, name="capture/pr.reviews"):
    repository_id: UUID
    pr_number: int
    seen_at: datetime | None = None


GOOD = {"repositoryId": str(UUID(int=1)), "prNumber": 7}


def test_on_the_wire_keys_are_camel_case_and_values_plain_json() -> None:
    at = datetime(2026, 1, 2, tzinfo=UTC)
    event = ReviewsAsked(repository_id=UUID(int=1), pr_number=7, seen_at=at)
    assert event.to_wire() == {**GOOD, "seenAt": "2026-01-02T00:00:00Z"}


def test_what_was_sent_is_received_as_an_equal_value() -> None:
    event = ReviewsAsked(
        repository_id=uuid4(), pr_number=7, seen_at=datetime(2026, 1, 2, tzinfo=UTC)
    )
    assert ReviewsAsked.from_wire(event.to_wire()) == event


@pytest.mark.parametrize(
    ("data", "fields", "told"),
    [
        ({**GOOD, "prNumber": "7"}, ("prNumber",), "valid integer"),
        ({**GOOD, "prNumber": 7.5}, ("prNumber",), "'prNumber'"),
        ({**GOOD, "prNumber": True}, ("prNumber",), "'prNumber'"),
        ({"prNumber": 7}, ("repositoryId",), "field required"),
        ({**GOOD, "prnumber": 7}, ("prnumber",), "did you mean 'prNumber'?"),
        ({**GOOD, "zebra": 7}, ("zebra",), "known: repositoryId, prNumber, seenAt"),
        ({**GOOD, "pr_number": 7}, ("pr_number",), "did you mean 'prNumber'?"),
        ({"repositoryId": "x", "prNumber": "7"}, ("repositoryId", "prNumber"), "; "),
    ],
)
def test_wrong_data_is_refused_naming_event_and_fields(
    data: dict[str, object], fields: tuple[str, ...], told: str
) -> None:
    with pytest.raises(BadEventData) as caught:
        ReviewsAsked.from_wire(data)
    assert caught.value.fields == fields
    assert caught.value.event_name == "capture/pr.reviews"
    assert told in str(caught.value)


def test_a_refusal_does_not_repeat_the_values() -> None:
    with pytest.raises(BadEventData) as caught:
        ReviewsAsked.from_wire({**GOOD, "prNumber": "s3cret"})
    assert "s3cret" not in str(caught.value)


def test_the_servers_own_key_is_not_the_senders_mistake() -> None:
    assert ReviewsAsked.from_wire({**GOOD, "_inngest": {"fn_id": "x"}}).pr_number == 7


def test_a_wrong_or_unknown_field_cannot_be_made_in_the_first_place() -> None:
    with pytest.raises(pydantic.ValidationError, match="2 validation errors"):
        ReviewsAsked(repository_id=uuid4(), pr_number="7", number=7)  # type: ignore[arg-type, call-arg]


def test_an_event_is_frozen() -> None:
    event = ReviewsAsked(repository_id=uuid4(), pr_number=1)
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        event.pr_number = 2  # type: ignore[misc]


def test_a_class_without_a_name_is_a_base_and_cannot_be_sent() -> None:
    class ForRepository(EventData):
        repository_id: UUID

    class Synced(ForRepository, name="sync/done"):
        pass

    assert Synced(repository_id=UUID(int=1)).to_event().name == "sync/done"
    with pytest.raises(BadEventData, match="no event name"):
        ForRepository(repository_id=UUID(int=1)).to_event()


def test_an_event_class_under_another_needs_a_name_of_its_own() -> None:
    with pytest.raises(DefinitionError, match=r"its base is the event 'capture/pr\.reviews'"):

        class More(ReviewsAsked):
            pass


@pytest.mark.parametrize("name", ["x" * 256, " padded"])
def test_a_name_the_server_would_refuse_is_refused_with_the_class(name: str) -> None:
    with pytest.raises(DefinitionError, match="expected 1 to 255"):
        type("Odd", (EventData,), {}, name=name)


def test_a_scheduled_event_takes_what_the_server_adds_to_it() -> None:
    data = {"cron": "* * * * *", "scheduledAt": "2026-01-01T00:00:00Z", "later": 1}
    assert Scheduled.from_wire(data).scheduled_at == datetime(2026, 1, 1, tzinfo=UTC)


def test_an_event_id_goes_to_the_sdk_as_it_is() -> None:
    event = ReviewsAsked(repository_id=UUID(int=1), pr_number=7).to_event(event_id="once")
    assert (event.id, event.name, event.data["prNumber"]) == ("once", "capture/pr.reviews", 7)
