"""The server's side of one run, in memory: it calls the function and keeps the memos.

The function is the SDK's, bound by a catalogue and served by the SDK's own adapter; calls and
answers are the protocol's JSON. So what holds here holds for the real thing: the handler starts
from the top after each step, and whatever leaves a step has been through JSON.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

import fastapi
import httpx
import inngest
import inngest.fast_api
from pydantic import JsonValue

from mainstem.testing.values import Sent

_PATH: Final = "/api/inngest"
_Data = dict[str, JsonValue]


class RecordingClient(inngest.Inngest):
    """A client that keeps the events it is to send, and the errors that its functions raise."""

    def __init__(self) -> None:
        # Given in full, so that nothing comes from the process's environment.
        super().__init__(
            app_id="test",
            is_production=False,
            event_key="test",
            api_base_url="http://127.0.0.1:9",
            event_api_base_url="http://127.0.0.1:9",
            middleware=[_KeepErrors],
        )
        self.sent: dict[str, Sent] = {}
        self.errors: list[Exception] = []

    async def send(
        self,
        events: inngest.Event | list[inngest.Event],
        *,
        skip_middleware: bool = False,  # noqa: ARG002  the SDK's signature
    ) -> list[str]:
        """Keep `events`; one that comes again under the same id is the same event, as there."""
        batch = events if isinstance(events, list) else [events]
        ids = [event.id or f"event-{len(self.sent) + n}" for n, event in enumerate(batch)]
        for event_id, event in zip(ids, batch, strict=True):
            self.sent.setdefault(
                event_id, Sent(event_id, event.name, dict(cast("_Data", event.data)))
            )
        return ids


class _KeepErrors(inngest.Middleware):
    """Keeps what was really raised: over the wire only its name and text are left."""

    async def transform_output(self, result: inngest.TransformOutputResult) -> None:
        if isinstance(self.client, RecordingClient) and result.error is not None:
            self.client.errors.append(result.error)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the app answered to one call."""

    status: int
    body: Any
    is_final: bool

    @property
    def ops(self) -> list[dict[str, Any]]:
        """The opcodes of an answer that reports steps."""
        return self.body if self.status == 206 else []


@dataclass(slots=True)
class Server:
    """Calls one function. `memos` are what earlier steps gave, by hashed step id."""

    client: RecordingClient
    function: inngest.Function[Any]
    events: list[dict[str, Any]]
    run_id: str
    attempts: int
    memos: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        app = fastapi.FastAPI()
        inngest.fast_api.serve(app, self.client, [self.function], serve_path=_PATH)
        self._http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://app"
        )

    _http: httpx.AsyncClient = field(init=False)

    async def call(
        self, *, attempt: int, step: str = "step", memos: Mapping[str, Any] | None = None
    ) -> Answer:
        """Call the function once; `step` is the hash of a planned step to do, if one is meant.

        `memos` are those it is called with, all that there are if not given.
        """
        memos = self.memos if memos is None else memos
        answer = await self._http.post(
            _PATH,
            params={"fnId": self.function.id, "stepId": step},
            content=json.dumps(
                {
                    "ctx": {
                        "attempt": attempt,
                        "disable_immediate_execution": False,
                        "max_attempts": self.attempts,
                        "run_id": self.run_id,
                        "stack": {"current": len(memos), "stack": list(memos)},
                    },
                    "event": self.events[0],
                    "events": self.events,
                    "steps": dict(memos),
                    "use_api": False,
                }
            ),
        )
        return Answer(
            status=answer.status_code,
            body=answer.json(),
            is_final=answer.headers.get("x-inngest-no-retry") == "true",
        )

    async def aclose(self) -> None:
        """Let go of the app."""
        await self._http.aclose()


def hashed(step_id: str) -> str:
    """The protocol's key of a step's memo; `step_id` has `:n` behind for the n-th repetition."""
    return hashlib.sha1(step_id.encode(), usedforsecurity=False).hexdigest()


def event_on_the_wire(name: str, data: Mapping[str, Any], event_id: str) -> dict[str, Any]:
    """An event as the server hands it to a function."""
    return {"name": name, "data": dict(data), "id": event_id, "ts": 0, "user": {}}
