"""One attempt: the request is built, sent, and its answer read. Changes nothing by itself."""

import json
import sqlite3

from mainstem.engine import limits
from mainstem.engine.app_client import AppClient
from mainstem.engine.connect_workers import WorkerRequest
from mainstem.engine.defers import told_defers
from mainstem.engine.dispatches import dated_request, queue_item
from mainstem.engine.endpoint_requests import AppCall, endpoint_call
from mainstem.engine.errors import AppUnreachable
from mainstem.engine.jobs import Job, JobKind
from mainstem.engine.registry import Function
from mainstem.engine.runs import Run, memos_of, with_overrides
from mainstem.engine.wire import (
    Answer,
    CallContext,
    call_body,
    call_url,
    forged_answer,
    no_answer,
    read_answer,
)


def build_request(
    sql: sqlite3.Connection, run: Run, function: Function, job: Job, request_id: str
) -> AppCall:
    """A call, from what is on disk now."""
    if run.token is not None:
        return endpoint_call(run, job, request_id)
    step_id = job.step_id if job.kind is JobKind.TARGET and job.step_id else "step"
    memos = memos_of(sql, run.id)
    stack = list(memos)
    given = [key for key in json.loads(run.overrides or "{}") if key not in memos]
    context = CallContext(
        run_id=run.id,
        function_id=function.id,
        queue_item=queue_item(job),
        generation=job.generation,
        step_id="step",
        attempt=job.attempt,
        max_attempts=run.max_attempts,
        disable_immediate=job.is_planned,
        stack=stack,
        stack_current=min(job.stack_current, len(stack)),
        job_id=str(job.id),
        request_id=request_id,
        version=run.version,
        defers=told_defers(run),
        # An SDK that goes on by itself would take a step that has an input for one that is done.
        may_checkpoint=not given,
    )
    headers = {
        "content-type": "application/json",
        "user-agent": "mainstem-engine",
        "x-inngest-req-version": str(run.version),
        "x-inngest-generation-id": str(job.generation),
        "x-inngest-job-id": str(job.id),
        "x-inngest-step-id": step_id,
        "x-request-id": request_id,
        "x-run-id": run.id,
    }
    body = call_body(context, run.events, with_overrides(run, memos))
    return AppCall("POST", call_url(function.config.url, step_id), headers, body)


def worker_request(run: Run, function: Function, call: AppCall) -> WorkerRequest:
    """The same call for a Connect worker, which gets by name what an app gets as headers."""
    headers = call.headers
    return WorkerRequest(
        id=dated_request(headers["x-request-id"], headers["x-inngest-generation-id"]),
        run_id=run.id,
        job_id=headers["x-inngest-job-id"],
        step_id=headers["x-inngest-step-id"],
        function_id=function.id,
        slug=function.config.slug,
        app_id=function.app_id,
        body=call.body,
    )


async def call_app(client: AppClient, call: AppCall, *, now: int) -> Answer:
    """What the app answers. An app that cannot be reached gives an answer too: `Broken`."""
    try:
        response = await client.send(
            call.method,
            call.url,
            call.headers,
            call.body,
            now=now,
            signed=call.signed,
            timeout=limits.REQUEST_TIMEOUT_SECONDS,
        )
    except AppUnreachable as error:
        return no_answer(error.reason)
    if not client.is_trusted(response):
        return forged_answer(response.status)
    return read_answer(response.status, response.headers, response.content)
