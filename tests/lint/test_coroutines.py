"""`step-in-step`, `lost-await` and `blocking-call`: hits and near misses."""

from collections.abc import Callable

import pytest

IN_HANDLER = {
    "a step in a step's lambda": """
        await run.step("outer", lambda: run.step("inner", load))  #! step-in-step
    """,
    "a step in a step's coroutine": """
        async def outer():
            return await run.step("inner", load)  #! step-in-step
        await run.step("outer", outer)
    """,
    "a send in a step": """
        async def outer():
            await run.send("tell", run.data)  #! step-in-step
        await run.step("outer", outer)
    """,
    "a step in a branch": """
        async def branch():
            return await run.step("inner", load)
        await run.parallel(branch, lambda: run.step("other", load))
    """,
    "a step in a closure that is called between steps": """
        async def save_all():
            await run.step("save", save)
        await save_all()
    """,
    "a step's method as the work of a step": """
        await run.step("outer", run.step, "inner", load)  #! step-in-step
    """,
    "a sleep in a step": """
        async def outer():
            await run.sleep("wait", datetime.timedelta(1))  #! step-in-step
        await run.step("outer", outer)
    """,
    "a step that nobody awaits": """
        run.step("a", load)  #! lost-await
    """,
    "a sleep that nobody awaits": """
        run.sleep("a", datetime.timedelta(1))  #! lost-await
    """,
    "a group that nobody awaits": """
        run.parallel(lambda: run.step("a", load), lambda: run.step("b", load))  #! lost-await
    """,
    "a step that is returned": """
        return run.step("a", load)  #! lost-await
    """,
    "a step whose coroutine is used as its result": """
        found = run.step("a", load)  #! lost-await
        return found.id
    """,
    "a step whose coroutine decides": """
        if run.step("a", load):  #! lost-await
            return 1
    """,
    "a step whose coroutine is awaited later": """
        later = run.step("a", load)
        return await later
    """,
    "steps that are gathered": """
        await asyncio.gather(run.step("a", load), run.step("b", load))
    """,
    "steps that are collected and gathered": """
        work = [run.step("a", load), run.step("b", load)]
        await asyncio.gather(*work)
    """,
    "a step whose attribute is read at once": """
        return run.step("a", load).id  #! lost-await
    """,
    "a step that a branch returns without awaiting it": """
        async def left():
            return run.step("a", load)  #! lost-await
        await run.parallel(left, lambda: run.step("b", load))
    """,
    "a step that a plain branch returns": """
        def left():
            return run.step("a", load)
        await run.parallel(left, lambda: run.step("b", load))
    """,
    "a sleep of the thread": """
        time.sleep(1)  #! blocking-call
    """,
    "a sleep of the loop, in a step": """
        async def wait():
            await asyncio.sleep(1)
        await run.step("wait", wait)
    """,
    "a request in a step's coroutine": """
        async def fetch():
            return requests.get("http://shop.test").text  #! blocking-call
        await run.step("fetch", fetch)
    """,
    "a request in a step's plain function": """
        def fetch():
            return requests.get("http://shop.test").text  #? blocking-call
        await run.step("fetch", fetch)
    """,
    "a request in a thread": """
        async def fetch():
            return await asyncio.to_thread(lambda: requests.get("http://shop.test").text)
        await run.step("fetch", fetch)
    """,
    "a command in a step's coroutine": """
        async def build():
            subprocess.run(["make"])  #! blocking-call
        await run.step("build", build)
    """,
    "a session's own method": """
        async def fetch():
            return services.requests.get("http://shop.test")
        await run.step("fetch", fetch)
    """,
}


@pytest.mark.parametrize("body", IN_HANDLER.values(), ids=IN_HANDLER)
def test_in_a_definition(body: str, in_handler: Callable[[str], None]) -> None:
    in_handler(body)


IN_MODULE = {
    "a helper with steps, called in a step": """
        async def helper(run):
            await run.step("inner", load)

        @define(id="work", on=event(Wanted))
        async def work(run, services):
            await run.step("outer", lambda: helper(run))  #! step-in-step
    """,
    "a helper with steps, as the work of a step": """
        async def helper(run, n):
            await run.step("inner", load)

        @define(id="work", on=event(Wanted))
        async def work(run, services):
            await run.step("outer", helper, run, 1)  #! step-in-step
    """,
    "a helper that reads the run's data only": """
        async def helper(run):
            return run.data.n

        @define(id="work", on=event(Wanted))
        async def work(run, services):
            await run.step("outer", lambda: helper(run))
    """,
    "a helper that nobody awaits": """
        async def helper(run):
            await run.step("inner", load)

        @define(id="work", on=event(Wanted))
        async def work(run, services):
            helper(run)  #! lost-await
    """,
    "a step of the SDK that nobody awaits": """
        @sdk_function(fn_id="work", trigger=inngest.TriggerEvent(event="x"))
        async def work(ctx):
            ctx.step.run("a", load)  #! lost-await
            await ctx.step.run("b", load)
    """,
    "a step of the SDK in a plain handler": """
        @sdk_function(fn_id="work", trigger=inngest.TriggerEvent(event="x"))
        def work(ctx):
            ctx.step.run("a", load)
            time.sleep(1)
            return ctx.step.run("b", load)
    """,
    "a step of the SDK in a definition": """
        @define(id="work", on=event(Wanted))
        async def work(run, services):
            ctx = run.ctx
            ctx.step.sleep("a", 1000)  #! lost-await
            await run.ctx.step.ai.infer("think", adapter=services.model, body={})
    """,
    "a coroutine of the module that blocks, run as a step": """
        async def fetch(url):
            return httpx.get(url).text  #! blocking-call

        @define(id="work", on=event(Wanted))
        async def work(run, services):
            await run.step("fetch", fetch, run.data.url)
    """,
}


@pytest.mark.parametrize("text", IN_MODULE.values(), ids=IN_MODULE)
def test_in_a_module(text: str, in_module: Callable[[str], None]) -> None:
    in_module(text)
