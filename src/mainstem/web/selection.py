"""Which functions may be switched off by name, and what to say about a name that fits none."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from mainstem.errors import Problem, SettingsError

VARIABLE = "MAINSTEM_DISABLED_FUNCTIONS"


class UnknownFunction(SettingsError):  # noqa: N818  it says what happened
    """`MAINSTEM_DISABLED_FUNCTIONS` names functions that do not exist; `unknown` holds them.

    A misspelt name would leave running what somebody meant to stop, so it stops the start instead.
    """

    def __init__(self, unknown: Iterable[str], known: Iterable[str]) -> None:
        self.unknown = tuple(sorted(unknown))
        names = sorted(known)
        super().__init__([_problem(name, names) for name in self.unknown])


def check_disabled(disabled: frozenset[str], known: Iterable[str]) -> None:
    """Raise `UnknownFunction` unless every id in `disabled` is one of `known`."""
    known = frozenset(known)
    if unknown := disabled - known:
        raise UnknownFunction(unknown, known)


def _problem(name: str, known: list[str]) -> Problem:
    near = get_close_matches(name, known, n=1, cutoff=0.4)
    remedy = f"Write '{near[0]}'" if near else f"Choose from {', '.join(known)}"
    return Problem(VARIABLE, f"names '{name}', which is no function", f"{remedy}, or take it out.")
