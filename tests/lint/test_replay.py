"""`nondeterminism` and `unstable-step-id`: hits and near misses."""

from collections.abc import Callable

import pytest

IN_HANDLER = {
    "dice in a condition on which a step depends": """
        if random.random() < 0.5:  #! nondeterminism
            await run.step("a", load)
    """,
    "dice in a condition on which only a log line depends": """
        if random.random() < 0.5:
            run.logger.info("lucky")
        await run.step("a", load)
    """,
    "the time in a condition that ends the run early": """
        now = datetime.datetime.now(datetime.UTC)  #! nondeterminism
        if now.hour < 6:
            return None
        await run.step("a", load)
    """,
    "the time in a condition behind the last step": """
        found = await run.step("a", load)
        if time.time() > 5:
            return None
        return found
    """,
    "a token handed to two steps": """
        token = str(uuid.uuid4())  #! nondeterminism
        await run.step("a", save, token)
        await run.step("b", save, token)
    """,
    "a token handed to one step": """
        token = secrets.token_hex()  #? nondeterminism
        await run.step("a", save, token)
    """,
    "secrets that are compared": """
        if secrets.compare_digest(run.data.key, "a"):
            await run.step("a", load)
    """,
    "a token seen by two steps' closures": """
        token = uuid.uuid4().hex  #! nondeterminism
        await run.step("a", lambda: save(token))
        await run.step("b", lambda: load(token))
    """,
    "a token made inside a step": """
        token = await run.step("make-token", lambda: uuid.uuid4().hex)
        await run.step("a", save, token)
        await run.step("b", save, token)
    """,
    "a name that a step's result takes over": """
        now = datetime.datetime.now(datetime.UTC)
        now = await run.step("now", services.now)
        await run.step("a", save, now)
        await run.step("b", save, now)
    """,
    "the time in a result": """
        await run.step("a", load)
        return {"at": datetime.datetime.now(datetime.UTC).isoformat()}  #? nondeterminism
    """,
    "the time in a log line": """
        began = time.monotonic()
        await run.step("a", load)
        run.logger.info("took %s", time.monotonic() - began)
    """,
    "the time until which to sleep": """
        await run.sleep_until("wait", datetime.datetime.now(datetime.UTC) + datetime.timedelta(1))
    """,
    "the time in a step's id": """
        await run.step(f"save-{time.time()}", save)  #! unstable-step-id
    """,
    "a random name in a step's id": """
        name = uuid.uuid4()
        await run.step(f"save-{name}", save)  #! unstable-step-id
    """,
    "the event's data in a step's id": """
        await run.step(f"save-{run.data.n}", save)
    """,
    "a derived id": """
        name = uuid.uuid5(uuid.NAMESPACE_URL, run.data.url)
        await run.step(f"save-{name}", save, name)
    """,
    "dice with a seed": """
        dice = random.Random(run.id)
        if dice.random() < 0.5:
            await run.step("a", load)
    """,
    "dice without a seed": """
        dice = random.Random()  #! nondeterminism
        if dice.random() < 0.5:
            await run.step("a", load)
    """,
    "the environment in a condition": """
        if os.environ.get("FAST"):  #? nondeterminism
            await run.step("a", load)
    """,
    "a loop over what is drawn": """
        for n in random.sample([1, 2, 3], 2):  #! nondeterminism
            await run.step(f"a-{n}", load)  #! unstable-step-id
    """,
    "a value through a function of unknown ways": """
        shard = services.shard_of(time.time())  #? nondeterminism
        if shard:
            await run.step("a", load)
    """,
    "a request between steps whose answer decides": """
        answer = requests.get("http://shop.test")  #! nondeterminism blocking-call
        if answer.ok:
            await run.step("a", load)
    """,
    "a request between steps whose answer is dropped": """
        requests.post("http://shop.test")  #! blocking-call #? nondeterminism
        await run.step("a", load)
    """,
    "a client used between steps": """
        async with httpx.AsyncClient() as client:  #! nondeterminism
            answer = await client.get("http://shop.test")
        await run.step("a", save, answer.text)
        await run.step("b", save, answer.text)
    """,
    "a client used within a step": """
        async def fetch():
            async with httpx.AsyncClient() as client:
                return (await client.get("http://shop.test")).text
        text = await run.step("fetch", fetch)
        await run.step("a", save, text)
    """,
    "a file read between steps": """
        with open("rates.json") as file:  #! nondeterminism
            rates = file.read()
        await run.step("a", save, rates)
        await run.step("b", save, rates)
    """,
    "a clock that is handed in": """
        now = services.clock.now()  #! nondeterminism
        await run.step("a", save, now)
        return now
    """,
    "a clock that a step uses": """
        now = await run.step("now", lambda: services.clock.now())
        await run.step("a", save, now)
        return now
    """,
    "a random id in an event that is sent": """
        await run.send("tell", Wanted(n=random.randint(1, 6)))  #? nondeterminism
    """,
    "a step in a conditional expression": """
        kept = await run.step("a", load) if random.random() < 0.5 else None  #! nondeterminism
        return kept
    """,
    "a while loop that watches the time": """
        while time.monotonic() < 5:  #! nondeterminism
            await run.step("a", load)
    """,
    "a local thing of the name of a module": """
        random = services.dice
        if random.random() < 0.5:
            await run.step("a", load)
    """,
    "a branch of a group that is handed a token": """
        token = uuid.uuid4()  #! nondeterminism
        await run.parallel(
            lambda: run.step("a", save, token),
            lambda: run.step("b", save, token),
        )
    """,
}


