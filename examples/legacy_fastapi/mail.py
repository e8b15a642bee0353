"""Letters to customers."""

from datetime import timedelta

import inngest as ing
from inngest import Batch, TriggerEvent

from legacy_fastapi.core import inngest_client as app
from legacy_fastapi.middleware import TagMail


@app.create_function(
    fn_id="send-receipt",
    trigger=TriggerEvent(event="order/confirmed"),
    middleware=[TagMail],
)
def send_receipt(ctx: ing.ContextSync) -> dict:
    order = ctx.event.data["order"]
    letter = ctx.step.run("write-letter", lambda: f"Thank you for order {order}.")
    ctx.step.send_event("log-mail", ing.Event(name="mail/sent", data={"order": order}))
    return {"email": ctx.event.data["email"], "letter": letter}


@app.create_function(
    fn_id="ask-for-review",
    trigger=[TriggerEvent(event="order/delivered")],
    timeouts=ing.Timeouts(finish=timedelta(days=8)),
)
async def ask_for_review(ctx: ing.Context) -> dict:
    """Wait a week for what the customer has to say."""
    review = await ctx.step.wait_for_event(
        "await-review",
        event="review/left",
        if_exp="async.data.order == event.data.order",
        timeout=timedelta(days=7),
    )
    if review is None:
        return {"order": ctx.event.data["order"], "stars": None}
    return {"order": ctx.event.data["order"], "stars": review.data["stars"]}


@app.create_function(
    fn_id="welcome-readers",
    trigger=TriggerEvent(event="newsletter/signup"),
    batch_events=Batch(max_size=3, timeout=timedelta(seconds=60)),
)
async def welcome_readers(ctx: ing.Context) -> dict:
    """One letter for three new readers; the printer charges by the sheet."""
    return {"welcomed": sorted(event.data["name"] for event in ctx.events)}
