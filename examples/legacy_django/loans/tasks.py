"""Lending, returning, reminding."""

import datetime as dt

import inngest
from inngest import ContextSync, TriggerCron, TriggerEvent

from legacy_django.loans import shelf
from legacy_django.loans.inngest_client import client
from legacy_django.loans.middleware import SignEvents


def lending_failed(ctx: ContextSync) -> dict:
    """Say at the desk that the reader waits for nothing."""
    asked = ctx.event.data["event"]["data"]
    ctx.step.send_event(
        "tell-desk", inngest.Event(name="desk/note", data={"reader": asked["reader"]})
    )
    return {"reader": asked["reader"], "reason": ctx.event.data["error"]["message"]}


@client.create_function(
    fn_id="lend-book",
    name="Lend a book",
    trigger=TriggerEvent(event="book/asked"),
    retries=2,
    concurrency=[inngest.Concurrency(limit=1, key="event.data.book")],
    on_failure=lending_failed,
)
def lend_book(ctx: ContextSync) -> dict:
    asked = ctx.event.data
    title = ctx.step.run("fetch-book", shelf.fetch, asked["book"], asked["loan"])
    ctx.step.send_event(
        "note-loan",
        inngest.Event(name="book/lent", data={"loan": asked["loan"], "reader": asked["reader"]}),
    )
    return {"reader": asked["reader"], "title": title}


@client.create_function(
    fn_id="remind-reader",
    trigger=TriggerEvent(event="book/lent"),
    timeouts=inngest.Timeouts(finish=dt.timedelta(days=60)),
)
def remind_reader(ctx: ContextSync) -> dict:
    """One letter after four weeks, if the book is not back by then."""
    back = ctx.step.wait_for_event(
        "await-return",
        event="book/returned",
        if_exp="async.data.loan == event.data.loan",
        timeout=dt.timedelta(weeks=4),
    )
    if back is None:
        return {"loan": ctx.event.data["loan"], "reminded": True}
    return {"loan": ctx.event.data["loan"], "reminded": False, "days": back.data["days"]}


@client.create_function(
    fn_id="settle-fine", trigger=TriggerEvent(event="fine/asked"), idempotency="event.data.loan"
)
def settle_fine(ctx: ContextSync) -> int:
    """What a loan costs in the end. Others invoke it."""
    return ctx.step.run("look-up-fine", shelf.fine_for, ctx.event.data["days"])


@client.create_function(
    fn_id="collect-fine", trigger=TriggerEvent(event="fine/due"), middleware=[SignEvents]
)
def collect_fine(ctx: ContextSync) -> dict:
    late = ctx.event.data
    fine = ctx.step.invoke(
        "settle-fine",
        function=settle_fine,
        data={"loan": late["loan"], "days": late["days"]},
    )
    ctx.step.send_event(
        "bill", inngest.Event(name="bill/sent", data={"loan": late["loan"], "fine": fine})
    )
    return {"loan": late["loan"], "fine": fine}


@client.create_function(
    fn_id="sweep-shelves",
    trigger=[
        TriggerCron(cron="TZ=Europe/London 30 5 * * 0"),
        TriggerEvent(event="shelves/sweep.asked"),
    ],
)
def sweep_shelves(ctx: ContextSync) -> dict:
    """Look for books in wrong places, both floors at once."""
    ground, first = ctx.group.parallel(
        (
            lambda: ctx.step.run("sweep-ground-floor", lambda: ["b2"]),
            lambda: ctx.step.run("sweep-first-floor", list),
        )
    )
    return {"misplaced": [*ground, *first]}


FUNCTIONS = [lend_book, remind_reader, settle_fine, collect_fine, sweep_shelves]