@pytest.mark.parametrize("body", IN_HANDLER.values(), ids=IN_HANDLER)
def test_in_a_definition(body: str, in_handler: Callable[[str], None]) -> None:
    in_handler(body)


IN_MODULE = {
    "a function of the module that returns the time": """
        def stamp():
            at = datetime.datetime.now()
            return at.isoformat()

        @define(id="work", on=event(Wanted))
        async def work(run, services):
            at = stamp()  #! nondeterminism
            await run.step("a", save, at)
            await run.step("b", save, at)
    """,
    "a function of the module that returns nothing of the kind": """
        def stamp(n):
            datetime.datetime.now()
            return n + 1

        @define(id="work", on=event(Wanted))
        async def work(run, services):
            if stamp(run.data.n):
                await run.step("a", save)
    """,
    "names imported one by one": """
        from random import choice as pick
        from datetime import datetime as dt

        @define(id="work", on=event(Wanted))
        async def work(run, services):
            if pick([True, False]):  #! nondeterminism
                await run.step(f"a-{dt.now()}", save)  #! unstable-step-id
    """,
    "a helper that is known by its annotation": """
        async def helper(run: Run[Wanted]):
            if random.random() < 0.5:  #! nondeterminism
                await run.step("a", save)
            return time.time()
    """,
    "a helper that is handed the context": """
        async def helper(services, r):
            if random.random() < 0.5:  #! nondeterminism
                await r.step("a", save)

        @define(id="work", on=event(Wanted))
        async def work(run, services):
            await helper(services, run)
    """,
    "a version of a definition": """
        async def second(run, services):
            if random.random() < 0.5:  #! nondeterminism
                await run.step("a", save)

        @define(id="work", on=event(Wanted), version="1", versions=(Version("2", second, 0.1),))
        async def first(run, services):
            await run.step("a", save)
    """,
    "a failure handler": """
        async def failed(run, services):
            if random.random() < 0.5:  #! nondeterminism
                await run.step("a", save)

        @define(id="work", on=event(Wanted), on_failure=failed)
        async def work(run, services):
            await run.step("a", save)
    """,
    "a method that is a handler": """
        class Shop:
            def __init__(self, client):
                self.fn = client.create_function(fn_id="w", trigger=None)(self.work)

            async def work(self, ctx):
                if random.random() < 0.5:  #! nondeterminism
                    await ctx.step.run("a", save)
    """,
    "an imported name that is also a method's": """
        from shop.ids import make

        class Other:
            def make(self):
                return uuid.uuid4()

        @define(id="work", on=event(Wanted))
        async def work(run, services):
            await run.step(f"a-{make()}", save)
    """,
    "a name that two factories give to functions of theirs": """
        def first():
            def make():
                return uuid.uuid4()
            return make

        def second():
            def make():
                return 1
            @define(id="work", on=event(Wanted))
            async def work(run, services):
                await run.step(f"a-{make()}", save)
            return work
    """,
    "an ordinary function": """
        async def work(services):
            if random.random() < 0.5:
                await services.step("a", save)
    """,
}


@pytest.mark.parametrize("text", IN_MODULE.values(), ids=IN_MODULE)
def test_in_a_module(text: str, in_module: Callable[[str], None]) -> None:
    in_module(text)
