"""What every adapter takes besides the catalogue and its services, the same words everywhere."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, Final, TypedDict

if TYPE_CHECKING:
    import inngest

    from mainstem.catalog import BoundCatalog
    from mainstem.settings import Settings

SERVE_PATH: Final = "/api/inngest"


class Options(TypedDict, total=False):
    """All may be left out.

    - `settings`: read from the environment at the call, if not given.
    - `client`: the settings' own, made once per process, if not given.
    - `groups`, `tags`: serve only the functions of these groups or with these tags.
    - `path`: where, if not at the settings' `serve_path`, which is `/api/inngest`.
    - `check`: called with what was bound, to refuse the start by raising.
    - `old`: the wiring from before; it is called instead while `settings.functions_on` is false.
    """

    settings: Settings | None
    client: inngest.Inngest | None
    groups: Collection[str]
    tags: Collection[str]
    path: str | None
    check: Callable[[BoundCatalog[Any]], object] | None
    old: Callable[[], Any] | None
