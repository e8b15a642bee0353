"""What is served, by whom and how, as the log says it when an endpoint starts. Never a key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from mainstem.catalog import BoundCatalog
from mainstem.settings import Settings


@dataclass(frozen=True, slots=True)
class Served:
    """The facts of one endpoint.

    `off` are the functions left out in this environment, `skipped` those whose runs are skipped,
    each with its reason; `shares` has the share of each version of the functions that have any,
    `rollouts` is "off" where they are off altogether, and `overridden` has the fields in which the
    environment differs.
    """

    adapter: str
    path: str
    environment: str
    decided_by: str
    app_id: str
    mode: str
    api_origin: str
    event_origin: str
    branch: str | None
    functions: tuple[str, ...]
    off: Mapping[str, str]
    skipped: Mapping[str, str]
    shares: Mapping[str, Mapping[str, float]]
    rollouts: str | None
    overridden: Mapping[str, tuple[str, ...]]

    def as_facts(self) -> dict[str, Any]:
        """Everything, for the line that says what is served."""
        found: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        found["functions"] = sorted(self.functions)
        return {name: value for name, value in found.items() if value not in (None, {})}

    def in_short(self) -> dict[str, Any]:
        """Who serves, for the lines that follow: the functions as a number."""
        return {
            "environment": self.environment,
            "decided_by": self.decided_by,
            "app_id": self.app_id,
            "mode": self.mode,
            "api_origin": self.api_origin,
            "event_origin": self.event_origin,
            "path": self.path,
            "adapter": self.adapter,
            "functions": len(self.functions),
        }


def served_by(bound: BoundCatalog[Any], settings: Settings, *, adapter: str, path: str) -> Served:
    """What serving `bound` through `adapter` at `path` means."""
    client = bound.client
    return Served(
        adapter=adapter,
        path=path,
        environment=str(settings.environment),
        decided_by=settings.decided_by,
        app_id=client.app_id,
        mode="cloud" if client.is_production else "dev",
        api_origin=client.api_origin,
        event_origin=client.event_api_origin,
        branch=client.env,
        functions=tuple(bound.by_id),
        off=dict(bound.off),
        skipped=dict(bound.skipped),
        shares={name: dict(shares) for name, shares in bound.shares.items()},
        rollouts="off" if bound.switches.rollouts_off else None,
        overridden=_overridden(bound),
    )


def _overridden(bound: BoundCatalog[Any]) -> dict[str, tuple[str, ...]]:
    found = {}
    for definition in bound.definitions:
        override = definition.environments.get(bound.environment)
        if override is not None:
            found[definition.id] = tuple(
                field.name
                for field in fields(override)
                if getattr(override, field.name) != field.default
            )
    return found
