"""The app of the kill test: four steps, two side by side, each writing a line when it runs.

Started as a process: its arguments are the port, the engine's origin and the file for the lines.
"""

import sys
import warnings
from pathlib import Path

import fastapi
import inngest
import uvicorn

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import inngest.fast_api


def main(port: str, engine: str, ledger: str) -> None:
    """Serve until killed."""
    client = inngest.Inngest(
        app_id="durable", is_production=False, event_api_base_url=engine, api_base_url=engine
    )

    def write(step: str, run: int) -> str:
        with Path(ledger).open("a", encoding="utf-8") as file:
            file.write(f"{run} {step}\n")
        return step

    @client.create_function(
        fn_id="work",
        trigger=inngest.TriggerEvent(event="durable/go"),
        concurrency=[inngest.Concurrency(limit=2)],
    )
    async def work(ctx: inngest.Context) -> list[str]:
        run = int(str(ctx.event.data["run"]))

        async def step(name: str) -> str:
            async def note() -> str:
                return write(name, run)

            return await ctx.step.run(name, note)

        first = await step("first")
        sides = await ctx.group.parallel((lambda: step("left"), lambda: step("right")))
        return [first, *sides, await step("last")]

    app = fastapi.FastAPI()
    inngest.fast_api.serve(app, client, [work])
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="error")


if __name__ == "__main__":
    main(*sys.argv[1:])
