"""A capture from end to end: open everything, run it, count what changed, sum up, close."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from mainstem.cli.capturing import Capture, EngineUse, run_capture
from mainstem.cli.explain import Plan, plan_for, plan_table
from mainstem.cli.local_run import engine_path_for, local_run
from mainstem.cli.output import stderr_console
from mainstem.cli.progress import watching
from mainstem.cli.servers import LOOPBACK, bind
from mainstem.cli.source import Generated, Recording, github_from
from mainstem.cli.tally import RowsWritten, count_rows, count_written
from mainstem.functions import catalogue
from mainstem.github import Usage
from mainstem.insights import RepositorySummary, repository_summary
from mainstem.settings import Settings
from mainstem.store import ids
from mainstem.web import Opened, open_services

# A simulated GitHub has no bad hours to sit out; the engine's own pauses begin at fifteen seconds.
_SIMULATED_RETRY_S = 1.0


@dataclass(frozen=True, slots=True)
class CaptureResult:
    """One finished capture; its fields are the keys of `--json` and stay as they are.

    `rows` has one entry per table. `nothing_new` says that no row was inserted or updated. `plan`
    is what was expected, where that was asked for.
    """

    repository: str
    via: str
    history: str
    database: str
    seconds: float
    nothing_new: bool
    engine: EngineUse
    github: Usage
    rows: dict[str, RowsWritten]
    summary: RepositorySummary
    plan: Plan | None = None


async def captured(
    settings: Settings, wanted: Capture, source: Recording | Generated | None
) -> CaptureResult:
    """Do one capture.

    Nothing is written before GitHub has been asked for the repository: a wrong name, a bad token or
    no network leave no database behind. Raises what the rooms raise.
    """
    console = stderr_console()
    clock, began = time.monotonic(), datetime.now(UTC)
    async with AsyncExitStack() as stack:
        settings = await stack.enter_async_context(github_from(settings, source))
        services = open_services(settings, share=False)
        opened = _within(wanted, await stack.enter_async_context(services))
        named = wanted.repository
        found = await opened.github.repository(named.owner, named.name)
        repository_id = ids.repository_id(found.id)
        await asyncio.to_thread(opened.database.upgrade)
        opened.share()
        before = await opened.database.run_read(count_rows)
        plan: Plan | None = None
        if wanted.explain:
            plan = await plan_for(opened, repository_id, named)
            console.print(plan_table(plan))
        local = await stack.enter_async_context(
            local_run(
                # All of it, whatever part this place would serve.
                settings.model_copy(
                    update={"serve_groups": frozenset(), "serve_tags": frozenset()}
                ),
                catalogue(),
                opened.services,
                engine_path=engine_path_for(settings.database_url),
                engine_listener=stack.enter_context(bind(LOOPBACK, 0, option="--engine-port")),
                endpoint_listener=stack.enter_context(bind(LOOPBACK, 0, option="--port")),
                retry_interval=None if source is None else _SIMULATED_RETRY_S,
            )
        )
        title = f"Capturing {named} over {wanted.via} into {opened.database.url}"
        async with watching(local, title=title, console=console):
            use = await run_capture(
                local,
                wanted,
                repository_id,
                say=lambda text: console.print(text, soft_wrap=True),
            )
        rows = await opened.database.run_read(count_written, before, began)
        return CaptureResult(
            repository=found.full_name,
            via=wanted.via,
            history=wanted.history,
            database=opened.database.url,
            seconds=round(time.monotonic() - clock, 2),
            nothing_new=not any(table.written for table in rows.values()),
            engine=use,
            github=opened.github.ledger.snapshot(),
            rows=rows,
            summary=await opened.database.run_read(
                repository_summary, repository_id, datetime.now(UTC)
            ),
            plan=plan,
        )


def _within(wanted: Capture, opened: Opened) -> Opened:
    """`opened` with the window of a recent capture, where one was asked for."""
    if wanted.days is None:
        return opened
    limits = replace(opened.services.limits, window=timedelta(days=wanted.days))
    return replace(opened, services=replace(opened.services, limits=limits))
