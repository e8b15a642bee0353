"""`duplicate-step-id` and `unordered-loop-step`: hits and near misses."""

from collections.abc import Callable

import pytest

DUPLICATES = {
    "one id for two functions": """
        await run.step("save", save)
        await run.step("save", load)  #? duplicate-step-id
    """,
    "one id for one function, called twice": """
        await run.step("save", save, 1)
        await run.step("save", save, 2)
    """,
    "one id for a step and a send": """
        await run.step("tell", save)
        await run.send("tell", run.data)  #? duplicate-step-id
    """,
    "one id for a step and a sleep": """
        await run.step("wait", save)
        await run.sleep("wait", datetime.timedelta(1))  #? duplicate-step-id
    """,
    "one id on two ways that part": """
        if run.data.n:
            await run.step("save", save)
        else:
            await run.step("save", load)
    """,
    "one id on a way that leaves": """
        if run.data.n:
            await run.step("save", save)
            return
        await run.step("save", load)
    """,
    "one id on a way that returns the step": """
        if run.data.n:
            return await run.step("save", save)
        return await run.step("save", load)
    """,
    "one id on a way that comes back": """
        if run.data.n:
            await run.step("save", save)
        await run.step("save", load)  #? duplicate-step-id
    """,
    "one id in two cases": """
        match run.data.n:
            case 1:
                await run.step("save", save)
            case _:
                await run.step("save", load)
    """,
    "one id in a conditional expression": """
        return await run.step("a", save) if run.data.n else await run.step("a", load)
    """,
    "one id in a loop": """
        for n in [1, 2]:
            await run.step("save", save, n)
    """,
    "one id for the work and its mending": """
        try:
            await run.step("save", save)
        except StepError:
            await run.step("save", load)  #? duplicate-step-id
    """,
    "one id in a comprehension": """
        found = {n: await run.step("save", save, n) for n in [1, 2]}
        return await run.step("save", load, found)
    """,
    "one id for two partials of one function": """
        await run.step("save", partial(save, 1))
        await run.step("save", partial(save, 2))
    """,
}

LOOPS = {
    "a set of names": """
        for name in {"a", "b"}:
            await run.step("save", save, name)  #? unordered-loop-step
    """,
    "a set of numbers, which keeps its order": """
        for n in {1, 2}:
            await run.step("save", save, n)
    """,
    "a set, sorted": """
        for name in sorted(set(run.data.names)):
            await run.step("save", save, name)
    """,
    "a set under a name": """
        names = set(run.data.names)
        for name in names:
            await run.step("save", save, name)  #? unordered-loop-step
    """,
    "a set, with the item in the id": """
        for name in set(run.data.names):
            await run.step(f"save-{name}", save, name)
    """,
    "a set, with what is made of the item in the id": """
        for name in set(run.data.names):
            key = name.lower()
            await run.step(f"save-{key}", save, name)
    """,
    "a set in a list": """
        for number, name in enumerate(list(set(run.data.names))):
            await run.step("save", save, name)  #? unordered-loop-step
    """,
    "a difference of sets": """
        old, new = run.data.old, set(run.data.names)
        known = set(run.data.known)
        for name in known - {"a"}:
            await run.step("save", save, name)  #? unordered-loop-step
    """,
    "a list": """
        for name in list(run.data.names):
            await run.step("save", save, name)
    """,
    "a dict": """
        for name in run.data.names.keys():
            await run.step("save", save, name)
    """,
    "a folder": """
        for path in Path("in").iterdir():
            await run.step("save", save, path)  #? unordered-loop-step
    """,
    "a set, with the place in line in the id": """
        for number, name in enumerate(set(run.data.names)):
            await run.step(f"save-{number}", save, name)  #? unordered-loop-step
    """,
    "a set, with a name taken from a list by the item": """
        for name in set(run.data.names):
            for part in services.parts_of(name):
                await run.step(f"save-{part}", save)
    """,
    "a loop within a loop over a set": """
        for name in {"a", "b"}:
            for n in [1, 2]:
                await run.step(f"save-{n}", save, name)  #? unordered-loop-step
    """,
}


@pytest.mark.parametrize("body", DUPLICATES.values(), ids=DUPLICATES)
def test_duplicates(body: str, in_handler: Callable[[str], None]) -> None:
    in_handler(body)


@pytest.mark.parametrize("body", LOOPS.values(), ids=LOOPS)
def test_loops(body: str, in_handler: Callable[[str], None]) -> None:
    in_handler(body)
