"""An app served by the SDK in process, and the server's calls to it (protocol, section 7)."""

from collections.abc import Mapping, Sequence
from typing import Any

import fastapi
import httpx
import inngest
import inngest.fast_api


class Endpoint:
    """Serves `functions` with `client`, and calls them."""

    def __init__(self, client: inngest.Inngest, functions: Sequence[inngest.Function[Any]]) -> None:
        app = fastapi.FastAPI()
        inngest.fast_api.serve(app, client, list(functions), serve_path="/api/inngest")
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://endpoint"
        )

    async def call(
        self,
        function_id: str,
        *events: Mapping[str, Any],
        steps: Mapping[str, Any] | None = None,
        attempt: int = 0,
    ) -> httpx.Response:
        """One call request; the answer as it comes."""
        body = {
            "ctx": {
                "attempt": attempt,
                "disable_immediate_execution": False,
                "run_id": "run-1",
                "stack": {"current": 0, "stack": []},
            },
            "event": events[0],
            "events": list(events),
            "steps": steps or {},
            "use_api": False,
        }
        return await self.http.post(
            "/api/inngest", params={"fnId": function_id, "stepId": "step"}, json=body
        )


def an_event(name: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """An event as the server sends it."""
    return {"name": name, "data": dict(data), "id": "event-1", "ts": 1, "user": {}}
