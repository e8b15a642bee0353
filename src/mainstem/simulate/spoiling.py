"""What a fault does to an answer that is made already: cut, lied about, or with holes in it."""

import random
import re
from collections.abc import Iterator
from typing import Any

from mainstem.simulate.faults import Fault

__all__ = ["lied_about", "with_holes"]

_HEAVY = {"type": "RESOURCE_LIMITS_EXCEEDED", "message": "Resource limits for this query exceeded."}
_BROKEN = {"type": "INTERNAL", "message": "Something went wrong while executing your query."}
_NEXT = re.compile(r'<([^>]*)>; rel="next"(?:, )?')
_LAST = re.compile(r'<([^>]*[?&]page=)(\d+)([^>]*)>; rel="last"')


def with_holes(body: dict[str, Any], fault: Fault) -> None:
    """Puts null in the place of nodes, with an error that names each, as a partial answer has."""
    paths = list(fault.nulls)
    error = _BROKEN
    if fault.too_heavy or fault.random_nulls:
        found = list(_nodes(body.get("data"), ()))
        if fault.too_heavy:
            paths, error = [path for path in found if "nodes" not in path[:-2]], _HEAVY
        elif found:
            rng = random.Random(fault.seed)  # noqa: S311  a plan for tests, no secret
            paths = rng.sample(found, min(fault.random_nulls, len(found)))
    errors = [dict(one) for one in fault.errors]
    for path in paths:
        _blank(body.get("data"), path)
        if not fault.nulls:
            errors.append({**error, "path": list(path)})
    if errors:
        body["errors"] = [*body.get("errors", ()), *errors]


def lied_about(link: str, fault: Fault, url: str) -> str | None:
    """A `Link` header that is wrong in the way the fault wants, or None for no header at all."""
    if fault.link == "missing":
        return _NEXT.sub("", link).strip(", ") or None
    if fault.link == "loop":
        return _NEXT.sub(f'<{url}>; rel="next", ', link).strip(", ")
    return _LAST.sub(lambda found: f'<{found[1]}{int(found[2]) + 3}{found[3]}>; rel="last"', link)


def _nodes(data: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    """Where every object of a list `nodes` stands, and every object that has a name of its own."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _nodes(value, (*path, key))
    elif isinstance(data, list):
        for place, value in enumerate(data):
            if isinstance(value, dict) and path and path[-1] == "nodes":
                yield (*path, place)
            yield from _nodes(value, (*path, place))


def _blank(data: Any, path: tuple[str | int, ...]) -> None:
    """Null at the end of the path; a path that leads nowhere changes nothing."""
    for part in path[:-1]:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(data, dict | list):
        data[path[-1]] = None  # type: ignore[index]
