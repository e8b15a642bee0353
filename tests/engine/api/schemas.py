"""Whether a value is what a JSON schema says; only what our document uses, and nothing else."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

Json = Any
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
    "array": (list,),
    "object": (dict,),
}
_TOLD = {"description", "default"}
_KNOWN = {"type", "enum", "anyOf", "items", "properties", "required", "additionalProperties"} | {
    "$ref",
    "pattern",
    "format",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
}


def problems(document: Json, schema: Json, value: Json, where: str = "") -> Iterator[str]:
    """What is wrong with a value. Raises `AssertionError` for a schema this cannot read."""
    assert set(schema) <= _KNOWN | _TOLD, schema
    if "$ref" in schema:
        target = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        yield from problems(document, target, value, where)
    if "anyOf" in schema and all(
        list(problems(document, each, value, where)) for each in schema["anyOf"]
    ):
        yield f"{where}: {value!r} is none of {schema['anyOf']}"
    if "type" in schema and not _is_of(schema["type"], value):
        yield f"{where}: {value!r} is no {schema['type']}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} is not in {schema['enum']}"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{where}: {value!r} does not look like {schema['pattern']}"
    if schema.get("format") == "date-time":
        datetime.fromisoformat(value)
    if isinstance(value, list) and "items" in schema:
        for place, each in enumerate(value):
            yield from problems(document, schema["items"], each, f"{where}[{place}]")
    if isinstance(value, dict):
        yield from _of_object(document, schema, value, where)


def _is_of(kinds: Json, value: Json) -> bool:
    names = [kinds] if isinstance(kinds, str) else kinds
    if isinstance(value, bool):
        return "boolean" in names
    return any(isinstance(value, _TYPES[name]) for name in names)


def _of_object(document: Json, schema: Json, value: Json, where: str) -> Iterator[str]:
    described = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{where}: {name} is missing"
    for name, each in value.items():
        rest = schema.get("additionalProperties", {})
        if name in described:
            yield from problems(document, described[name], each, f"{where}.{name}")
        elif rest is False:
            yield f"{where}: {name} is not described"
        elif isinstance(rest, dict):
            yield from problems(document, rest, each, f"{where}.{name}")
