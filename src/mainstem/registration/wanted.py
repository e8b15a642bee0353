"""What the catalogue says: the functions that an environment should have, described.

Read through the SDK's own `get_config`, from functions that are really bound: so what is compared
is what would be sent, with everything that binding and the SDK do to a definition.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import inngest

from mainstem.catalog import ENVIRONMENTS, BoundCatalog, Catalog
from mainstem.registration.described import Described, read_functions

# Where an endpoint is makes no difference to a configuration; the SDK only asks for it.
_ANY_URL = "http://endpoint.invalid/api/inngest"


def wanted(bound: BoundCatalog[Any]) -> dict[str, Described]:
    """The functions of `bound` by id, as its environment has them."""
    return read_functions(configurations(bound.functions), app_id=bound.client.app_id)


def wanted_in(catalog: Catalog[Any], environment: str, *, app_id: str) -> dict[str, Described]:
    """The functions of `catalog` by id, as `environment` has them.

    Nothing is needed for it: it is bound to a client that can reach nobody, and to no services.
    """
    return wanted(catalog.bind(_nobody(app_id), None, environment=environment))


def wanted_anywhere(catalog: Catalog[Any], *, app_id: str) -> dict[str, Described]:
    """The functions of `catalog` by id, as they are where no environment changes anything."""
    plain = Catalog([replace(one, environments={}) for one in catalog])
    return wanted_in(plain, ENVIRONMENTS[0], app_id=app_id)


def configurations(functions: list[inngest.Function[Any]]) -> list[Mapping[str, Any]]:
    """What the SDK registers for `functions`, failure handlers among them."""
    found: list[Mapping[str, Any]] = []
    for function in functions:
        config = function.get_config(_ANY_URL)
        found.append(config.main.model_dump(mode="json", by_alias=True))
        if config.on_failure is not None:
            found.append(config.on_failure.model_dump(mode="json", by_alias=True))
    return found


@lru_cache(maxsize=8)
def _nobody(app_id: str) -> inngest.Inngest:
    """A client for the sake of its app id. All is given, so that it reads no environment.

    Kept, because making one takes longer than binding a hundred functions to it.
    """
    return inngest.Inngest(
        app_id=app_id,
        is_production=False,
        event_key="none",
        api_base_url="http://127.0.0.1:9",
        event_api_base_url="http://127.0.0.1:9",
    )
