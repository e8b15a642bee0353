"""Versions of a function and their shares: which one a run takes, as a pure function of its key.

A run takes its version once, at its start, in a step of its own; the step's memo is what holds the
run on that version through retries, sleeps and deploys. The choice hashes the function's id and
the value of a stable key, so that the same repository (say) is always on the same side, and a
share that grows only moves keys to the new version, never back.

What has begun without such a memo began before the function had versions. It ends on the handler
labelled `unpinned`, which is the function's own unless it is said otherwise: when the newer code
takes the function's place (`version="2"`) while such runs may be left, the older one stays listed
and `unpinned="1"` names it.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from mainstem.catalog.run import Run
from mainstem.errors import DefinitionError

D = TypeVar("D")

FIRST_VERSION: Final = "1"

_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_PATH = re.compile(r"event\.(?:id|name|data(?:\.[A-Za-z_][A-Za-z0-9_]*)+)")
_SPAN: Final = 2**64


@dataclass(frozen=True, slots=True)
class Rollout:
    """A share of the runs, 0 to 1, chosen by the value at `by`; by each run's own id without."""

    share: float
    by: str | None = None


def rollout(share: float, *, by: str | None = None) -> Rollout:
    """`share` of the runs, those whose key falls in it: `rollout(0.1, by="event.data.userId")`.

    `by` is a path in the event: `event.id`, `event.name`, or a field below `event.data`, as it is
    spelt on the wire. Raises `DefinitionError` for anything else.
    """
    if not 0 <= share <= 1:
        raise DefinitionError(f"Cannot roll out to {share}: expected a share from 0 to 1.")
    if by is not None and not _PATH.fullmatch(by):
        raise DefinitionError(
            f"Cannot roll out by '{by}': expected a path such as 'event.data.repositoryId' or "
            "'event.id'."
        )
    return Rollout(float(share), by)


@dataclass(frozen=True, slots=True)
class Version(Generic[D]):
    """Another way to do a function's work: its label, its handler, and its share of the runs.

    Labels are permanent names: runs keep them in their memos. The handler has the shape of the
    function's own; a version whose runs have not all ended stays listed, with a share of 0.
    """

    label: str
    handler: Callable[[Run[D], Any], Awaitable[object]]
    rollout: Rollout


def faults(own: str, versions: Sequence[Version[Any]], unpinned: str) -> Iterator[str]:
    """Everything wrong with a function's versions, each as "what is wrong; expected"."""
    labels = [own, *(version.label for version in versions)]
    if unpinned not in labels:
        yield f"unpinned is '{unpinned}'; expected one of its versions ({', '.join(labels)})"
    for label in labels:
        if not _LABEL.fullmatch(label):
            yield f"a version is called '{label}'; expected letters, digits, '.', '_' and '-'"
    if len(set(labels)) < len(labels):
        yield f"two versions share a label ({', '.join(labels)}); expected each once"
    if len({version.rollout.by for version in versions}) > 1:
        yield "its versions are rolled out by different keys; expected one key for all"
    total = sum(version.rollout.share for version in versions)
    if total > 1 + 1e-9:
        yield f"its versions' shares add up to {total:g}; expected at most 1"


def position(function_id: str, key: str) -> float:
    """Where `key` stands in a function's runs, from 0 to just below 1, evenly spread."""
    digest = hashlib.sha256(f"{function_id}\0{key}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / _SPAN


def choose(shares: Sequence[tuple[str, float]], at: float) -> str | None:
    """The label whose share covers `at`, in the order given; None for the function's own."""
    end = 0.0
    for label, share in shares:
        end += share
        if at < end:
            return label
    return None


def value_at(path: str, event: Mapping[str, Any]) -> object:
    """What an event (`id`, `name`, `data`) has at `path`; None where there is nothing."""
    found: object = event
    for part in path.split(".")[1:]:
        if not isinstance(found, Mapping):
            return None
        found = found.get(part)
    return found
