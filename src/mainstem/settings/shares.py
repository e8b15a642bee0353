"""Rollout shares: which part of a function's runs begins on which of its versions.

The text form is `classify=2:0.5,other=3:1`: function, version, share from 0 to 1. A function may
be named again for another version. What is left to one goes to the definition's own version. In the
place of it all, `off` turns every rollout off, and `on` leaves them as the definitions have them.
"""

import math
from collections.abc import Iterator, Mapping

from pydantic import BaseModel, ConfigDict, Field

from mainstem.errors import Problem

VARIABLE = "MAINSTEM_ROLLOUT"
_SWITCH = ("off", "on")
_FORM = (
    "Write it as FUNCTION=VERSION:SHARE, separated by commas, such as classify=2:0.5,other=3:1; or "
    "as off, for no rollout at all."
)


class Share(BaseModel):
    """The part of `function`'s runs, from 0 to 1, that begin on `version`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    function: str = Field(min_length=1)
    version: str = Field(min_length=1)
    share: float = Field(ge=0, le=1, allow_inf_nan=False)

    def __str__(self) -> str:
        return f"{self.function}={self.version}:{self.share:g}"


def is_switch(text: str) -> bool:
    """Whether `text` turns all rollouts off or on, instead of naming shares."""
    return text.strip().lower() in _SWITCH


def read_shares(text: str, *, variable: str = VARIABLE) -> tuple[tuple[Share, ...], list[Problem]]:
    """The shares that `text` names, sorted, and everything that is wrong with it."""
    shares: dict[tuple[str, str], float] = {}
    problems: list[Problem] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        function, equals, rest = part.partition("=")
        version, colon, share_text = rest.partition(":")
        key = function.strip(), version.strip()
        if not (equals and colon and all(key)):
            problems.append(Problem(variable, f"'{part}' names no version with a share", _FORM))
            continue
        share = _number(share_text)
        if share is None:
            wrong = f"'{share_text.strip()}' for {key[0]} is no share from 0 to 1"
            problems.append(Problem(variable, wrong, _FORM))
        elif key in shares:
            wrong = f"version '{key[1]}' of {key[0]} is named twice"
            problems.append(Problem(variable, wrong, "Name it once."))
        else:
            shares[key] = share
    problems += _too_much(shares, variable)
    found = sorted(shares.items())
    return tuple(Share(function=f, version=v, share=share) for (f, v), share in found), problems


def shares_from(plain: Mapping[str, Mapping[str, float]]) -> tuple[Share, ...]:
    """Shares from plain dicts, function to version to share: the inverse of `plain_shares`."""
    return tuple(
        Share(function=function, version=version, share=share)
        for function, versions in sorted(plain.items())
        for version, share in sorted(versions.items())
    )


def plain_shares(shares: tuple[Share, ...]) -> dict[str, dict[str, float]]:
    """Shares as plain dicts: function to version to share."""
    found: dict[str, dict[str, float]] = {}
    for one in shares:
        found.setdefault(one.function, {})[one.version] = one.share
    return found


def _number(text: str) -> float | None:
    try:
        number = float(text.strip())
    except ValueError:
        return None
    return number if 0 <= number <= 1 else None


def _too_much(shares: Mapping[tuple[str, str], float], variable: str) -> Iterator[Problem]:
    for function in sorted({function for function, _ in shares}):
        total = math.fsum(share for (name, _), share in shares.items() if name == function)
        if total > 1 + 1e-9:
            yield Problem(
                variable,
                f"the shares of {function} add up to {total:g}",
                "Lower them, so that they add up to 1 at the most.",
            )
