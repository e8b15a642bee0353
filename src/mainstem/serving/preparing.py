"""What every adapter does before it serves: settings, binding, checks, and the line in the log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import inngest

from mainstem.catalog import BoundCatalog, Catalog
from mainstem.serving.binding import bind_for
from mainstem.serving.log import say
from mainstem.serving.needs import check_services
from mainstem.serving.once import note_serving
from mainstem.serving.options import Options
from mainstem.serving.served import Served, served_by
from mainstem.settings import Settings, load_settings

S = TypeVar("S")


@dataclass(frozen=True, eq=False)
class Prepared:
    """A catalogue that is bound and ready to be served.

    `served` says who and what it is; `old`, where it is set, is what is to be wired instead.
    """

    bound: BoundCatalog[Any]
    served: Served
    settings: Settings
    old: Callable[[], Any] | None

    @property
    def client(self) -> inngest.Inngest:
        """The one client."""
        return self.bound.client

    @property
    def function_ids(self) -> frozenset[str]:
        """The ids of the functions served."""
        return frozenset(function.local_id for function in self.bound.functions)

    @property
    def place(self) -> str:
        """Where it is served, in words."""
        return f"{self.served.path} ({self.served.adapter})"


def prepare(
    catalog: Catalog[S],
    services: S | None,
    options: Options,
    *,
    adapter: str,
    path: str | None = None,
) -> Prepared:
    """Bind `catalog` as the settings have it, and say so in the log.

    Without settings among the `options` they are read from the environment, now. While the new path
    is switched off, `old` is kept to be called instead, where it was given. Raises what `bind_for`
    raises, `ServicesMissing` and `DoubleServe`.
    """
    settings = options.get("settings") or load_settings()
    bound = bind_for(
        settings,
        catalog,
        services,
        client=options.get("client"),
        groups=options.get("groups", ()),
        tags=options.get("tags", ()),
        check=options.get("check"),
    )
    prepared = Prepared(
        bound,
        served_by(
            bound,
            settings,
            adapter=adapter,
            path=path or options.get("path") or settings.serve_path,
        ),
        settings,
        old=None if settings.functions_on else options.get("old"),
    )
    if prepared.old is not None:
        say("warning", "serving the old way: functions are off", **prepared.served.in_short())
        return prepared
    check_services(bound.definitions, services)
    is_second = note_serving(prepared)
    say("info", "serving functions", **prepared.served.as_facts())
    if is_second:
        say(
            "warning",
            "serving an app at two places",
            **prepared.served.in_short(),
            mend="the server calls the place that was synced last: serve it at one of them",
        )
    return prepared
