"""Reports: slow, and asked for by people who wait."""

import inngest
from inngest import Inngest

from legacy_django.reports.listing import SERVED, served

reports_client = Inngest(app_id="library", request_timeout=20_000)

__all__ = ["SERVED", "reports_client"]

LOANS = {"2026-05": [3, 1, 4], "2026-06": [1, 5]}


@served
@reports_client.create_function(
    fn_id="monthly-report",
    trigger=inngest.TriggerEvent(event="report/asked"),
    throttle=inngest.Throttle(limit=10, period=60_000, burst=5),
)
async def monthly_report(ctx: inngest.Context) -> dict:
    """The one function here that is async; the endpoint serves both kinds."""
    month = ctx.event.data["month"]

    async def total() -> int:
        return sum(LOANS[month])

    async def busiest() -> int:
        return max(LOANS[month])

    loans, top = await ctx.group.parallel(
        (
            lambda: ctx.step.run("add-up-loans", total),
            lambda: ctx.step.run("find-busiest-day", busiest),
        )
    )
    await ctx.step.send_event(
        "publish", inngest.Event(name="report/ready", data={"month": month, "loans": loans})
    )
    return {"month": month, "loans": loans, "busiest": top}


@served
@reports_client.create_function(
    fn_id="print-report",
    trigger=inngest.TriggerEvent(event="report/ready", expression="event.data.loans > 0"),
)
def print_report(ctx: inngest.ContextSync) -> dict:
    pages = ctx.step.run("lay-out", lambda: 1 + int(ctx.event.data["loans"]) // 5)
    return {"pages": pages}


def archive_failed(ctx: inngest.ContextSync) -> str:
    return f"{ctx.event.data['event']['data']['month']} was not archived"


@served
@reports_client.create_function(
    fn_id="archive-report",
    trigger=inngest.TriggerEvent(event="report/archive.asked"),
    retries=1,
    on_failure=archive_failed,
)
def archive_report(ctx: inngest.ContextSync) -> str:
    """Nothing is archived twice, nothing that never was."""
    month = str(ctx.event.data["month"])

    def put_away() -> str:
        return f"{month}: {len(LOANS[month])} days"

    return ctx.step.run("put-away", put_away)
