"""What a check found: one thing each, how bad it is, and what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Level = Literal["breaking", "error", "warning", "note"]
_BAD: frozenset[Level] = frozenset({"breaking", "error"})
_ORDER: tuple[Level, ...] = ("breaking", "error", "warning", "note")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found.

    `code` is a permanent name such as `id-gone`; `subject` the function, event or part that it is
    about; `remedy` what to do, empty where there is nothing. A breaking one harms runs or senders
    that exist already; an error is wrong in itself; a warning may be meant; a note is news.
    """

    level: Level
    code: str
    subject: str
    message: str
    remedy: str = ""

    @property
    def is_bad(self) -> bool:
        """Whether a check fails because of it."""
        return self.level in _BAD

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".rstrip()


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The worst first, then by subject."""
    return tuple(sorted(findings, key=lambda f: (_ORDER.index(f.level), f.subject, f.code)))
