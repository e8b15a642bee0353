"""`step-id-in-parallel`: hits and near misses."""

from collections.abc import Callable

import pytest

IN_HANDLER = {
    "two lambdas with one id": """
        await run.parallel(
            lambda: run.step("fetch", load, 1),
            lambda: run.step("fetch", load, 2),  #! step-id-in-parallel
        )
    """,
    "two lambdas with two ids": """
        await run.parallel(lambda: run.step("left", load), lambda: run.step("right", load))
    """,
    "a step and a send with one id": """
        await run.parallel(
            lambda: run.step("tell", load),
            lambda: run.send("tell", run.data),  #! step-id-in-parallel
        )
    """,
    "a constant id in a comprehension": """
        await run.parallel(
            *[lambda p=p: run.step("fetch", load, p) for p in run.data.all]  #! step-id-in-parallel
        )
    """,
    "a constant id in a comprehension of partials": """
        await run.parallel(
            *(partial(run.step, "fetch", load, p) for p in run.data.all)  #! step-id-in-parallel
        )
    """,
    "an id that depends on the item, bound by default": """
        await run.parallel(*[lambda p=p: run.step(f"fetch-{p}", load, p) for p in run.data.all])
    """,
    "an id in a partial that depends on the item": """
        await run.parallel(*(partial(run.step, f"fetch-{p}", load, p) for p in run.data.all))
    """,
    "an id that reads the loop's variable too late": """
        await run.parallel(
            *[lambda: run.step(f"fetch-{p}", load, p) for p in run.data.all]  #! step-id-in-parallel
        )
    """,
    "an id that depends on something else than the item": """
        name = run.data.n
        await run.parallel(
            *[lambda p=p: run.step(f"x-{name}", load, p) for p in [1, 2]]  #! step-id-in-parallel
        )
    """,
    "an id that a function makes is not judged": """
        await run.parallel(*[lambda p=p: run.step(services.next_id(), load, p) for p in [1, 2]])
    """,
    "named functions as branches": """
        async def left():
            await run.step("log", save)
            return await run.step("left", load)
        async def right():
            await run.step("log", save)  #! step-id-in-parallel
            return await run.step("right", load)
        await run.parallel(left, right)
    """,
    "the handler's own function, with a constant id, in two branches": """
        async def fetch(page):
            return await run.step("fetch", load, page)
        await run.parallel(
            lambda: fetch(1),
            lambda: fetch(2),  #! step-id-in-parallel
        )
    """,
    "the handler's own function, that makes its id of what it is handed": """
        async def fetch(page):
            return await run.step(f"fetch-{page}", load, page)
        await run.parallel(*[partial(fetch, p) for p in [1, 2]])
    """,
    "the handler's own function, that is handed the loop's last value": """
        async def fetch(page):
            return await run.step(f"fetch-{page}", load, page)
        await run.parallel(
            *[lambda: fetch(p) for p in [1, 2]]  #! step-id-in-parallel
        )
    """,
    "the handler's own function, that is handed what is bound by default": """
        async def fetch(page):
            return await run.step(f"fetch-{page}", load, page)
        await run.parallel(*[lambda p=p: fetch(p) for p in [1, 2]])
    """,
    "one branch that uses its id twice": """
        async def left():
            await run.step("log", save)
            return await run.step("log", save)
        await run.parallel(left, lambda: run.step("right", load))
    """,
    "branches appended in a loop": """
        branches = []
        for p in run.data.all:
            branches.append(lambda p=p: run.step("fetch", load, p))  #! step-id-in-parallel
        await run.parallel(*branches)
    """,
    "branches appended in a loop with ids of their own": """
        branches = []
        for p in run.data.all:
            branches.append(lambda p=p: run.step(f"fetch-{p}", load, p))
        await run.parallel(*branches)
    """,
    "branches appended one after the other": """
        branches = []
        branches.append(lambda: run.step("a", load))
        branches.append(lambda: run.step("a", save))  #! step-id-in-parallel
        await run.parallel(*branches)
    """,
    "one id in two groups": """
        await run.parallel(lambda: run.step("a", load), lambda: run.step("b", load))
        await run.parallel(lambda: run.step("a", load), lambda: run.step("c", load))
    """,
}


@pytest.mark.parametrize("body", IN_HANDLER.values(), ids=IN_HANDLER)
def test_in_a_definition(body: str, in_handler: Callable[[str], None]) -> None:
    in_handler(body)


IN_MODULE = {
    "a helper with a constant id, handed to two branches": """
        async def fetch(run, page):
            return await run.step("fetch", load, page)

        @define(id="work", on=event(Wanted))
        async def work(run, services):
            await run.parallel(
                lambda: fetch(run, 1),
                lambda: fetch(run, 2),  #! step-id-in-parallel
            )
    """,
    "a helper with a constant id, in a comprehension of partials": """
        async def fetch(run, page):
            return await run.step("fetch", load, page)

        @define(id="work", on=event(Wanted))
        async def work(run, services):
            await run.parallel(*[partial(fetch, run, p) for p in [1, 2]])  #! step-id-in-parallel
    """,
    "a helper that makes its id of what it is handed": """
        async def fetch(run, page):
            return await run.step(f"fetch-{page}", load, page)

        @define(id="work", on=event(Wanted))
        async def work(run, services):
            await run.parallel(*[partial(fetch, run, p) for p in [1, 2]])
    """,
    "a helper that is handed the same id twice": """
        async def fetch(run, name):
            return await run.step(name, load)

        @define(id="work", on=event(Wanted))
        async def work(run, services):
            await run.parallel(
                lambda: fetch(run, "a"),
                lambda: fetch(run, "b"),
                lambda: fetch(run, "a"),  #! step-id-in-parallel
            )
    """,
    "the SDK's group, in a tuple": """
        def make(client):
            @client.create_function(fn_id="work", trigger=inngest.TriggerEvent(event="x"))
            async def work(ctx):
                await ctx.group.parallel((
                    lambda: ctx.step.run("a", load),
                    lambda: ctx.step.run("a", save),  #! step-id-in-parallel
                ))
    """,
    "the SDK's group, of a generator": """
        def make(client):
            @client.create_function(fn_id="work", trigger=inngest.TriggerEvent(event="x"))
            def work(ctx):
                ctx.group.parallel(tuple(
                    lambda n=n: ctx.step.run(f"a-{n}", load) for n in range(3)
                ))
    """,
    "the SDK's group under another name": """
        @sdk_function(fn_id="work", trigger=inngest.TriggerEvent(event="x"))
        def work(ctx):
            group, step = ctx.group, ctx.step
            s = ctx.step
            g = ctx.group
            g.parallel((lambda: s.run("a", load), lambda: s.run("a", save)))  #! step-id-in-parallel
    """,
    "somebody else's parallel": """
        async def work(pool):
            await pool.parallel(lambda: pool.step("a", load), lambda: pool.step("a", load))
    """,
}


@pytest.mark.parametrize("text", IN_MODULE.values(), ids=IN_MODULE)
def test_in_a_module(text: str, in_module: Callable[[str], None]) -> None:
    in_module(text)
