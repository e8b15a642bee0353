"""Libraries that only some adapters need, and what to say when one is not installed."""

from __future__ import annotations

from importlib.util import find_spec

from mainstem.errors import MainstemError


class MissingExtra(MainstemError):  # noqa: N818  it says what is missing
    """An adapter's library is not installed; `extra` names the extra that brings it."""

    def __init__(self, adapter: str, *, library: str, extra: str) -> None:
        self.adapter = adapter
        self.library = library
        self.extra = extra
        super().__init__(
            f"Cannot serve through {adapter}: the library '{library}' is not installed. "
            f"Install it with `pip install 'mainstem[{extra}]'`."
        )


def need(library: str, *, adapter: str, extra: str) -> None:
    """Raise `MissingExtra` unless `library` is installed. It is not loaded."""
    try:
        found = find_spec(library)
    except ModuleNotFoundError:  # the package above it
        found = None
    if found is None:
        raise MissingExtra(adapter, library=library, extra=extra)
