"""What the reports' endpoint serves: a function says so itself."""

from typing import TypeVar

F = TypeVar("F")
SERVED: list = []


def served(function: F) -> F:
    """Add a function to the endpoint's list."""
    SERVED.append(function)
    return function
