"""What the lint says: one finding is a rule broken at one place, with the mend."""

from dataclasses import asdict, dataclass
from typing import Literal

from mainstem.errors import MainstemError

Severity = Literal["error", "warning"]


class NothingToLint(MainstemError):  # noqa: N818  named for what happened, as in `errors`
    """A path that was to be linted does not exist."""

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(
            f"Cannot lint '{path}': there is no such file or folder. "
            "Name a Python file, or a folder that holds some."
        )


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule broken at a place. Findings sort by place.

    `line` and `column` count from 1. `function_id` is None where none could be read: at the top of
    a module, or in a helper that several functions share. An `error` is surely wrong, a `warning`
    likely.
    """

    rule: str
    path: str
    line: int
    column: int
    function_id: str | None
    message: str
    mend: str
    severity: Severity = "error"

    @property
    def is_error(self) -> bool:
        """Whether it is surely wrong."""
        return self.severity == "error"

    def as_json(self) -> dict[str, str | int | None]:
        """The finding in JSON's own types."""
        return asdict(self)

    def __lt__(self, other: "Finding") -> bool:
        return self._order() < other._order()

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}:{self.column}"
        return f"{where}: {self.severity}[{self.rule}] {self.message} {self.mend}"

    def _order(self) -> tuple[str, int, int, str, str]:
        return self.path, self.line, self.column, self.rule, self.message
