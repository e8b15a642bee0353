"""The steps an app reports, read and checked: what comes out has the shape the engine relies on.

Inngest SDK protocol, "Opcodes". An answer with one bad step is refused whole, so that nothing of it
is stored.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

Json = Any
OpName = Literal[
    "StepRun",
    "StepError",
    "StepFailed",
    "StepPlanned",
    "Sleep",
    "WaitForEvent",
    "WaitForSignal",
    "InvokeFunction",
    "AIGateway",
    "Gateway",
    "RunComplete",
    "DiscoveryRequest",
    "DeferAdd",
    "DeferAbort",
]
_NAMES: Final[Mapping[str, OpName]] = {
    "Step": "StepRun",  # older SDKs
    **{name: name for name in get_args(OpName)},
}
# SDKs send 40 characters, the hash of the step's own id.
_MAX_ID_LENGTH: Final = 255
_MAX_TEXT_LENGTH: Final = 4096


class BadOps(Exception):  # noqa: N818  what an app sent is no list of steps
    """A list of reported steps breaks the protocol; `name` is that of the error, as apps see it."""

    def __init__(self, name: str, message: str) -> None:
        self.name = name
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Op:
    """One step as an app reported it; `id` is the hash, `name` may be a time or an event's name.

    `spent` is how long the app says that it ran, in milliseconds.
    """

    id: str
    op: OpName
    name: str
    display_name: str
    opts: Mapping[str, Json] = field(default_factory=dict)
    data: Json = None
    error: Mapping[str, Json] | None = None
    spent: int = 0

    @property
    def is_error_of_run(self) -> bool:
        """Whether it is no step but the function itself that failed: it has an id and no name."""
        return self.id == _RUN_END and not self.display_name and self.op in _ERRORS

    @property
    def is_race(self) -> bool:
        """Whether it belongs to a group whose members do not wait for each other."""
        return self.opts.get("parallelMode") == "race"

    @property
    def input(self) -> Json:
        """What the step was given, for people: arguments, a payload, or the options of a wait."""
        kept = {k: v for k, v in self.opts.items() if k not in _OF_THE_SDK and v is not None}
        match self.op:
            case "InvokeFunction":
                return kept.get("payload")
            case "AIGateway" | "Gateway":
                # Addresses and headers may hold keys.
                return kept.get("body")
            case "Sleep":
                return {"until": self.name, **kept}
            case "WaitForEvent":
                return {"event": self.name, **kept}
            case "WaitForSignal":
                return kept
            case _:
                return kept.get("input")


# The id under which an SDK tells how a run ended.
_RUN_END: Final = hashlib.sha1(b"complete", usedforsecurity=False).hexdigest()
_ERRORS: Final = frozenset({"StepError", "StepFailed"})
# What an SDK keeps in `opts` for itself.
_OF_THE_SDK: Final = frozenset({"parallelMode", "span", "origin", "type"})


def read_ops(value: Json) -> tuple[Op, ...]:
    """The steps of a 206 answer or a checkpoint; the first of an id counts. Raises `BadOps`."""
    if not isinstance(value, list):
        raise BadOps("InvalidResponse", "A 206 answer holds a list of steps.")
    ops: dict[str, Op] = {}
    for raw in value:
        if not _is_nothing(raw):
            op = _read_op(raw)
            ops.setdefault(op.id, op)
    return tuple(ops.values())


def _is_nothing(raw: Json) -> bool:
    """Whether an op says that there is nothing from its branch."""
    return isinstance(raw, Mapping) and raw.get("op") in ("None", None) and "id" in raw


def _read_op(raw: Json) -> Op:
    if not isinstance(raw, Mapping) or not isinstance(raw.get("id"), str):
        raise BadOps("InvalidResponse", "A reported step has no id.")
    if not 0 < len(raw["id"]) <= _MAX_ID_LENGTH or not raw["id"].isprintable():
        message = "The id of a reported step is no text of 1 to 255 printable characters."
        raise BadOps("InvalidResponse", message)
    kind = raw.get("op")
    name = _NAMES.get(kind) if isinstance(kind, str) else None
    if name is None:
        message = f"This engine does not know the step kind {str(kind)[:80]!r}."
        raise BadOps("UnknownOpcode", message)
    title = _text(raw, "displayName") or _text(raw, "name")
    return Op(
        id=raw["id"],
        op=name,
        name=_text(raw, "name"),
        display_name=title[:_MAX_TEXT_LENGTH],
        opts=_mapping(raw, "opts", title),
        data=raw.get("data"),
        error=_error(raw.get("error")),
        spent=_spent(raw.get("timing")),
    )


def _text(raw: Mapping[str, Json], key: str) -> str:
    value = raw.get(key)
    return "" if value is None else str(value).encode("utf-8", "replace").decode()


def _mapping(raw: Mapping[str, Json], key: str, title: str) -> Mapping[str, Json]:
    value = raw.get(key)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        message = f"The `{key}` of step {title[:80]!r} are no object."
        raise BadOps("InvalidResponse", message)
    return value


def _error(value: Json) -> Mapping[str, Json] | None:
    """An error as an object: what is none becomes the message of one."""
    if value is None or isinstance(value, Mapping):
        return value
    text = value if isinstance(value, str) else json.dumps(value)
    return {"name": "Error", "message": text}


def _spent(timing: Json) -> int:
    spent = timing.get("b") if isinstance(timing, Mapping) else None
    if not isinstance(spent, int | float):
        return 0
    return int(min(max(spent, 0) / 1_000_000, 1e12))
