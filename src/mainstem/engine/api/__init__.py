"""The engine's API for people and tools: one table of endpoints, and what tells of it.

An endpoint is a method, a path and a function. The function's types say what it takes and gives:
the request is checked against them, the answer written from them, and `/openapi.json` made of them.
What apps and SDKs ask stays in `engine.http_api`, as does everything that must be quick.
"""

from mainstem.engine.api.endpoints import Endpoint, endpoint_route
from mainstem.engine.api.openapi import describe
from mainstem.engine.api.table import ENDPOINTS

__all__ = ["ENDPOINTS", "Endpoint", "describe", "endpoint_route"]
