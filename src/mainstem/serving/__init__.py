"""One catalogue through every adapter: each is one call, and none knows what the functions do.

`mainstem.serving.fastapi.serve(app, catalog, services)`, and its likes in `asgi`, `starlette`,
`flask`, `django`, `tornado`, `aws_lambda`, `vercel` and `connect`, bind the catalogue for the
settings, check it, say in the log what is served, and leave GET, PUT and POST to the SDK's own
handler. This room decides neither the environment (`settings`) nor what a definition is
(`catalog`); an adapter's framework is imported when the adapter is, and by nothing else.
"""

from mainstem.serving.application import Application, CannotLoad, load_application
from mainstem.serving.binding import bind_for
from mainstem.serving.endpoint import Endpoint, endpoint_for
from mainstem.serving.extras import MissingExtra
from mainstem.serving.needs import ServicesMissing
from mainstem.serving.once import DoubleServe, reset_serving
from mainstem.serving.options import SERVE_PATH, Options
from mainstem.serving.selection import (
    UnknownFunction,
    UnknownPart,
    check_disabled,
    part_of,
    part_settings,
)
from mainstem.serving.served import Served

__all__ = [
    "SERVE_PATH",
    "Application",
    "CannotLoad",
    "DoubleServe",
    "Endpoint",
    "MissingExtra",
    "Options",
    "Served",
    "ServicesMissing",
    "UnknownFunction",
    "UnknownPart",
    "bind_for",
    "check_disabled",
    "endpoint_for",
    "load_application",
    "part_of",
    "part_settings",
    "reset_serving",
]
