"""`undeclared-send`: hits and near misses; and `sent_events` across modules."""

from collections.abc import Callable
from pathlib import Path

import pytest

import mainstem
from mainstem.lint import NothingToLint, SentEvents, sent_events

IN_MODULE = {
    "an event that is declared": """
        @define(id="work", on=event(Wanted), sends=(Wanted,))
        async def work(run, services):
            await run.send("tell", Wanted(n=1))
    """,
    "an event that is not declared": """
        from shop.events import Other

        @define(id="work", on=event(Wanted), sends=(Wanted,))
        async def work(run, services):
            await run.send("tell", [Wanted(n=1), Other()])  #! undeclared-send
    """,
    "an event of the module, and no declaration": """
        class Own(EventData, name="shop/own"): ...

        @define(id="work", on=event(Wanted))
        async def work(run, services):
            await run.send("tell", Own())  #? undeclared-send
    """,
    "an event from elsewhere, and no declaration": """
        @define(id="work", on=event(Wanted))
        async def work(run, services):
            await run.send("tell", Wanted(n=1))
    """,
    "an event that is declared and never sent": """
        from shop.events import Other

        @define(
            id="work",
            on=event(Wanted),
            sends=(Wanted, Other),  #? undeclared-send
        )
        async def work(run, services):
            await run.send("tell", Wanted(n=1))
    """,
    "events that cannot be followed": """
        @define(id="work", on=event(Wanted), sends=(Wanted,))
        async def work(run, services):
            await run.send("tell", services.events())
    """,
    "an event that a function of the module makes": """
        from shop.events import Other
        def requests_for(kind, numbers):
            return [kind(n=n) for n in numbers]

        @define(id="work", on=event(Wanted), sends=(Wanted,))  #? undeclared-send
        async def work(run, services):
            await run.send("tell", requests_for(Other, [1, 2]))  #! undeclared-send
    """,
    "an event that a helper sends": """
        from shop.events import Other
        async def helper(run):
            await run.send("tell", Other())  #! undeclared-send

        @define(id="work", on=event(Wanted), sends=(Wanted,))
        async def work(run, services):
            await run.send("tell", Wanted(n=1))
            await helper(run)
    """,
    "an event that only a version sends": """
        from shop.events import Other
        async def second(run, services):
            await run.send("tell", Other())

        @define(id="w", on=event(Wanted), sends=(Wanted, Other), versions=(Version("2", second),))
        async def work(run, services):
            await run.send("tell", Wanted(n=1))
    """,
    "an event through a list that is filled": """
        @define(id="work", on=event(Wanted), sends=(Wanted,))
        async def work(run, services):
            events = []
            for n in [1, 2]:
                events.append(Wanted(n=n))
            await run.send("tell", events)
    """,
    "an event that is read from a dict": """
        @define(id="work", on=event(Wanted), sends=(Wanted,))
        async def work(run, services):
            await run.send("tell", [Wanted.model_validate(one) for one in run.data.found])
    """,
    "the run's own event, sent again": """
        from shop.events import Other

        @define(id="work", on=event(Wanted), sends=(Other,))  #? undeclared-send
        async def work(run: Run[Wanted], services):
            await run.send("again", run.data.model_copy())  #! undeclared-send
    """,
    "an event derived from the declared one": """
        class Base(EventData): ...
        class Own(Base, name="shop/own"): ...

        @define(id="work", on=event(Wanted), sends=(Base,))
        async def work(run, services):
            await run.send("tell", Own())
    """,
    "events of the SDK have no class": """
        @sdk_function(fn_id="work", trigger=inngest.TriggerEvent(event="x"))
        async def work(ctx):
            await ctx.step.send_event("tell", inngest.Event(name="y"))
    """,
}


@pytest.mark.parametrize("text", IN_MODULE.values(), ids=IN_MODULE)
def test_in_a_module(text: str, in_module: Callable[[str], None]) -> None:
    in_module(text)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    files = {
        "__init__.py": "",
        "events.py": """
from mainstem.catalog import EventData
class Paid(EventData, name="shop/paid"): ...
class Sent(EventData, name="shop/sent"): ...
""",
        "follow_ups.py": """
from shop import events
from .events import Sent
def follow_ups(found):
    kind = events.Paid if found else Sent
    return [kind()]
async def close(run):
    await run.send("close", Sent())
""",
        "work.py": """
import inngest
from mainstem.catalog import define, event, sdk_function
from .events import Paid
from .follow_ups import close, follow_ups
@define(id="first", on=event(Paid))
async def first(run, services):
    await run.send("tell", follow_ups(run.data))
@define(id="second", on=event(Paid))
async def second(run, services):
    await close(run)
@sdk_function(fn_id="third", trigger=inngest.TriggerEvent(event="x"))
async def third(ctx):
    await ctx.step.send_event("tell", [inngest.Event(name="shop/old")])
@define(id="fourth", on=event(Paid))
async def fourth(run, services):
    await run.send("tell", services.whatever())
@define(id="fifth", on=event(Paid))
async def fifth(run, services):
    await run.step("a", services.nothing)
""",
    }
    folder = tmp_path / "shop"
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize(
    ("function_id", "classes", "names", "is_complete"),
    [
        ("first", ("Paid", "Sent"), ("shop/paid", "shop/sent"), True),
        ("second", ("Sent",), ("shop/sent",), True),
        ("third", (), ("shop/old",), True),
        ("fourth", (), (), False),
        ("fifth", (), (), True),
    ],
)
def test_sent_events_follow_names_from_module_to_module(
    shop: Path,
    function_id: str,
    classes: tuple[str, ...],
    names: tuple[str, ...],
    is_complete: bool,
) -> None:
    found: SentEvents = {one.function_id: one for one in sent_events([shop])}[function_id]
    assert (found.classes, found.names, found.is_complete) == (classes, names, is_complete)


def test_sent_events_of_a_path_that_is_not_there_say_so(tmp_path: Path) -> None:
    with pytest.raises(NothingToLint, match=r"Cannot lint '.*nowhere': there is no such file"):
        sent_events([tmp_path / "nowhere"])


def test_what_our_own_functions_send_is_followed_to_the_end() -> None:
    found = sent_events([Path(mainstem.__file__).parent / "functions"])
    assert [one.function_id for one in found if not one.is_complete] == []
    by_id = {one.function_id: one for one in found}
    assert by_id["discover-new-repository"].classes == (
        "RepositoryIssuesRequested",
        "RepositorySyncGraphqlRequested",
        "RepositorySyncRequested",
        "SingleClassificationRequested",
    )
