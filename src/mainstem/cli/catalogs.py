"""Whose catalogue a command works on: the one that was named, or our own."""

from __future__ import annotations

import logging
import traceback
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from mainstem.cli.outcome import CommandFailed
from mainstem.errors import MainstemError

if TYPE_CHECKING:
    from mainstem.serving import Application
    from mainstem.settings import Settings

S = TypeVar("S")

_OURS = Path(__file__).parents[1]


class CannotImport(CommandFailed):
    """Somebody's module raised when it was imported; `place` is the file and line of the fault."""

    def __init__(self, name: str, error: BaseException) -> None:
        self.place = place_of(error)
        super().__init__(
            f"Cannot load the catalogue '{name}': at {self.place} its module raised "
            f"{_raised(error)}. {_mend(error)}, and run the command again; --verbose shows the "
            "traceback."
        )


class CannotOpen(CommandFailed):
    """Somebody's services raised when they were opened; `place` is the file and line."""

    def __init__(self, error: BaseException) -> None:
        self.place = place_of(error)
        super().__init__(
            f"Cannot open the services of the catalogue: at {self.place} they raised "
            f"{_raised(error)}. {_mend(error)}, and run the command again; --verbose shows the "
            "traceback."
        )


def chosen_application(named: str | None, settings: Settings) -> Application[Any]:
    """The application at `named` (`module:attribute`), at the settings' `catalog`, or ours.

    Raises `CannotLoad` where there is none, and `CannotImport` for whatever its module raises,
    whose traceback goes to the log, in detail.
    """
    name = named or settings.catalog
    if name is None:
        from mainstem.web import application

        return application()
    from mainstem.serving import CannotLoad, load_application

    try:
        return load_application(name)
    except CannotLoad:
        raise
    except (Exception, SystemExit) as error:
        _log(error, f"cannot import {name}")
        raise CannotImport(name, error) from error


@asynccontextmanager
async def opened(application: Application[S], settings: Settings) -> AsyncIterator[S]:
    """The services of `application`, open while the block runs.

    Raises `CannotOpen` for whatever opening them raises; what else goes wrong is left as it is.
    """
    async with AsyncExitStack() as stack:
        try:
            services = await stack.enter_async_context(application.opened(settings))
        except MainstemError:
            raise
        except Exception as error:
            _log(error, "cannot open the services")
            raise CannotOpen(error) from error
        yield services


def _log(error: BaseException, what: str) -> None:
    # As text: a renderer of tracebacks may show the values of variables, keys among them.
    told = "".join(traceback.format_exception(error))
    logging.getLogger("mainstem.cli").debug("%s\n%s", what, told)


def place_of(error: BaseException) -> str:
    """Where somebody's own code raised `error`, as file and line seen from the current folder.

    That is the last of its calls that is neither ours nor a library's; of a file that is no Python
    at all, the line that cannot be read.
    """
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_shown(error.filename)}:{error.lineno}"
    calls = traceback.extract_tb(error.__traceback__)
    last = next((call for call in reversed(calls) if _is_theirs(call.filename)), calls[-1])
    return f"{_shown(last.filename)}:{last.lineno}"


def _is_theirs(filename: str) -> bool:
    import sysconfig

    if filename.startswith("<"):
        return False
    paths = sysconfig.get_paths()
    libraries = (paths["stdlib"], paths["platstdlib"], paths["purelib"], paths["platlib"])
    file = Path(filename).resolve()
    return not any(file.is_relative_to(Path(one).resolve()) for one in (*libraries, _OURS))


def _shown(filename: str) -> str:
    file, here = Path(filename), Path.cwd()
    return str(file.relative_to(here) if file.is_relative_to(here) else file)


def _raised(error: BaseException) -> str:
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    return " ".join(f"{type(error).__name__}: {message}".split()).rstrip(":. ")


def _mend(error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name:
        return f"Install what brings '{error.name}', or mend the import"
    return "Mend it there"
