"""Switches: what is turned off or down without a change to the code, and what a run then says.

A function that is switched off stays registered, so that nothing vanishes from a dashboard and no
event is lost on the way to nobody; each of its runs ends at once, as done, with the reason in its
result. An environment that leaves a function out (`Override(off=True)`) is another thing: there
it is not registered at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from inngest import NonRetriableError

_KEY: Final = "skipped"


@dataclass(frozen=True, slots=True)
class Switches:
    """How the functions of one deployment are switched.

    `disabled` are ids whose runs are skipped; `is_off` skips all. `shares` has, by function id and
    version label, the shares that replace those of the definitions; `rollouts_off` keeps every new
    run on its function's own handler. `strict` refuses adopted functions. `guard` turns the guard
    rails on or off; None means on in local and test.
    """

    disabled: frozenset[str] = frozenset()
    is_off: bool = False
    shares: Mapping[str, Mapping[str, float]] = field(default_factory=lambda: MappingProxyType({}))
    rollouts_off: bool = False
    strict: bool = False
    guard: bool | None = None

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for equal switches, and hashable."""
        shares = tuple(
            sorted((name, tuple(sorted(by.items()))) for name, by in self.shares.items())
        )
        return self.disabled, self.is_off, shares, self.rollouts_off, self.strict, self.guard

    def is_guarded(self, environment: str) -> bool:
        """Whether guard rails are up in `environment`."""
        return environment in ("local", "test") if self.guard is None else self.guard

    def reason(self, function_id: str, environment: str) -> str | None:
        """Why runs of the function are skipped in `environment`; None when they are not."""
        if self.is_off:
            return f"all functions are switched off in {environment}"
        if function_id in self.disabled:
            return f"function '{function_id}' is switched off in {environment}"
        return None


ON: Final = Switches()


@dataclass(frozen=True, slots=True)
class Skipped:
    """The result of a run that was skipped. `environment` is where, `reason` why."""

    function_id: str
    environment: str
    reason: str

    def to_wire(self) -> dict[str, Any]:
        """The run's result as it is recorded."""
        return {
            _KEY: {
                "functionId": self.function_id,
                "environment": self.environment,
                "reason": self.reason,
            }
        }

    @classmethod
    def from_wire(cls, result: object) -> "Skipped | None":
        """Read a run's result; None when it is not that of a skipped run."""
        if not isinstance(result, Mapping) or set(result) != {_KEY}:
            return None
        told = result[_KEY]
        if not isinstance(told, Mapping) or set(told) != {"functionId", "environment", "reason"}:
            return None
        return cls(str(told["functionId"]), str(told["environment"]), str(told["reason"]))


class FunctionSkipped(NonRetriableError):  # noqa: N818  it says what happened
    """A function that was invoked is switched off; `skipped` says where and why.

    A handler may catch it and go on without the result.
    """

    def __init__(self, skipped: Skipped) -> None:
        self.skipped = skipped
        super().__init__(
            f"Function '{skipped.function_id}' gave no result: {skipped.reason}. Switch it on, or "
            "catch FunctionSkipped where it is invoked."
        )
