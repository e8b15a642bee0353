"""The API over an app of the real SDK, on sockets."""

from typing import Any

import httpx
import inngest

from ..house import House  # noqa: TID252  the helper of the room above


async def test_a_replay_from_the_failure_does_not_run_the_finished_step_again(
    house: House,
) -> None:
    loads: list[str] = []
    is_broken = True

    def make(client: inngest.Inngest) -> list[inngest.Function[Any]]:
        @client.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="a"))
        async def f(ctx: inngest.Context) -> str:
            async def load() -> str:
                loads.append(ctx.run_id)
                return "tea"

            async def charge() -> str:
                if is_broken:
                    raise inngest.NonRetriableError("no bank")
                return "paid"

            item = await ctx.step.run("load", load)
            return f"{item} {await ctx.step.run('charge', charge)}"

        return [f]

    await house.add_app(make)
    failed = await house.run_of("a")
    is_broken = False
    async with httpx.AsyncClient(base_url=house.origin, timeout=10) as api:
        answer = await api.post(f"/v1/runs/{failed.id}/replay", json={"from": "failure"})
        await house.engine.wait_idle(timeout=10)
        trace = (await api.get(f"/v1/runs/{answer.json()['data']['run_id']}/trace")).json()["data"]
    assert (trace["run"]["status"], trace["run"]["output"]) == ("COMPLETED", "tea paid")
    assert [step["name"] for step in trace["steps"]] == ["load", "charge"]
    assert loads == [failed.id]
