"""Anybody's application: a catalogue, and how to open what its handlers are handed.

The commands take one as `--catalog module:attribute`, so they work for every catalogue alike.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path, PurePath
from typing import Any, Generic, cast

from typing_extensions import TypeVar

from mainstem.catalog import Catalog, Definition, SdkDefinition
from mainstem.errors import MainstemError
from mainstem.settings import Settings

S = TypeVar("S", default=Any)

Opening = Callable[[Settings], AbstractAsyncContextManager[S]]
"""Opens the services for some settings, and closes them at the end of the block."""


class CannotLoad(MainstemError):  # noqa: N818  it says what happened
    """`module:attribute` leads to no catalogue; `name` is what was asked for."""

    def __init__(self, name: str, wrong: str, mend: str) -> None:
        self.name = name
        super().__init__(f"Cannot load the catalogue '{name}': {wrong}. {mend}")


@dataclass(frozen=True, slots=True)
class Application(Generic[S]):
    """A catalogue with its services: a value, or a function of the settings that opens them."""

    catalog: Catalog[S]
    services: S | Opening[S] | None = None

    @asynccontextmanager
    async def opened(self, settings: Settings) -> AsyncIterator[S]:
        """The services for `settings`, open while the block runs."""
        opening = self.services(settings) if callable(self.services) else None
        if isinstance(opening, AbstractAsyncContextManager):
            async with opening as services:
                yield services
        else:
            yield cast("S", self.services)


def load_application(name: str) -> Application[Any]:
    """The application that `name`, `module:attribute`, leads to.

    The attribute is a `Catalog`, an `Application`, or a function without parameters that gives
    either. The current folder can be imported from, as with `python -m`. Raises `CannotLoad`.
    """
    module_name, _, attribute = name.partition(":")
    if not module_name or not attribute:
        raise CannotLoad(
            name, "it is not of the form module:attribute", "Write it as 'shop.functions:catalog'."
        )
    if module_name.endswith(".py"):
        path = PurePath(module_name.replace("\\", "/")).with_suffix("")
        dotted = ".".join(part for part in path.parts if part not in ("/", "."))
        raise CannotLoad(name, "it names a file", f"Write it as '{dotted}:{attribute}'.")
    found = _attribute(name, _module(name, module_name), attribute)
    if isinstance(found, (Definition, SdkDefinition)):
        raise CannotLoad(
            name,
            f"it is the definition '{found.id}'",
            "Name the catalogue that lists it, such as "
            f"'{module_name}:{next(iter(_known(import_module(module_name))), 'catalog')}'.",
        )
    if callable(found) and not isinstance(found, (Application, Catalog)):
        found = found()
    if isinstance(found, Catalog):
        return Application(found)
    if isinstance(found, Application):
        return found
    raise CannotLoad(
        name,
        f"it is a {type(found).__name__}",
        "Expected a Catalog, an Application, or a function that gives either.",
    )


def _module(name: str, module_name: str) -> Any:
    here = str(Path.cwd())
    if here not in sys.path and "" not in sys.path:
        sys.path.insert(0, here)
    try:
        return import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise
        raise CannotLoad(
            name,
            f"there is no module '{error.name}'",
            f"Run the command in the folder that holds it, which now is {here}, or install it.",
        ) from error


def _attribute(name: str, module: Any, attribute: str) -> Any:
    found = module
    for part in attribute.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            known = _known(module)
            raise CannotLoad(
                name,
                f"module '{module.__name__}' has no '{part}'",
                f"It has {', '.join(known)}."
                if known
                else "Name the attribute with the catalogue.",
            ) from None
    return found


def _known(module: Any) -> list[str]:
    """The names in `module` that lead to a catalogue."""
    return sorted(n for n, v in vars(module).items() if isinstance(v, (Application, Catalog)))
