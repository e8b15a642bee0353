"""The canary of what is served: how a deployment is tried from end to end, on request."""

from __future__ import annotations

from typing import Any

from mainstem.catalog import Catalog
from mainstem.registration import with_canary
from mainstem.serving import part_of
from mainstem.settings import Settings


def canaried(settings: Settings, catalog: Catalog[Any]) -> Catalog[Any]:
    """`catalog` with a canary in the part of it that `settings` serve.

    Raises `UnknownPart` for a group or tag that no function has.
    """
    groups, tags = settings.serve_groups, settings.serve_tags
    # Before the canary takes them for its own, and a misspelt one seems to be there.
    part_of(catalog, groups=groups, tags=tags)
    return with_canary(catalog, groups=groups, tags=tags)
