"""The JSON schema of an event's data, and whether one schema's data is always read by another.

One question answers three: may a receiver change like this, does a sender fit a receiver, do two
classes of one event agree. It is asked of the subset of JSON schema that pydantic writes; where a
constraint is not understood, "different" counts as "refused", which errs on the safe side.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from mainstem.catalog import EventData

Json = Any
Schema = Mapping[str, Json]

_PROSE: Final = frozenset({"title", "description", "examples", "deprecated"})
# A bound may only be loosened: the reader's must not be above (or below) the sender's.
_AT_LEAST: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_AT_MOST: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_UNDERSTOOD: Final = frozenset(
    {*_AT_LEAST, *_AT_MOST, "type", "enum", "const", "anyOf", "oneOf", "properties", "required",
     "additionalProperties", "items", "default", "format", "discriminator"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason why data may be refused: the field (dots lead inside), and what is wrong."""

    field: str
    kind: Literal["unknown", "missing", "optional", "type"]
    why: str


def schema_of(model: type[EventData]) -> dict[str, Json]:
    """The schema of what `model` reads from the wire: alias names, no prose, references resolved.

    A type that contains itself keeps its reference where it comes round again.
    """
    raw = model.model_json_schema(by_alias=True, mode="validation")
    definitions = raw.pop("$defs", {})
    plain: dict[str, Json] = _plain(raw, definitions, ())
    return plain


def refusals(
    sent: Schema, read: Schema, at: str = "", *, writes_defaults: bool = True
) -> Iterator[Refusal]:
    """Why data that fits `sent` may be refused by a reader of `read`; nothing when it never is.

    A sender of ours writes its defaults out; one from outside (`writes_defaults=False`) may leave
    out what has a default.
    """
    alternatives = _alternatives(read)
    for choice in _alternatives(sent):
        reasons = [list(_one(choice, option, at, writes_defaults)) for option in alternatives]
        if all(reasons):
            yield from (
                min(reasons, key=len)
                if len(alternatives) == 1
                else [Refusal(at, "type", f"{told(sent)} is sent where {told(read)} is read")]
            )
            return


def told(schema: Schema) -> str:
    """A schema in a few words.

    >>> told({"type": "string", "format": "uuid"}), told({"anyOf": [{"type": "integer"},
    ...     {"type": "null"}]})
    ('string (uuid)', 'integer or null')
    """
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    if "const" in schema:
        return f"always {schema['const']}"
    options = _alternatives(schema)
    if len(options) > 1:
        return " or ".join(told(option) for option in options)
    words = str(schema.get("type", "anything"))
    more = [str(schema["format"])] if "format" in schema else []
    more += [f"{name} {schema[name]}" for name in (*_AT_LEAST, *_AT_MOST) if name in schema]
    if "items" in schema:
        words += f" of {told(schema['items'])}"
    return f"{words} ({', '.join(more)})" if more else words


def _plain(schema: Json, definitions: Mapping[str, Json], within: tuple[str, ...]) -> Json:
    if isinstance(schema, list):
        return [_plain(item, definitions, within) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    if name and name not in within:
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        return _plain({**definitions[name], **rest}, definitions, (*within, name))
    return {
        key: (
            {field: _plain(of, definitions, within) for field, of in value.items()}
            if key == "properties"
            else value
            if key in ("default", "enum", "const")
            else _plain(value, definitions, within)
        )
        for key, value in sorted(schema.items())
        if key not in _PROSE
    }


def _alternatives(schema: Schema) -> list[Schema]:
    options = schema.get("anyOf") or schema.get("oneOf")
    return [inner for option in options for inner in _alternatives(option)] if options else [schema]


def _one(sent: Schema, read: Schema, at: str, writes_defaults: bool) -> Iterator[Refusal]:
    """As `refusals`, where neither side leaves a choice."""
    if not read or sent == read:
        return
    if not _type_fits(sent, read) or not _values_fit(sent, read) or not _bounds_fit(sent, read):
        yield Refusal(at, "type", f"{told(sent)} is sent where {told(read)} is read")
        return
    if "properties" in read or read.get("additionalProperties") is False:
        yield from _objects(sent, read, at, writes_defaults)
    if "items" in read:
        yield from refusals(
            sent.get("items", {}), read["items"], f"{at}[]", writes_defaults=writes_defaults
        )


def _type_fits(sent: Schema, read: Schema) -> bool:
    if "type" not in read or sent.get("type") == read["type"]:
        return True
    if "type" not in sent and ("const" in sent or "enum" in sent):
        return "const" in read or "enum" in read
    return (sent.get("type"), read["type"]) == ("integer", "number")


def _values_fit(sent: Schema, read: Schema) -> bool:
    may_read = read.get("enum", [read["const"]] if "const" in read else None)
    may_send = sent.get("enum", [sent["const"]] if "const" in sent else None)
    if may_read is not None:
        return may_send is not None and all(value in may_read for value in may_send)
    return read.get("format") in (None, sent.get("format")) or may_send is not None


def _bounds_fit(sent: Schema, read: Schema) -> bool:
    for name in _AT_LEAST:
        if name in read and not (name in sent and sent[name] >= read[name]):
            return False
    for name in _AT_MOST:
        if name in read and not (name in sent and sent[name] <= read[name]):
            return False
    others = [name for name in read if name not in _UNDERSTOOD]
    return all(json.dumps(sent.get(name)) == json.dumps(read[name]) for name in others)


def _objects(sent: Schema, read: Schema, at: str, writes_defaults: bool) -> Iterator[Refusal]:
    has: Mapping[str, Schema] = sent.get("properties", {})
    knows: Mapping[str, Schema] = read.get("properties", {})
    more = read.get("additionalProperties", True)
    for field in has.keys() - knows.keys():
        if more is False:
            yield Refusal(_in(at, field), "unknown", "it is sent, and the reader does not know it")
        elif isinstance(more, Mapping):
            yield from refusals(has[field], more, _in(at, field), writes_defaults=writes_defaults)
    for field in read.get("required", ()):
        if field not in has:
            yield Refusal(_in(at, field), "missing", "the reader needs it, and it is not sent")
        elif not writes_defaults and field not in sent.get("required", ()):
            yield Refusal(_in(at, field), "optional", "the reader needs it, and it may be left out")
    for field in has.keys() & knows.keys():
        yield from refusals(
            has[field], knows[field], _in(at, field), writes_defaults=writes_defaults
        )


def _in(at: str, field: str) -> str:
    return f"{at}.{field}" if at else field
