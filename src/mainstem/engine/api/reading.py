"""What was asked, read into the shape that an endpoint takes.

Everything a request says (path, query, body) is checked against one dataclass; what does not fit
is told by the parameter's name with what it may be.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import is_dataclass
from datetime import datetime
from enum import Enum
from types import NoneType
from typing import Any, Final, TypeVar, get_origin

from mainstem.engine.api.shapes import (
    Bounds,
    Field,
    MomentText,
    Pattern,
    alternatives,
    choices,
    fields_of,
    item_type,
    split,
)
from mainstem.engine.errors import BadParameter
from mainstem.engine.parsing import read_json as parse

Json = Any
_Shape = TypeVar("_Shape")
_WHOLE_NUMBER: Final = re.compile(r"-?[0-9]{1,18}")
# Half a pair of surrogates: a text that JSON can hold and no file.
_HALF: Final = re.compile("[\ud800-\udfff]")
_YEAR_10000: Final = 253_402_300_800_000
_BOOLEANS: Final = {"true": True, "false": False}


def read_asked(
    shape: type[_Shape],
    texts: Mapping[str, str],
    body: Mapping[str, Json],
    *,
    is_strict: bool,
) -> _Shape:
    """The request's shape, from texts (path and query) and the JSON body's fields.

    `is_strict` refuses names that the shape does not have. Raises `BadParameter`.
    """
    fields = fields_of(shape)
    known = {each.name for each in fields}
    unknown = sorted((texts.keys() | body.keys()) - known)
    if is_strict and unknown:
        raise BadParameter(unknown[0], f"no such parameter; there are {_listed(known)}")
    values: dict[str, Any] = {}
    for each in fields:
        if each.name in body:
            values[each.attribute] = _from_json(each.name, each.type, body[each.name])
        elif each.name in texts:
            values[each.attribute] = _from_text(each, texts[each.name])
        elif each.is_required:
            raise BadParameter(each.name, f"it is missing; it is {_told(each.type)}")
    return shape(**values)


def read_json(raw: bytes) -> Mapping[str, Json]:
    """The object in a request's body; an empty body is an empty object. Raises `BadParameter`."""
    try:
        parsed = parse(raw) if raw.strip() else {}
    except ValueError as error:
        raise BadParameter("the body", f"it is no JSON: {error}") from error
    if not isinstance(parsed, Mapping):
        raise BadParameter("the body", "it must be a JSON object")
    return parsed


def _from_text(field: Field, text: str) -> Any:
    """A parameter of the path or the query; lists are divided by commas."""
    annotation, _ = split(field.type)
    item = item_type(annotation)
    if item is not None:
        return tuple(_one(field.name, item, each) for each in text.split(",") if each)
    return _one(field.name, field.type, text)


def _one(name: str, annotation: Any, text: str) -> Any:
    inner, _ = split(annotation)
    kinds = [split(each)[0] for each in alternatives(inner)]
    if bool in kinds:
        return _from_json(name, annotation, _BOOLEANS.get(text.lower(), text))
    if int in kinds and _WHOLE_NUMBER.fullmatch(text):
        return _from_json(name, annotation, int(text))
    return _from_json(name, annotation, text)


def _from_json(name: str, annotation: Any, value: Json) -> Any:
    inner, notes = split(annotation)
    members = alternatives(inner)
    if len(members) > 1:
        if value is None and NoneType in members:
            return None
        (only,) = [each for each in members if each is not NoneType]
        return _from_json(name, only, value)
    read = _read_plain(name, inner, value, notes)
    if read is _WRONG or not _is_within(read, notes):
        raise BadParameter(name, f"it is {_told(annotation)}, not {_shown(value)}")
    return read


_WRONG: Final = object()


def _read_plain(name: str, annotation: Any, value: Json, notes: tuple[Any, ...]) -> Any:
    if any(isinstance(note, MomentText) for note in notes):
        moment = _moment(value) if isinstance(value, str) else value
        is_whole = isinstance(moment, int) and not isinstance(moment, bool)
        return moment if is_whole and 0 <= moment < _YEAR_10000 else _WRONG
    if texts := choices(annotation):
        if value not in texts:
            return _WRONG
        is_enum = isinstance(annotation, type) and issubclass(annotation, Enum)
        return annotation(value) if is_enum else value
    if (item := item_type(annotation)) is not None:
        if not isinstance(value, list):
            return _WRONG
        return tuple(_from_json(f"{name}[{place}]", item, each) for place, each in enumerate(value))
    if is_dataclass(annotation):
        if not isinstance(value, Mapping):
            return _WRONG
        return _nested(name, annotation, value)
    origin = get_origin(annotation)
    if annotation is Any or (origin is not None and isinstance(value, Mapping)):
        return value
    if isinstance(value, bool) and annotation is not bool:
        return _WRONG
    if isinstance(value, str) and _HALF.search(value):
        return _WRONG
    return value if origin is None and isinstance(value, annotation) else _WRONG


def _nested(name: str, shape: Any, value: Mapping[str, Json]) -> Any:
    try:
        return read_asked(shape, {}, value, is_strict=True)
    except BadParameter as error:
        raise BadParameter(f"{name}.{error.name}", error.problem) from error


def _moment(text: str) -> Any:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return _WRONG
    return _WRONG if moment.tzinfo is None else round(moment.timestamp() * 1000)


def _is_within(value: Any, notes: tuple[Any, ...]) -> bool:
    for note in notes:
        if isinstance(note, Bounds):
            size = len(value) if isinstance(value, tuple) else value
            if not note.low <= size <= note.high:
                return False
        elif isinstance(note, Pattern) and not note.regex.fullmatch(value):
            return False
    return True


_NAMES: Final = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}


def _told(annotation: Any) -> str:
    """What a parameter may be, for people."""
    inner, notes = split(annotation)
    members = [each for each in alternatives(inner) if each is not NoneType]
    if len(members) == 1 and members[0] is not inner:
        return _told(members[0])
    bounds = next((note for note in notes if isinstance(note, Bounds)), None)
    span = f" from {bounds.low} to {bounds.high}" if bounds else ""
    if pattern := next((note for note in notes if isinstance(note, Pattern)), None):
        return pattern.what
    if any(isinstance(note, MomentText) for note in notes):
        return "a moment: milliseconds since 1970, or RFC 3339 with its offset"
    if texts := choices(inner):
        return f"one of {_listed(texts)}"
    if (item := item_type(inner)) is not None:
        size = f" of {bounds.low} to {bounds.high} items" if bounds else ""
        return f"a list{size}, each {_told(item)}"
    return _NAMES.get(inner, "an object") + span


def _listed(names: Any) -> str:
    return ", ".join(repr(str(each)) for each in sorted(names)) or "none"


def _shown(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}..."
