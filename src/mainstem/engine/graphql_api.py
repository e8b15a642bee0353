"""The query API's small GraphQL: what the SDK's own tests ask about runs.

Inngest SDK protocol, "HTTP and query APIs".
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from mainstem.engine.engine import Engine
from mainstem.engine.lifecycle import RunStatus
from mainstem.engine.views import RunView, StepView
from mainstem.engine.wire import encode

if TYPE_CHECKING:
    from graphql import GraphQLSchema

Json = Any

_SCHEMA: Final = """
type Query {
    run(runID: String!): Run
    runTrigger(runID: String!): RunTrigger!
    event(query: EventQuery!): Event
    runTraceSpanOutputByID(outputID: String!): SpanOutput!
}
input EventQuery { eventId: ID!, workspaceId: ID }
type Run { id: ID!, status: String!, output: String, trace: Span }
type RunTrigger { payloads: [String!]! }
type Event { id: ID!, functionRuns: [Run!]! }
type Span { name: String!, outputID: String, childrenSpans: [Span!]! }
type SpanOutput { data: String, error: SpanError }
type SpanError { message: String!, name: String, stack: String }
"""


async def answer_query(engine: Engine, query: str, variables: Mapping[str, Json]) -> Json:
    """A GraphQL answer: `data`, and `errors` when something went wrong."""
    # Loaded by who asks: five megabytes that most engines never need.
    from graphql import graphql_sync

    root = _Root(engine)
    result = graphql_sync(_schema(), query, root, variable_values=dict(variables))
    if not result.errors:
        return {"data": result.data}
    return {"data": result.data, "errors": [{"message": e.message} for e in result.errors]}


@lru_cache(maxsize=1)
def _schema() -> "GraphQLSchema":
    from graphql import build_schema

    return build_schema(_SCHEMA)


class _Root:
    """The resolvers, by the names of the schema's fields."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def run(self, _: Json, runID: str) -> Json:  # noqa: N803  the schema's name
        return _shown(self._engine.run(runID))

    def runTrigger(self, _: Json, runID: str) -> Json:  # noqa: N802, N803
        return {"payloads": [encode(event) for event in self._engine.run(runID).events]}

    def event(self, _: Json, query: Mapping[str, str]) -> Json:
        runs = reversed(self._engine.runs(event=query["eventId"], limit=1000))
        shown = [_shown(run) for run in runs if run.status is not RunStatus.SKIPPED]
        return {"id": query["eventId"], "functionRuns": shown}

    def runTraceSpanOutputByID(self, _: Json, outputID: str) -> Json:  # noqa: N802, N803
        run_id, _, step_id = outputID.partition(".")
        run = self._engine.run(run_id)
        for step in run.steps:
            if step.id == step_id:
                return _output(step.output, step.error)
        is_failed = run.status is RunStatus.FAILED
        return _output(None if is_failed else run.output, run.output if is_failed else None)


def _shown(run: RunView) -> Json:
    has_output = run.status in (RunStatus.COMPLETED, RunStatus.FAILED)
    return {
        "id": run.id,
        "status": run.status.value,
        "output": encode(run.output) if has_output else None,
        "trace": {
            "name": run.function_id,
            "outputID": None,
            "childrenSpans": [_span(run, step) for step in run.steps] + _last_span(run),
        },
    }


def _span(run: RunView, step: StepView) -> Json:
    output_id = None if step.op == "Sleep" else f"{run.id}.{step.id}"
    return {"name": step.name, "outputID": output_id, "childrenSpans": []}


def _last_span(run: RunView) -> list[Json]:
    names = {RunStatus.COMPLETED: "function success", RunStatus.FAILED: "function error"}
    if run.status not in names:
        return []
    return [{"name": names[run.status], "outputID": f"{run.id}.", "childrenSpans": []}]


def _output(data: Json, error: Mapping[str, Json] | None) -> Json:
    told = None
    if error is not None:
        told = {key: error.get(key) for key in ("message", "name", "stack")}
        told["message"] = told["message"] or ""
    return {"data": None if error is not None else json.dumps(data), "error": told}
