"""The app of the campaign: functions that use all that an engine has to remember.

Started as a process: its arguments are the port, the engine's origin and the file to which every
step that runs adds a line. A step gives its value and a number of its own; the run's output holds
both, so that a memo which changed, or was made up, shows.
"""

import asyncio
import json
import os
import secrets
import sys
import time
import warnings
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import fastapi
import inngest
import uvicorn

from soaking.values import value_of

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import inngest.fast_api

Json = Any
Handler = Callable[[inngest.Context], Awaitable[Json]]
# An app that is dead for a while costs attempts; they must outlast it.
RETRIES = 20
SECOND = 1000
HOUR = 3600 * SECOND


class Actor:
    """Runs steps and writes down that it did."""

    def __init__(self, ledger: str) -> None:
        self._ledger = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    async def act(self, ctx: inngest.Context, name: str, *, pause: float = 0) -> Json:
        """One step: its memo."""
        key = key_of(ctx)

        async def work() -> Json:
            nonce, began = secrets.token_hex(8), int(time.time() * 1000)
            if pause:
                await asyncio.sleep(pause)
            line = json.dumps({"run": ctx.run_id, "step": name, "at": began, "nonce": nonce})
            os.write(self._ledger, f"{line}\n".encode())
            return {"value": value_of(name, key), "nonce": nonce}

        return await ctx.step.run(name, work)


def key_of(ctx: inngest.Context) -> str:
    """The key of the event that a run is for; of a batch the first one's."""
    return str(ctx.event.data["key"])


@dataclass
class App:
    """Collects the functions of the app."""

    client: inngest.Inngest
    actor: Actor
    functions: list[inngest.Function[Any]] = field(default_factory=list)

    def define(self, fn_id: str, **options: Any) -> Callable[[Handler], inngest.Function[Any]]:
        """As `create_function`, started by the event `soak/{fn_id}`."""
        trigger = inngest.TriggerEvent(event=f"soak/{fn_id}")
        options = {"retries": RETRIES, **options}

        def add(handler: Handler) -> inngest.Function[Any]:
            made = self.client.create_function(fn_id=fn_id, trigger=trigger, **options)(handler)
            self.functions.append(made)
            return made

        return add


def add_steps(app: App) -> None:
    """Functions that have steps of every sort."""
    act, define = app.actor.act, app.define

    @define("steps")
    async def steps(ctx: inngest.Context) -> Json:
        one = await act(ctx, "one")
        sides = await ctx.group.parallel(
            (
                lambda: act(ctx, "left", pause=0.02),
                lambda: act(ctx, "right"),
                lambda: act(ctx, "middle", pause=0.01),
            )
        )
        return {"one": one, "sides": list(sides), "last": await act(ctx, "last")}

    @define("sleeper")
    async def sleeper(ctx: inngest.Context) -> Json:
        before = await act(ctx, "before")
        await ctx.step.sleep("nap", 400)
        return {"before": before, "after": await act(ctx, "after")}

    @define("waiter")
    async def waiter(ctx: inngest.Context) -> Json:
        key = key_of(ctx)
        before = await act(ctx, "before")
        # The wait is armed before the event is sent: both are told in one answer.
        answer, _ = await ctx.group.parallel(
            (
                lambda: ctx.step.wait_for_event(
                    "answer",
                    event="soak/answer",
                    if_exp=f"async.data.key == '{key}'",
                    timeout=HOUR,
                ),
                lambda: ctx.step.send_event(
                    "ask", inngest.Event(name="soak/answer", data={"key": key})
                ),
            )
        )
        told = answer.data["key"] if isinstance(answer, inngest.Event) else None
        return {"before": before, "answer": told, "after": await act(ctx, "after")}

    @define("callee")
    async def callee(ctx: inngest.Context) -> Json:
        return {"called": await act(ctx, "called")}

    @define("caller")
    async def caller(ctx: inngest.Context) -> Json:
        before = await act(ctx, "before")
        answer = await ctx.step.invoke("call", function=callee, data={"key": key_of(ctx)})
        return {"before": before, "answer": answer}

    @define("child")
    async def child(ctx: inngest.Context) -> Json:
        return {"only": await act(ctx, "only")}

    @define("fan")
    async def fan(ctx: inngest.Context) -> Json:
        key = key_of(ctx)
        children = [
            inngest.Event(name="soak/child", id=f"{key}.{n}", data={"key": f"{key}.{n}"})
            for n in range(3)
        ]
        await ctx.step.send_event("children", children)
        return {"after": await act(ctx, "after")}


