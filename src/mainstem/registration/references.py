"""Which functions another one may invoke, as far as its code tells.

A handler names what it invokes: as a definition (`run.invoke("…", other)`) or by its id. Neither is
declared anywhere, so the names and texts in its code are looked up. Code that is reached through
helpers of the same package is looked at too; what is put together while running is not found.
"""

import inspect
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType
from typing import Any, Final

from mainstem.catalog import AnyDefinition, Catalog

_DEPTH: Final = 4


def invoked_ids(catalog: Catalog[Any]) -> frozenset[str]:
    """The ids of the functions that some function of `catalog` may invoke."""
    by_identity = {id(one): one.id for one in catalog}
    found: set[str] = set()
    for definition in catalog:
        for value in _mentioned(definition):
            if id(value) in by_identity:
                found.add(by_identity[id(value)])
            elif isinstance(value, str) and value in catalog.ids:
                found.add(value)
    return frozenset(found)


def _mentioned(definition: AnyDefinition) -> Iterator[object]:
    """Every global, enclosed value and text that the code of a definition's handlers names."""
    handlers = [definition.handler, definition.on_failure]
    handlers += [version.handler for version in getattr(definition, "versions", ())]
    seen: set[int] = set()
    for handler in handlers:
        if handler is not None:
            yield from _of(inspect.unwrap(handler), seen, _DEPTH)


def _of(function: Callable[..., Any], seen: set[int], depth: int) -> Iterator[object]:
    if not isinstance(function, FunctionType) or id(function) in seen:
        return
    seen.add(id(function))
    enclosed = inspect.getclosurevars(function).nonlocals
    package = function.__module__.partition(".")[0]
    for name in _names(function.__code__):
        value = enclosed.get(name, function.__globals__.get(name))
        if isinstance(value, FunctionType) and depth and value.__module__.startswith(package):
            yield from _of(value, seen, depth - 1)
        elif value is not None:
            yield value
    yield from (text for text in _texts(function.__code__) if text)


def _names(code: CodeType) -> Iterator[str]:
    yield from (*code.co_names, *code.co_freevars)
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names(inner)


def _texts(code: CodeType) -> Iterator[str]:
    for value in code.co_consts:
        if isinstance(value, CodeType):
            yield from _texts(value)
        elif isinstance(value, str):
            yield value
