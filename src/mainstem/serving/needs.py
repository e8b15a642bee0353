"""Services that were forgotten, found at the start and not by the first run.

Only what an annotation says plainly counts. It is not resolved: that would import what type
checkers import. Where it may allow None, or nobody can tell, nothing is said.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar, get_args

from mainstem.catalog import AnyDefinition, Definition
from mainstem.errors import CatalogError

_LENIENT: Final = re.compile(r"\b(None|Any|object|Optional)\b")
_NAME: Final = re.compile(r"[A-Za-z_]\w*")


class ServicesMissing(CatalogError):  # noqa: N818  it says what happened
    """A function takes services, and none were handed in."""

    def __init__(self, function_id: str, place: str, wanted: str) -> None:
        super().__init__(
            f"Cannot serve function '{function_id}' ({place}) without services: its handler takes "
            f"{wanted}, and none were handed in. Hand them in: serve(app, catalog, services); for "
            "the commands, name an Application(catalog, services)."
        )


def check_services(definitions: Iterable[AnyDefinition], services: object) -> None:
    """Raise `ServicesMissing` where `services` is None and a handler says it cannot be."""
    if services is not None:
        return
    for one in definitions:
        if isinstance(one, Definition) and (wanted := _wanted(one.handler)) is not None:
            raise ServicesMissing(one.id, one.place, wanted)


def _wanted(handler: Callable[..., Any]) -> str | None:
    """What `handler` says that its services are, where that cannot be None."""
    plain = inspect.unwrap(handler)
    code = getattr(plain, "__code__", None)
    if code is None or code.co_argcount < 2:
        return None
    told = getattr(plain, "__annotations__", {}).get(code.co_varnames[1])
    if isinstance(told, str):
        text = told.strip("'\" ")
        if _LENIENT.search(text):
            return None
        # A name may stand for a union or a type variable; one that is not there yet is a class
        # that only type checkers import.
        named = getattr(plain, "__globals__", {}).get(text) if _NAME.fullmatch(text) else None
        return text if named is None or _rules_out_none(named) else None
    return _name(told) if _rules_out_none(told) else None


def _rules_out_none(told: object) -> bool:
    if told is None or told is Any or told is object or isinstance(told, TypeVar):
        return False
    if isinstance(told, type) and not get_args(told):
        return told is not type(None)
    return bool(get_args(told)) and not any(
        part in (None, type(None), Any) for part in get_args(told)
    )


def _name(told: object) -> str:
    return told.__name__ if isinstance(told, type) else str(told)
