"""An engine with something of everything: runs in every state, jobs that wait for every reason."""

from .desk import Desk, failed, returning, step


async def busy(at: Desk) -> dict[str, str]:
    """Runs in every state, something of every kind in the queue; values for holes in paths."""
    run = await at.run_of("fails")
    await at.run_of("works")
    await at.run_of("sleeps")
    waiting = await at.run_of("waits")
    await at.send("bounces")
    await at.send("collects")
    await at.rest()
    await at.post(f"/v1/runs/{run}/logs", {"lines": [{"message": "hello"}]})
    until = at.clock.now() + 1
    order = {"app_id": "t", "function_id": "sleeps", "started_before": until}
    kept = await at.post("/v1/cancellations", order)
    event = at.engine.run(run).events[0]["id"]
    return {
        "run_id": run,
        "waiting": waiting,
        "event_id": str(event),
        "app": "t",
        "function": "t-works",
        "cancellation_id": kept["id"],
    }


BUSY = {
    "fails": lambda body: failed() if body["steps"] else step("load", 1),
    "works": returning({"n": 1}),
    "sleeps": lambda _: step("nap", op="Sleep", name="2031-01-01T00:00:00Z"),
    "waits": lambda _: step("paid", op="WaitForEvent", opts={"event": "x", "timeout": "1h"}),
    "bounces": returning(),
    "collects": returning(),
    "ticks": returning(),
}
CONFIGS = {
    "bounces": {"debounce": {"period": "1h"}},
    "collects": {"batchEvents": {"maxSize": 3, "timeout": "1h"}},
    "ticks": {"triggers": [{"cron": "0 0 1 1 *"}]},
}


def address(path: str, values: dict[str, str]) -> str:
    """A path with its holes filled; what is to be done is asked of a run that has something."""
    if path.endswith("/jobs"):
        return path.format(run_id=values["waiting"])
    return path.format(**values)
