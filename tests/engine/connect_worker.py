"""The worker of the Connect tests: three steps, the middle one slow, each writing a line.

Started as a process: its arguments are the engine's origin, its name and the file for the lines.
"""

import asyncio
import sys
from pathlib import Path

import inngest
from inngest.connect import connect
from inngest.connect._internal import conn_init_starter, isolated_worker

# The SDK waits this long between its tries to connect, in seconds; a test need not.
vars(conn_init_starter).update(CONN_INIT_RETRY_INTERVAL_SEC=0.1, MAX_CONN_INIT_ATTEMPTS=200)
vars(isolated_worker).update(POST_CONNECT_SETTLE_SEC=0.1, RECONNECTION_DELAY_SEC=0.1)


async def main(origin: str, name: str, ledger: str) -> None:
    """Work until killed."""
    client = inngest.Inngest(
        app_id="remote", is_production=False, event_api_base_url=origin, api_base_url=origin
    )

    def write(step: str) -> str:
        with Path(ledger).open("a", encoding="utf-8") as file:
            file.write(f"{name} {step}\n")
        return name

    @client.create_function(fn_id="work", trigger=inngest.TriggerEvent(event="remote/go"))
    async def work(ctx: inngest.Context) -> list[str]:
        async def slow() -> str:
            write("slow begun")
            await asyncio.sleep(float(str(ctx.event.data["seconds"])))
            return write("slow ended")

        async def quick(step: str) -> str:
            return write(step)

        first = await ctx.step.run("first", quick, "first")
        return [first, await ctx.step.run("slow", slow), await ctx.step.run("last", quick, "last")]

    await connect([(client, [work])], instance_id=name).start()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
