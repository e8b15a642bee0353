"""`outer-assignment-in-step`: hits and near misses."""

from collections.abc import Callable

import pytest

IN_HANDLER = {
    "a nonlocal that is read after the step": """
        count = 0
        def bump():
            nonlocal count
            count += 1  #! outer-assignment-in-step
        await run.step("bump", bump)
        return count
    """,
    "a nonlocal that is never read": """
        count = 0
        def bump():
            nonlocal count
            count += 1
            return 1
        return await run.step("bump", bump)
    """,
    "a list that is appended to": """
        rows = []
        await run.step("fill", lambda: rows.append(1))  #! outer-assignment-in-step
        return rows
    """,
    "a dict that is updated in a coroutine": """
        found = {}
        async def fill():
            found.update(await services.fetch())  #! outer-assignment-in-step
        await run.step("fill", fill)
        await run.step("save", save, found)
    """,
    "an item that is assigned": """
        found: dict[str, int] = dict()
        def fill():
            found["a"] = 1  #! outer-assignment-in-step
        await run.step("fill", fill)
        if found["a"]:
            await run.sleep("wait", datetime.timedelta(1))
    """,
    "an augmented item of a defaultdict": """
        counts = defaultdict(int)
        async def count():
            counts["a"] += 1  #! outer-assignment-in-step
        await run.step("count", count)
        return dict(counts)
    """,
    "an attribute of an object of the handler": """
        state = services.new_state()
        def fill():
            state.total = 3  #! outer-assignment-in-step
        await run.step("fill", fill)
        return state.total
    """,
    "an attribute of what the handler was handed": """
        def fill():
            services.total = 3  #? outer-assignment-in-step
        await run.step("fill", fill)
        return services.total
    """,
    "another attribute is read": """
        state = services.new_state()
        def fill():
            state.total = 3
        await run.step("fill", fill)
        return state.name
    """,
    "the step's own list": """
        rows = []
        def fill():
            rows = []
            rows.append(1)
            return rows
        await run.step("fill", fill)
        return rows
    """,
    "the value returned and used": """
        rows = []
        def fill():
            rows.append(1)
            return rows
        rows = await run.step("fill", fill)
        return rows
    """,
    "a list that is made anew before it is read": """
        rows = []
        await run.step("fill", lambda: rows.append(1))
        rows = await run.step("read", load)
        return rows
    """,
    "a list that is made anew on one way only": """
        rows = []
        await run.step("fill", lambda: rows.append(1))  #! outer-assignment-in-step
        if run.data.n:
            rows = []
        return rows
    """,
    "a store whose method is called `add`": """
        await run.step("keep", lambda: services.store.add(1))
        await run.step("read", services.store.read)
    """,
    "a client whose method is called `update`": """
        table = services.table("orders")
        await run.step("keep", lambda: table.update({"a": 1}))
        return await run.step("read", table.read)
    """,
    "a read in the next turn of the loop": """
        seen = set()
        for page in [1, 2]:
            if page in seen:
                continue
            await run.step(f"see-{page}", lambda: seen.add(page))  #! outer-assignment-in-step
    """,
    "a list made in each turn of the loop": """
        for page in [1, 2]:
            rows = []
            print(rows)
            await run.step(f"see-{page}", lambda: rows.append(page))
    """,
    "the same list is only filled further": """
        rows = []
        await run.step("one", lambda: rows.append(1))
        await run.step("two", lambda: rows.append(2))
    """,
    "a list of a function within the step": """
        rows = []
        def fill():
            def put(rows):
                rows.append(1)
                return rows
            return put([])
        await run.step("fill", fill)
        return rows
    """,
    "a list changed between steps": """
        rows = []
        rows.append(await run.step("one", load))
        return rows
    """,
    "a list changed by a branch, between its steps": """
        rows = []
        async def left():
            rows.append(await run.step("one", load))
        await run.parallel(left, lambda: run.step("two", load))
        return rows
    """,
    "an object appended to, by its class likely of memory only": """
        state = State()
        await run.step("fill", lambda: state.rows.append(1))  #? outer-assignment-in-step
        return state.rows
    """,
}


@pytest.mark.parametrize("body", IN_HANDLER.values(), ids=IN_HANDLER)
def test_in_a_definition(body: str, in_handler: Callable[[str], None]) -> None:
    in_handler(body)


IN_MODULE = {
    "a function of the module that changes what it is handed": """
        def enrich(order):
            order["paid"] = True  #! outer-assignment-in-step

        @define(id="work", on=event(Wanted))
        async def work(run, services):
            order = await run.step("load", load)
            await run.step("enrich", enrich, order)
            return order
    """,
    "a function of the module that changes and returns what it is handed": """
        def enrich(order):
            order["paid"] = True
            return order

        @define(id="work", on=event(Wanted))
        async def work(run, services):
            order = await run.step("load", load)
            order = await run.step("enrich", enrich, order)
            return order
    """,
    "a partial of a function that changes what it is handed": """
        def enrich(order):
            order.paid = True  #! outer-assignment-in-step

        @sdk_function(fn_id="work", trigger=inngest.TriggerEvent(event="x"))
        async def work(ctx):
            order = await ctx.step.run("load", load)
            await ctx.step.run("enrich", partial(enrich, order))
            return order.paid
    """,
    "a global": """
        total = 0
        def bump():
            global total
            total += 1  #! outer-assignment-in-step

        @define(id="work", on=event(Wanted))
        async def work(run, services):
            await run.step("bump", bump)
            return total
    """,
    "a list of the module": """
        SEEN = []
        async def see(n):
            SEEN.append(n)  #! outer-assignment-in-step

        @define(id="work", on=event(Wanted))
        async def work(run, services):
            await run.step("see", see, 1)
            return len(SEEN)
    """,
    "a cache of the module that only steps use": """
        CACHE = {}
        async def see(n):
            CACHE[n] = 1
            return CACHE[n]

        @define(id="work", on=event(Wanted))
        async def work(run, services):
            return await run.step("see", see, 1)
    """,
    "a sync handler of the SDK": """
        def make(client):
            @client.create_function(fn_id="work", trigger=inngest.TriggerEvent(event="x"))
            def work(ctx: inngest.ContextSync):
                rows = []
                ctx.step.run("fill", lambda: rows.append(1))  #! outer-assignment-in-step
                return rows
    """,
    "a handler of the SDK as it was before 0.5": """
        def make(client):
            @client.create_function(fn_id="work", trigger=inngest.TriggerEvent(event="x"))
            async def work(ctx, step):
                rows = []
                await step.run("fill", lambda: rows.append(1))  #! outer-assignment-in-step
                return rows
    """,
}


@pytest.mark.parametrize("text", IN_MODULE.values(), ids=IN_MODULE)
def test_in_a_module(text: str, in_module: Callable[[str], None]) -> None:
    in_module(text)
