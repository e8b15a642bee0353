"""The OpenAPI document, made from the endpoints and routes themselves.

https://spec.openapis.org/oas/v3.1.0
"""

import inspect
from collections.abc import Iterable
from typing import Any, Final, get_args, get_origin

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mainstem.engine.api.endpoints import Endpoint
from mainstem.engine.api.paging import Page
from mainstem.engine.api.shapes import COMPONENTS, Schemas, fields_of, first_line

Json = Any
_PROTOCOL: Final = "protocol"
_METADATA: Final[dict[str, Json]] = {
    "type": "object",
    "properties": {
        "fetched_at": {"type": "string", "format": "date-time"},
        "cached_until": {"type": "null"},
    },
    "required": ["fetched_at", "cached_until"],
    "additionalProperties": False,
}
_PAGE_METADATA: Final[dict[str, Json]] = {
    **_METADATA,
    "properties": {
        **_METADATA["properties"],
        "next_cursor": {
            "type": ["string", "null"],
            "description": "Asks for what follows; null when nothing does.",
        },
    },
    "required": [*_METADATA["required"], "next_cursor"],
}
_PROBLEM: Final = {
    "type": "object",
    "description": "Why a request was refused.",
    "properties": {
        "error": {"type": "string"},
        "data": {"type": "null"},
        "status": {"type": "integer"},
    },
    "required": ["error", "data", "status"],
    "additionalProperties": False,
}


def describe(endpoints: Iterable[Endpoint], routes: Iterable[BaseRoute]) -> Json:
    """The document of these endpoints, and of those HTTP routes that are none of them."""
    schemas = Schemas()
    schemas.components |= {
        "Problem": _PROBLEM,
        "Metadata": _METADATA,
        "PageMetadata": _PAGE_METADATA,
    }
    paths: dict[str, Json] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, schemas)
    for route in routes:
        if isinstance(route, Route) and route.include_in_schema:
            for method in sorted((route.methods or set()) - {"HEAD"}):
                shown = paths.setdefault(route.path, {})
                shown.setdefault(method.lower(), _protocol_operation(route, method))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Mainstem engine",
            "version": "1",
            "description": (
                "The embedded engine. Paths tagged `protocol` are Inngest's own and told in"
                " its documentation; the rest is for people and tools."
            ),
        },
        "security": [{}, {"bearer": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(schemas.components.items())),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(endpoint: Endpoint, schemas: Schemas) -> Json:
    name = getattr(endpoint.handler, "__name__", "")
    operation: dict[str, Json] = {
        # The version in it tells the two paths that cancel a run apart.
        "operationId": f"{name}_{endpoint.path.split('/')[1]}",
        "tags": [endpoint.group],
        "summary": first_line(endpoint.handler.__doc__),
        "description": inspect.getdoc(endpoint.handler),
        "parameters": _parameters(endpoint, schemas),
        "responses": {
            str(endpoint.status): _answer(endpoint, schemas),
            "default": {
                "description": "The request was refused; `error` says why.",
                "content": {"application/json": {"schema": {"$ref": f"{COMPONENTS}Problem"}}},
            },
        },
    }
    if endpoint.has_body:
        shape = endpoint.takes
        rest = [each for each in fields_of(shape) if each.name not in endpoint.path_names]
        operation["requestBody"] = {
            "required": any(each.is_required for each in rest),
            "content": {"application/json": {"schema": schemas.of_fields(shape, rest)}},
        }
    return operation


def _parameters(endpoint: Endpoint, schemas: Schemas) -> list[Json]:
    shown = []
    for each in fields_of(endpoint.takes):
        is_path = each.name in endpoint.path_names
        if endpoint.has_body and not is_path:
            continue
        schema = _without_null(schemas.of(each.type))
        parameter: dict[str, Json] = {
            "name": each.name,
            "in": "path" if is_path else "query",
            "required": is_path or each.is_required,
        }
        if "description" in schema:
            parameter["description"] = schema.pop("description")
        if schema.get("type") == "array":
            parameter |= {"style": "form", "explode": False}  # divided by commas
        if not each.is_required and each.default not in (None, ()):
            schema["default"] = each.default
        shown.append({**parameter, "schema": schema})
    return shown


def _without_null(schema: Json) -> Json:
    """A parameter that may be left out cannot be null: it is a text in an address."""
    others = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(others) != 1:
        return schema
    return {**others[0], **{key: each for key, each in schema.items() if key != "anyOf"}}


def _answer(endpoint: Endpoint, schemas: Schemas) -> Json:
    gives = endpoint.gives
    if gives is type(None):
        return {"description": "It is done; there is nothing to say."}
    if gives is Response:
        return {
            "description": first_line(endpoint.handler.__doc__),
            "content": {endpoint.media: {"schema": {"type": "string"}}},
        }
    is_page = get_origin(gives) is Page
    data = {"type": "array", "items": schemas.of(get_args(gives)[0])} if is_page else None
    metadata = "PageMetadata" if is_page else "Metadata"
    schema = {
        "type": "object",
        "properties": {
            "data": data or schemas.of(gives),
            "metadata": {"$ref": COMPONENTS + metadata},
        },
        "required": ["data", "metadata"],
        "additionalProperties": False,
    }
    return {"description": "What was asked for.", "content": {endpoint.media: {"schema": schema}}}


def _protocol_operation(route: Route, method: str) -> Json:
    """A route of Inngest's protocol: that it is there, and what its own document says."""
    names = [part[1:-1] for part in route.path.split("/") if part.startswith("{")]
    return {
        "operationId": f"{method.lower()}_{route.path.strip('/').translate(_PLAIN)}",
        "tags": [_PROTOCOL],
        "summary": first_line(route.endpoint.__doc__),
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in names
        ],
        "responses": {"default": {"description": "As Inngest's protocol says."}},
    }


_PLAIN: Final = str.maketrans({"/": "_", "{": None, "}": None})
