"""Why a migration cannot be planned or written at all."""

from mainstem.errors import MainstemError


class MigrateError(MainstemError):
    """A migration cannot be planned or written at all."""


class LibcstMissing(MigrateError):  # noqa: N818  it says what happened
    """libcst, which reads and rewrites source, is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "Cannot migrate: libcst, which rewrites source and keeps its comments, is not "
            "installed. Install it with `pip install 'mainstem[migrate]'`."
        )