def add_failures(app: App) -> None:
    """Functions that fail, once or always."""
    act, define = app.actor.act, app.define

    @define("flaky")
    async def flaky(ctx: inngest.Context) -> Json:
        async def fail_first() -> Json:
            if ctx.attempt == 0:
                raise RuntimeError("the first attempt fails")
            return value_of("second-try", key_of(ctx))

        tried = await ctx.step.run("second-try", fail_first)
        after = await act(ctx, "after")
        if ctx.attempt == 0:
            raise RuntimeError("the function fails once as well")
        return {"tried": tried, "after": after}

    async def mourn(ctx: inngest.Context) -> Json:
        failed: Json = ctx.event.data["event"]
        return {"mourned": failed["data"]["key"]}

    @define("failing", retries=0, on_failure=mourn)
    async def failing(ctx: inngest.Context) -> Json:
        await act(ctx, "before")
        raise inngest.NonRetriableError("it always fails")


def add_limits(app: App) -> None:
    """Functions with flow control, and one that is cancelled."""
    act, define = app.actor.act, app.define

    @define("limited", concurrency=[inngest.Concurrency(limit=2, key="event.data.group")])
    async def limited(ctx: inngest.Context) -> Json:
        first = await act(ctx, "first", pause=0.01)
        return {"first": first, "second": await act(ctx, "second")}

    @define("throttled", throttle=inngest.Throttle(limit=20, period=SECOND, burst=5))
    async def throttled(ctx: inngest.Context) -> Json:
        return {"only": await act(ctx, "only")}

    @define("debounced", debounce=inngest.Debounce(period=SECOND, key="event.data.group"))
    async def debounced(ctx: inngest.Context) -> Json:
        return {"only": await act(ctx, "only")}

    @define("batched", batch_events=inngest.Batch(max_size=5, timeout=SECOND))
    async def batched(ctx: inngest.Context) -> Json:
        only = await act(ctx, "only")
        return {"only": only, "keys": [event.data["key"] for event in ctx.events]}

    @define("single", singleton=inngest.Singleton(mode="skip", key="event.data.group"))
    async def single(ctx: inngest.Context) -> Json:
        return {"only": await act(ctx, "only", pause=0.05)}

    @define("newest", singleton=inngest.Singleton(mode="cancel", key="event.data.group"))
    async def newest(ctx: inngest.Context) -> Json:
        first = await act(ctx, "first", pause=0.05)
        return {"first": first, "second": await act(ctx, "second")}

    @define("once", idempotency="event.data.group")
    async def once(ctx: inngest.Context) -> Json:
        return {"only": await act(ctx, "only")}

    cancel = inngest.Cancel(event="soak/stop", if_exp="event.data.key == async.data.key")

    @define("stopped", cancel=[cancel])
    async def stopped(ctx: inngest.Context) -> Json:
        await ctx.step.sleep("for-ever", 24 * HOUR)
        return None


def main(port: str, engine: str, ledger: str) -> None:
    """Serve until killed."""
    client = inngest.Inngest(
        app_id="soak", is_production=False, event_api_base_url=engine, api_base_url=engine
    )
    client.logger.setLevel("CRITICAL")
    app = App(client, Actor(ledger))
    for add in (add_steps, add_failures, add_limits):
        add(app)
    server = fastapi.FastAPI()
    inngest.fast_api.serve(server, client, app.functions)
    uvicorn.run(server, host="127.0.0.1", port=int(port), log_level="critical")


if __name__ == "__main__":
    main(*sys.argv[1:])
