"""Every endpoint for people and tools. A path with a fixed name stands before one with a hole."""

from typing import Final

from mainstem.engine.api import (
    apps,
    cancellations,
    events,
    functions,
    logs,
    queue,
    runs,
    sending,
    stats,
    stream,
)
from mainstem.engine.api.endpoints import Endpoint

_DROP: Final = "/v1/apps/{app}/functions/{function}/drop"
_CANCELLATION: Final = "/v1/cancellations/{cancellation_id}"

ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    Endpoint("GET", "/v1/runs", runs.list_runs, "runs"),
    Endpoint("GET", "/v1/runs/{run_id}", runs.show_inngest_run, "runs", is_inngest=True),
    Endpoint("DELETE", "/v1/runs/{run_id}", runs.cancel_run, "runs", is_inngest=True),
    Endpoint("DELETE", "/v0/runs/{run_id}", runs.cancel_run, "runs", 204, is_inngest=True),
    Endpoint("GET", "/v1/runs/{run_id}/trace", runs.trace_run, "runs"),
    Endpoint("GET", "/v1/runs/{run_id}/jobs", queue.jobs_of_run, "runs", is_inngest=True),
    Endpoint("GET", "/v1/runs/{run_id}/logs", logs.list_lines, "runs"),
    Endpoint("POST", "/v1/runs/{run_id}/logs", logs.add_lines, "runs", 201),
    Endpoint("POST", "/v1/runs/{run_id}/replay", runs.replay_one, "runs", 201),
    Endpoint("POST", "/v1/replays", runs.replay_many, "runs", 201),
    Endpoint("GET", "/v1/events", events.list_events, "events", is_inngest=True),
    Endpoint("POST", "/v1/events", sending.send_events, "events", 201),
    Endpoint("GET", "/v1/events/{event_id}", events.show_event, "events", is_inngest=True),
    Endpoint("GET", "/v1/events/{event_id}/runs", events.runs_of_event, "events", is_inngest=True),
    Endpoint("GET", "/v1/apps", apps.list_apps, "apps"),
    Endpoint("GET", "/v1/apps/{app}/functions", apps.functions_of_app, "apps", is_inngest=True),
    Endpoint("POST", _DROP, functions.drop_runs, "apps"),
    Endpoint("GET", "/v1/functions", functions.list_functions, "functions"),
    Endpoint("GET", "/v1/functions/runs", apps.list_last_runs, "functions"),
    Endpoint("GET", "/v1/functions/{function}", functions.show_function, "functions"),
    Endpoint("POST", "/v1/functions/{function}/pause", functions.pause, "functions"),
    Endpoint("POST", "/v1/functions/{function}/resume", functions.resume, "functions"),
    Endpoint("POST", "/v1/functions/{function}/invoke", sending.invoke_function, "functions", 201),
    Endpoint("GET", "/v1/queue", queue.list_jobs, "queue"),
    Endpoint(
        "POST",
        "/v1/cancellations",
        cancellations.create_cancellation,
        "cancellations",
        201,
        is_inngest=True,
    ),
    Endpoint("GET", "/v1/cancellations", cancellations.list_cancellations, "cancellations"),
    Endpoint("DELETE", _CANCELLATION, cancellations.drop_cancellation, "cancellations", 204),
    Endpoint("GET", "/v1/stream", stream.stream, "engine", media="text/event-stream"),
    Endpoint("GET", "/v1/stats", stats.show_stats, "engine"),
    Endpoint("GET", "/metrics", stats.show_metrics, "engine", media="text/plain"),
)
