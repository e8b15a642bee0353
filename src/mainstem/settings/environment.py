"""The environments that a process can run in, and the words by which platforms name them."""

import difflib
from enum import StrEnum

from mainstem.errors import Problem

OVERRIDE = "MAINSTEM_ENV"
_TRUE = ("1", "true", "yes", "on")
_FALSE = ("0", "false", "no", "off")


class Environment(StrEnum):
    """Where a process runs. Preview, staging and production check signatures and need keys."""

    LOCAL = "local"
    TEST = "test"
    PREVIEW = "preview"
    STAGING = "staging"
    PRODUCTION = "production"

    @property
    def is_development(self) -> bool:
        """Whether the SDK talks to a development server here, without keys."""
        return self in (Environment.LOCAL, Environment.TEST)


def chosen_environment(text: str) -> tuple[Environment, Problem | None]:
    """The environment that `MAINSTEM_ENV` names.

    An unknown name is a problem and counts as production: the strictest is assumed, so that no
    problem with a key hides behind this one.
    """
    try:
        return Environment(text.strip().lower()), None
    except ValueError:
        return Environment.PRODUCTION, _unknown(text)


def is_on(value: str | None) -> bool:
    """Whether a variable's value says yes; the SDK's rule, by which a URL is a yes too."""
    text = (value or "").strip().lower()
    return text in _TRUE or "://" in text


def is_off(value: str) -> bool:
    """Whether a variable's value says no: `CI=false` is a common way to switch a signal off."""
    return value.strip().lower() in _FALSE


def _unknown(value: str) -> Problem:
    near = difflib.get_close_matches(value.lower(), list(Environment), n=1)
    hint = f"Did you mean '{near[0]}'? " if near else ""
    return Problem(
        OVERRIDE,
        f"'{value}' is no environment",
        f"{hint}Set it to one of: {', '.join(Environment)}.",
    )
