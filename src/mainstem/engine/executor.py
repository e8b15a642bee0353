"""One attempt: the request is built, sent, and its answer read. Changes nothing by itself."""

import sqlite3
from collections.abc import Mapping

from mainstem.engine import limits
from mainstem.engine.app_client import AppClient
from mainstem.engine.connect_workers import WorkerRequest
from mainstem.engine.dispatches import queue_item
from mainstem.engine.errors import AppUnreachable
from mainstem.engine.jobs import Job, JobKind
from mainstem.engine.registry import Function
from mainstem.engine.runs import Run, memos_of
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
) -> tuple[str, dict[str, str], bytes]:
    """URL, headers and body of a call, from what is on disk now."""
    step_id = job.step_id if job.kind is JobKind.TARGET and job.step_id else "step"
    memos = memos_of(sql, run.id)
    stack = list(memos)
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
    return call_url(function.config.url, step_id), headers, call_body(context, run.events, memos)


def worker_request(
    run: Run, function: Function, headers: Mapping[str, str], body: bytes
) -> WorkerRequest:
    """The same call for a Connect worker, which gets by name what an app gets as headers."""
    return WorkerRequest(
        id=headers["x-request-id"],
        run_id=run.id,
        job_id=headers["x-inngest-job-id"],
        step_id=headers["x-inngest-step-id"],
        function_id=function.id,
        slug=function.config.slug,
        app_id=function.app_id,
        body=body,
    )


async def call_app(
    client: AppClient, url: str, headers: Mapping[str, str], body: bytes, *, now: int
) -> Answer:
    """What the app answers. An app that cannot be reached gives an answer too: `Broken`."""
    try:
        response = await client.send(
            "POST", url, headers, body, now=now, timeout=limits.REQUEST_TIMEOUT_SECONDS
        )
    except AppUnreachable as error:
        return no_answer(error.reason)
    if not client.is_trusted(response):
        return forged_answer(response.status)
    return read_answer(response.status, response.headers, response.content)
