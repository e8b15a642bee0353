"""What came of applying a delivery, and what is to be done besides."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class Outcome:
    """`ask` are numbers of pull requests to read from GitHub, `discover` full names to capture.

    `waiting`: the delivery can be applied once the pull request asked for is stored.
    """

    status: Literal["handled", "ignored", "waiting"] = "handled"
    why: str | None = None
    ask: tuple[int, ...] = ()
    discover: tuple[str, ...] = ()


def ignored(why: str) -> Outcome:
    """Nothing was done, for that reason."""
    return Outcome("ignored", why)


def after(kept: Outcome | None, outcome: Outcome) -> Outcome:
    """The outcome of another try, after the one that is `kept`.

    A repository is made ours once, and only the first try saw that it was not.
    """
    if kept is None:
        return outcome
    names = dict.fromkeys((*kept.discover, *outcome.discover))
    return replace(outcome, discover=tuple(names))


def to_json(outcome: Outcome) -> dict[str, Any]:
    """The outcome as it is kept with its delivery."""
    kept: dict[str, Any] = TypeAdapter(Outcome).dump_python(outcome, mode="json")
    return kept


def from_json(kept: Mapping[str, Any] | None) -> Outcome | None:
    """The outcome that is kept with a delivery; None where there is none."""
    return None if kept is None else TypeAdapter(Outcome).validate_python(kept)
