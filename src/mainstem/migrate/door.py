"""Planning a migration and writing it, with libcst loaded only here."""

import gc
import os
import re
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from mainstem.migrate.plan import Plan
from mainstem.migrate.troubles import LibcstMissing, MigrateError

_NAME = re.compile(r"[A-Za-z_]\w*")


def plan_migration(
    paths: Sequence[Path],
    *,
    catalog_module: str = "inngest_catalog",
    base: Path | None = None,
    refusal: Callable[[Mapping[str, object], bool], str | None] | None = None,
    only: Collection[str] = (),
) -> Plan:
    """What a migration of the Python files at and below `paths` would do. Changes nothing.

    `catalog_module` is the name of the module that will list every definition; files are named
    relative to `base` (the working directory) where they lie below it. `refusal` says why no
    definition can be made of such options of `create_function`, and of an async handler or not.
    `only` are the ids of the functions to rewrite; the others are left, and adopted.
    Raises `MigrateError` for a path that is not there, a name that is no identifier, or an id that
    no function has.
    """
    if not _NAME.fullmatch(catalog_module):
        raise MigrateError(
            f"Cannot call the catalogue's module '{catalog_module}': expected a plain module name "
            "such as 'inngest_catalog'."
        )
    for path in paths:
        if not path.exists():
            raise MigrateError(f"Cannot migrate {path}: there is no such file or folder.")
    try:
        from mainstem.migrate.planning import planned
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "libcst":
            raise
        raise LibcstMissing from error
    with _without_collection():
        return planned(
            list(paths),
            catalog_module=catalog_module,
            base=base or Path.cwd(),
            refusal=refusal,
            only=only,
        )


@contextmanager
def _without_collection() -> Iterator[None]:
    """No garbage collection meanwhile: trees are millions of objects that all live to the end.

    Looking through them again and again takes a quarter of the time.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def write(plan: Plan) -> None:
    """Write the plan's files: all are prepared before the first is replaced.

    Raises `MigrateError` when a file cannot be written; it says which were replaced already.
    """
    prepared: list[tuple[str, Path]] = []
    done: list[Path] = []
    try:
        for path, data in sorted(plan.changes.items()):
            prepared.append((_beside(path, data), path))
        for temporary, path in prepared:
            Path(temporary).replace(path)
            done.append(path)
    except OSError as error:
        for temporary, path in prepared:
            if path not in done:
                Path(temporary).unlink(missing_ok=True)
        told = ", ".join(map(str, done)) or "none"
        raise MigrateError(
            f"Cannot write {error.filename}: {error.strerror}. Files replaced already: {told}."
        ) from error


def _beside(path: Path, data: bytes) -> str:
    """A new file with `data` beside `path`, with its permissions."""
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
    Path(temporary).chmod(mode)
    return temporary


def _umask() -> int:
    current = os.umask(0o077)
    os.umask(current)
    return current
