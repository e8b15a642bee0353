"""What the API takes and gives, as dataclasses: their JSON, and the JSON schema that tells of it.

One description serves reading, answering and the OpenAPI document, so these cannot drift apart.
A field says more with `Annotated`: a text describes it, `Bounds` and `Pattern` limit it.
"""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

Json = Any
# The largest whole number that every language reads from JSON as it is.
MAX_NUMBER: Final = (1 << 53) - 1
COMPONENTS: Final = "#/components/schemas/"
_PLAIN: Final = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least and the greatest number, or length of a list."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a text looks like; `what` says it to people."""

    regex: re.Pattern[str]
    what: str


@dataclass(frozen=True, slots=True)
class MomentText:
    """A moment that may also be given as RFC 3339 text."""


Moment = Annotated[int, "Milliseconds since 1970 in UTC."]
AskedMoment = Annotated[int, MomentText(), "Milliseconds since 1970 in UTC, or RFC 3339."]
Ulid = Annotated[str, Pattern(re.compile("[0-7][0-9A-HJKMNP-TV-Z]{25}"), "a ULID")]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a shape: its name in JSON, its type, and its default if it may be left out."""

    name: str
    attribute: str
    type: Any
    is_required: bool
    default: Any


def fields_of(shape: Any) -> tuple[Field, ...]:
    """The fields of a dataclass. A trailing underscore keeps a name free that Python uses."""
    return _fields_of(shape)


@lru_cache(maxsize=256)
def _fields_of(shape: Any) -> tuple[Field, ...]:
    hints = get_type_hints(shape, include_extras=True)
    return tuple(
        Field(
            name=each.name.rstrip("_"),
            attribute=each.name,
            type=hints[each.name],
            is_required=each.default is dataclasses.MISSING,
            default=each.default,
        )
        for each in dataclasses.fields(shape)
    )


def plain(value: object) -> Json:
    """A shape as what `json.dumps` takes."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.attribute)) for each in fields_of(type(value))}
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(each) for each in value]
    return value


def split(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """A type without its `Annotated`, and what that says."""
    if get_origin(annotation) is Annotated:
        inner, *notes = get_args(annotation)
        return inner, tuple(notes)
    return annotation, ()


def alternatives(annotation: Any) -> tuple[Any, ...]:
    """The members of a union; the type itself when it is none."""
    is_union = get_origin(annotation) in (Union, UnionType)
    return get_args(annotation) if is_union else (annotation,)


def choices(annotation: Any) -> tuple[str, ...]:
    """The texts of a closed set, or none when it is open."""
    if get_origin(annotation) is Literal:
        return tuple(str(each) for each in get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return tuple(str(each.value) for each in annotation)
    return ()


def item_type(annotation: Any) -> Any | None:
    """What a list holds, or None when it is no list."""
    if get_origin(annotation) in (tuple, list, Sequence):
        return get_args(annotation)[0]
    return None


class Schemas:
    """Schemas of types; those of dataclasses are collected in `components` and referred to."""

    def __init__(self) -> None:
        self.components: dict[str, Json] = {}
        self._shapes: dict[str, Any] = {}

    def of(self, annotation: Any) -> Json:
        """The JSON schema of a type."""
        inner, notes = split(annotation)
        schema = dict(self._of_plain(inner))
        for note in notes:
            if isinstance(note, str):
                schema["description"] = note
            elif isinstance(note, Bounds):
                low, high = ("minItems", "maxItems") if "items" in schema else _NUMBER_BOUNDS
                schema |= {low: note.low, high: note.high}
            elif isinstance(note, Pattern):
                schema["pattern"] = f"^{note.regex.pattern}$"
            elif isinstance(note, MomentText):
                schema = {"anyOf": [schema, {"type": "string", "format": "date-time"}]}
        return schema

    def _of_plain(self, annotation: Any) -> Json:
        if annotation is Any or annotation is object:
            return {}
        if texts := choices(annotation):
            return {"type": "string", "enum": list(texts)}
        if annotation in _PLAIN:
            return {"type": _PLAIN[annotation]}
        members = alternatives(annotation)
        if len(members) > 1:
            return {"anyOf": [self.of(each) for each in members]}
        if (item := item_type(annotation)) is not None:
            return {"type": "array", "items": self.of(item)}
        if get_origin(annotation) is not None and issubclass(get_origin(annotation), Mapping):
            return {"type": "object", "additionalProperties": self.of(get_args(annotation)[1])}
        return self._refer(annotation)

    def _refer(self, shape: type[Any]) -> Json:
        name = shape.__name__
        if self._shapes.setdefault(name, shape) is not shape:
            raise TypeError(f"two shapes are called {name!r}; rename one of them")
        if name not in self.components:
            self.components[name] = {}  # a shape may hold itself
            self.components[name] = self.of_fields(shape, fields_of(shape))
        return {"$ref": COMPONENTS + name}

    def of_fields(self, shape: type[Any], fields: Sequence[Field]) -> Json:
        """The schema of an object with some of the fields of a shape."""
        described: dict[str, Json] = {}
        for each in fields:
            described[each.name] = self.of(each.type)
            if not each.is_required and each.default not in (None, ()):
                described[each.name]["default"] = plain(each.default)
        return {
            "type": "object",
            "description": first_line(shape.__doc__),
            "properties": described,
            "required": [each.name for each in fields if each.is_required],
            "additionalProperties": False,
        }


_NUMBER_BOUNDS: Final = ("minimum", "maximum")


def first_line(text: str | None) -> str:
    """The first paragraph of a docstring, as one line."""
    return " ".join((text or "").strip().partition("\n\n")[0].split())
