"""What a REST route answers, before the headers that every answer has."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["DOCS", "Answer", "failure"]

DOCS = "https://docs.github.com/rest"


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` is a JSON value, or None for no body. `endpoint` names the route for the log."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)
    endpoint: str = "unknown"


def failure(status: int, message: str, **more: Any) -> Answer:
    """An error body as GitHub words it: newer answers carry the status as text too."""
    body = {"message": message, **more, "documentation_url": DOCS, "status": str(status)}
    return Answer(status, body)
