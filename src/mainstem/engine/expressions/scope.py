"""What an expression sees while it runs."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from mainstem.engine.expressions.values import Fuel, NoValue, Value


@dataclass(slots=True)
class Scope:
    """The variables, the moment that `now()` gives, and the work that may still be done.

    A variable that is not here, or no moment, is one not known yet: asking for it raises `NoValue`.
    """

    variables: dict[str, Value]
    now: datetime | None
    fuel: Fuel

    def variable(self, name: str) -> Value:
        """A variable's value."""
        try:
            return self.variables[name]
        except KeyError:
            raise NoValue("the variable is not known yet") from None

    def moment(self) -> datetime:
        """The moment of this evaluation."""
        if self.now is None:
            raise NoValue("the time is not known yet")
        return self.now


Run = Callable[[Scope], Value]
