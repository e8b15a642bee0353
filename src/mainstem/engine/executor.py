"""One attempt: the request is built, sent, and its answer read. Changes nothing by itself."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from mainstem.engine import limits
from mainstem.engine.connect_workers import WorkerRequest
from mainstem.engine.jobs import Job, JobKind
from mainstem.engine.registry import Function
from mainstem.engine.runs import Run, memos_of
from mainstem.engine.signatures import canonical, is_signed, sign
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


class AppCaller:
    """The one HTTP client of the engine; its pool is as wide as the calls it may have under way."""

    def __init__(
        self, *, transports: Mapping[str, Any], signing_keys: Sequence[str], parallel: int
    ) -> None:
        """`transports` maps an origin (`http://app`) to an ASGI app called in this process.

        Calls are signed with the first of `signing_keys`, when there are any.
        """
        self._signing_keys = signing_keys
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(
                limits.REQUEST_TIMEOUT_SECONDS, connect=limits.CONNECT_TIMEOUT_SECONDS
            ),
            limits=httpx.Limits(max_connections=parallel, max_keepalive_connections=parallel),
            mounts={origin: httpx.ASGITransport(app) for origin, app in transports.items()},
            trust_env=False,
        )

    async def call(self, url: str, headers: Mapping[str, str], body: bytes, *, now: int) -> Answer:
        """What the app answers. An app that cannot be reached gives an answer too: `Broken`."""
        signed, body = self._signed(headers, body, now)
        try:
            response = await self._client.post(url, headers=signed, content=body)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            return no_answer(f"{type(error).__name__}: {error}")
        lowered = {name.lower(): value for name, value in response.headers.items()}
        if not self.is_trusted(response):
            return forged_answer(response.status_code)
        return read_answer(response.status_code, lowered, response.content)

    def is_trusted(self, response: httpx.Response) -> bool:
        """False for an answer whose signature is wrong; one without a signature is trusted.

        Apps sign their answers only after they have verified the request, so its absence says
        nothing: their own refusals (401) have none.
        """
        signature = response.headers.get("x-inngest-signature")
        if not self._signing_keys or signature is None:
            return True
        return is_signed(response.content, signature, self._signing_keys)

    async def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        now: int,
        timeout: float = limits.SYNC_TIMEOUT_SECONDS,  # noqa: ASYNC109  httpx's own
    ) -> httpx.Response:
        """A signed request that is no call: a sync or a look. Raises what httpx raises."""
        signed, body = self._signed(headers, body, now)
        return await self._client.request(
            method, url, headers=signed, content=body, timeout=timeout
        )

    async def aclose(self) -> None:
        """Let go of all connections."""
        await self._client.aclose()

    def _signed(
        self, headers: Mapping[str, str], body: bytes, now: int
    ) -> tuple[dict[str, str], bytes]:
        if not self._signing_keys:
            return dict(headers), body
        body = canonical(body)
        signature = sign(body, self._signing_keys[0], now_seconds=now // 1000)
        return {**headers, "x-inngest-signature": signature}, body
