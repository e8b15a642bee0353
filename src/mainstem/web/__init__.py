"""The outside: one ASGI endpoint for every environment, and the wiring of the parts behind it.

`create_app` serves the functions of the environment at `/api/inngest` and says how it is at
`/healthz`; `open_services` opens what handlers need and closes it again. The settings, the client
and the catalogue are handed in: nothing here reads the environment or decides which one it is.
"""

from mainstem.serving import SERVE_PATH, UnknownFunction, check_disabled
from mainstem.web.app import create_app
from mainstem.web.application import application
from mainstem.web.canary import canaried
from mainstem.web.health import DatabaseHealth, Health, database_health
from mainstem.web.wiring import Opened, limits_from, open_services
from mainstem.web.worker import create_worker_app

__all__ = [
    "SERVE_PATH",
    "DatabaseHealth",
    "Health",
    "Opened",
    "UnknownFunction",
    "application",
    "canaried",
    "check_disabled",
    "create_app",
    "create_worker_app",
    "database_health",
    "limits_from",
    "open_services",
]
