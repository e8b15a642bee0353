"""`client-at-import`: hits and near misses."""

from collections.abc import Callable

import pytest

IN_MODULE = {
    "a client at the top": """
        client = inngest.Inngest(app_id="shop")  #! client-at-import
    """,
    "a client under an imported name": """
        from inngest import Inngest as Client
        client = Client(app_id="shop")  #! client-at-import
    """,
    "a client in a condition at the top": """
        if os.environ.get("DEV"):
            client = inngest.Inngest(app_id="shop")  #! client-at-import
    """,
    "a client in a class": """
        class Shop:
            client = inngest.Inngest(app_id="shop")  #! client-at-import
    """,
    "a client as a default": """
        def serve(client=inngest.Inngest(app_id="shop")):  #! client-at-import
            return client
    """,
    "a client in a function": """
        def client():
            return inngest.Inngest(app_id="shop")
    """,
    "a client of a script": """
        if __name__ == "__main__":
            client = inngest.Inngest(app_id="shop")
    """,
    "a function of an imported client": """
        CRON = inngest.TriggerCron(cron="*")
        from shop.clients import client

        @client.create_function(fn_id="a", trigger=CRON)  #! client-at-import
        async def a(ctx):
            await ctx.step.run("a", load)
    """,
    "a function applied": """
        from shop.clients import client
        from shop.work import work
        a = client.create_function(fn_id="a", trigger=CRON)(work)  #! client-at-import
    """,
    "a function made in a factory": """
        def functions(client):
            @client.create_function(fn_id="a", trigger=CRON)
            async def a(ctx):
                await ctx.step.run("a", load)
            return [a]
    """,
    "somebody else's method of that name": """
        from cloud import lambdas
        lambdas.create_function(name="a")
    """,
    "a definition": """
        @define(id="a", on=event(Wanted))
        async def a(run, services):
            await run.step("a", load)
    """,
}


@pytest.mark.parametrize("text", IN_MODULE.values(), ids=IN_MODULE)
def test_in_a_module(text: str, in_module: Callable[[str], None]) -> None:
    in_module(text)
