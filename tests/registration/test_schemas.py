"""Whether data of one schema is always read by another."""

from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

import pytest
from pydantic import BaseModel, Field

from mainstem.catalog import EventData
from mainstem.registration.schemas import refusals, schema_of, told


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Inner(BaseModel):
    part: int


class Everything(EventData, name="test/everything"):
    """A bit of each."""

    title: str
    some_id: UUID
    count: int = Field(default=1, ge=1)
    colour: Colour = Colour.RED
    how: Literal["fast", "slow"] = "fast"
    inner: Inner | None = None
    many: list[Inner] = []


def model(**fields: Any) -> type[EventData]:
    """An event class with these fields."""
    annotations = {name: kind for name, (kind, _) in fields.items()}
    values = {name: value for name, (_, value) in fields.items() if value is not ...}
    body = {"__annotations__": annotations, "__module__": __name__, **values}
    return type("Made", (EventData,), body, name="test/made")


def _refused(sent: type[EventData], read: type[EventData]) -> list[tuple[str, str]]:
    return [(one.field, one.kind) for one in refusals(schema_of(sent), schema_of(read))]


def test_a_class_reads_what_it_sends() -> None:
    assert _refused(Everything, Everything) == []


def test_a_field_called_title_is_no_prose() -> None:
    assert schema_of(Everything)["properties"]["title"] == {"type": "string"}
    assert "description" not in schema_of(Everything)


def test_names_are_those_of_the_wire_and_references_are_resolved() -> None:
    properties = schema_of(Everything)["properties"]
    assert properties["someId"] == {"format": "uuid", "type": "string"}
    assert "$ref" not in str(properties)


X = (int, ...)


@pytest.mark.parametrize(
    ("sent", "read", "expected"),
    [
        ({"a": X}, {"a": X, "b": (int, 1)}, []),
        ({"a": X, "b": X}, {"a": X}, [("b", "unknown")]),
        ({"a": X}, {"a": X, "b": X}, [("b", "missing")]),
        ({"a": (int, ...)}, {"a": (str, ...)}, [("a", "type")]),
        ({"a": (int, ...)}, {"a": (float, ...)}, []),
        ({"a": (float, ...)}, {"a": (int, ...)}, [("a", "type")]),
        ({"a": (int, ...)}, {"a": (int | None, ...)}, []),
        ({"a": (int | None, ...)}, {"a": (int, ...)}, [("a", "type")]),
        ({"a": (Literal["x"], ...)}, {"a": (Literal["x", "y"], ...)}, []),
        ({"a": (Literal["x", "y"], ...)}, {"a": (Literal["x"], ...)}, [("a", "type")]),
        ({"a": (Literal["x"], ...)}, {"a": (str, ...)}, []),
        ({"a": (str, ...)}, {"a": (Literal["x"], ...)}, [("a", "type")]),
        ({"a": (UUID, ...)}, {"a": (str, ...)}, []),
        ({"a": (str, ...)}, {"a": (UUID, ...)}, [("a", "type")]),
        ({"a": (int, Field(ge=2))}, {"a": (int, Field(ge=1))}, []),
        ({"a": (int, Field(ge=1))}, {"a": (int, Field(ge=2))}, [("a", "type")]),
        ({"a": (str, Field(max_length=9))}, {"a": (str, Field(max_length=5))}, [("a", "type")]),
        ({"a": (list[int], ...)}, {"a": (list[str], ...)}, [("a[]", "type")]),
        ({"a": (dict[str, int], ...)}, {"a": (dict[str, int], ...)}, []),
        ({"a": (Inner, ...)}, {"a": (Inner | None, None)}, []),
        ({"a": X}, {"a": (int, 5)}, []),
    ],
)
def test_what_may_be_sent_and_is_not_read(
    sent: dict[str, Any], read: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert _refused(model(**sent), model(**read)) == expected


def test_a_field_inside_is_named_with_its_path() -> None:
    class More(BaseModel):
        part: int
        extra: str

    class Outer(EventData, name="test/outer"):
        inner: Inner

    class Wider(EventData, name="test/outer"):
        inner: More

    assert _refused(Outer, Wider) == [("inner.extra", "missing")]


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "integer", "minimum": 1}, "integer (minimum 1)"),
        ({"enum": ["a", "b"]}, "one of a, b"),
        ({"const": 3}, "always 3"),
        ({"type": "array", "items": {"type": "string"}}, "array of string"),
        ({}, "anything"),
    ],
)
def test_a_schema_is_told_in_words(schema: dict[str, Any], words: str) -> None:
    assert told(schema) == words
