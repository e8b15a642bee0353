"""What a failure handler is told: which run failed, why, and the data it had."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from mainstem.catalog.triggers import Trigger

D_co = TypeVar("D_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Failure:
    """The error that ended a run, as the server keeps it."""

    name: str
    message: str
    stack: str | None = None


@dataclass(frozen=True)
class FunctionFailed(Generic[D_co]):
    """The data of a failure handler's run. `event_*` are those of the run that failed."""

    function_id: str
    run_id: str
    error: Failure
    event_name: str
    event_id: str
    raw_data: Mapping[str, object]
    _trigger: Trigger[D_co]

    @property
    def data(self) -> D_co:
        """The failed run's data. Raises `BadEventData` when that is why the run failed."""
        return cast("D_co", self._trigger.read(self.event_name, self.raw_data))


def read_failure(data: Mapping[str, Any], trigger: Trigger[D_co]) -> FunctionFailed[D_co]:
    """Read the data of the server's event `inngest/function.failed`."""
    error: Mapping[str, Any] = data.get("error") or {}
    event: Mapping[str, Any] = data.get("event") or {}
    return FunctionFailed(
        function_id=str(data.get("function_id", "")),
        run_id=str(data.get("run_id", "")),
        error=Failure(
            name=str(error.get("name") or error.get("error") or "Error"),
            message=str(error.get("message") or ""),
            stack=error.get("stack"),
        ),
        event_name=str(event.get("name", "")),
        event_id=str(event.get("id", "")),
        raw_data=event.get("data") or {},
        _trigger=trigger,
    )
