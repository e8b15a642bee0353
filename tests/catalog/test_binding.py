"""One catalogue, any number of clients: each gets functions of its own, all run the one handler."""

import gc
import threading
import weakref
from dataclasses import dataclass, field
from typing import Any

import inngest
import pytest

from mainstem.catalog import (
    BoundCatalog,
    Catalog,
    EventData,
    FunctionFailed,
    Override,
    Run,
    Switches,
    check_served_by,
    client_sender,
    cron,
    define,
    event,
)
from mainstem.errors import (
    BadEventData,
    CatalogError,
    DefinitionError,
    DuplicateDefinition,
    ForeignClient,
    NotBound,
)

from .endpoint import Endpoint, an_event


class Asked(EventData, name="test/asked"):
    number: int


@dataclass
class Book:
    name: str
    runs: list[int] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


async def on_failure(run: Run[FunctionFailed[Asked]], book: Book) -> None:
    failed = run.data
    book.failures.append(f"{failed.error.name}: {failed.error.message} ({failed.event_name})")
    book.failures.append(f"number {failed.data.number}")


@define(id="write-down", on=event(Asked), group="capture", retries=2, on_failure=on_failure)
async def write_down(run: Run[Asked], book: Book) -> str:
    book.runs.append(run.data.number)
    return f"{book.name}:{run.data.number}"


@define(
    id="tidy-up",
    on=cron("0 3 * * *"),
    group="update",
    environments={"preview": Override(off=True), "production": Override(cron="0 4 * * *")},
)
async def tidy_up(run: Run[Any], book: Book) -> None: ...


CATALOG: Catalog[Book] = Catalog([write_down, tidy_up])


def client(app_id: str = "shop") -> inngest.Inngest:
    return inngest.Inngest(app_id=app_id, is_production=False)


ASKED = an_event("test/asked", {"number": 3})


async def test_one_definition_bound_to_two_clients_works_with_each_at_once() -> None:
    bound = {name: CATALOG.bind(client(name), Book(name)) for name in ("left", "right")}
    apps = {name: Endpoint(b.client, b.functions) for name, b in bound.items()}
    for name, app in apps.items():
        answer = await app.call(f"{name}-write-down", ASKED)
        assert (answer.status_code, answer.json()) == (200, f"{name}:3")
    assert [b.services.runs for b in bound.values()] == [[3], [3]]


def test_binding_twice_to_the_same_client_gives_the_same_objects() -> None:
    one, book = client(), Book("a")
    bound = CATALOG.bind(one, book)
    assert CATALOG.bind(one, book) is bound
    assert CATALOG.bind(one, book).functions == bound.functions
    assert CATALOG.bind(one, Book("a")) is not bound
    assert CATALOG.bind(client(), book) is not bound
    assert CATALOG.bind(one, book, environment="test") is not bound


def test_binding_in_many_threads_makes_the_functions_once() -> None:
    one, book = client(), Book("a")
    found: list[BoundCatalog[Book]] = []
    threads = [
        threading.Thread(target=lambda: found.append(CATALOG.bind(one, book))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len({id(bound) for bound in found}) == 1


def test_binding_does_not_change_the_definition() -> None:
    before = dict(vars(write_down))
    CATALOG.bind(client(), Book("a"), environment="production")
    assert dict(vars(write_down)) == before


def test_a_catalogue_does_not_keep_clients_alive() -> None:
    one = client()
    kept = CATALOG.bind(one, Book("a")).functions
    gone = weakref.ref(one)
    del one
    assert gone() is not None
    del kept
    gc.collect()
    assert gone() is None


async def test_each_bound_function_runs_the_definitions_own_handler() -> None:
    for definition in CATALOG:
        function = CATALOG.bind(client(), Book("a")).by_id[definition.id]
        assert function._handler.__wrapped__ is definition.handler  # type: ignore[union-attr]


def test_the_sdk_registers_what_the_definition_says() -> None:
    bound = CATALOG.bind(client(), Book("a"), environment="production")
    config = bound.by_id["tidy-up"].get_config("http://x").main
    assert config.model_dump(mode="json", exclude_none=True)["triggers"] == [{"cron": "0 4 * * *"}]
    config = bound.by_id["write-down"].get_config("http://x").main
    assert config.id == "shop-write-down"
    assert config.steps["step"].retries is not None
    assert config.steps["step"].retries.attempts == 2


def test_what_an_environment_leaves_out_is_named_with_its_reason() -> None:
    bound = CATALOG.bind(client(), Book("a"), environment="preview")
    assert list(bound.by_id) == ["write-down"]
    assert bound.off == {"tidy-up": "off in preview"}


async def test_wrong_event_data_ends_the_run_at_once_naming_event_field_and_function() -> None:
    bound = CATALOG.bind(client(), Book("a"))
    answer = await Endpoint(bound.client, bound.functions).call(
        "shop-write-down", an_event("test/asked", {"number": "3"})
    )
    assert (answer.status_code, answer.headers["x-inngest-no-retry"]) == (500, "true")
    message = answer.json()["message"]
    assert all(part in message for part in ("'write-down'", "'test/asked'", "'number'", "event-1"))
    assert bound.services.runs == []


def failure_of(data: dict[str, Any]) -> dict[str, Any]:
    return an_event(
        "inngest/function.failed",
        {
            "function_id": "shop-write-down",
            "run_id": "run-0",
            "error": {"name": "LookupError", "message": "gone", "stack": "…"},
            "event": an_event("test/asked", data),
        },
    )


async def test_the_failure_handler_learns_what_failed_and_with_which_data() -> None:
    bound = CATALOG.bind(client(), Book("a"))
    app = Endpoint(bound.client, bound.functions)
    answer = await app.call("shop-write-down-failure", failure_of({"number": 4}))
    assert answer.status_code == 200
    assert bound.services.failures == ["LookupError: gone (test/asked)", "number 4"]


async def test_data_that_made_a_run_fail_is_refused_only_when_it_is_read() -> None:
    bound = CATALOG.bind(client(), Book("a"))
    app = Endpoint(bound.client, bound.functions)
    answer = await app.call("shop-write-down-failure", failure_of({"number": "x"}))
    assert answer.status_code == 500
    assert bound.services.failures == ["LookupError: gone (test/asked)"]


def test_a_function_served_by_another_client_is_refused_naming_both() -> None:
    bound = CATALOG.bind(client("shop"), Book("a"))
    check_served_by(bound.client, bound.functions)
    with pytest.raises(ForeignClient, match=r"'write-down'.*app 'office'.*bound to.*app 'shop'"):
        check_served_by(client("office"), bound.functions)


def test_another_client_of_the_same_name_is_another_client() -> None:
    bound = CATALOG.bind(client("shop"), Book("a"))
    with pytest.raises(ForeignClient, match="but another object than the one it is bound to"):
        check_served_by(client("shop"), bound.functions)


def test_a_function_made_by_hand_is_refused_as_of_unknown_client() -> None:
    other = client("office")

    @other.create_function(fn_id="old-way", trigger=inngest.TriggerEvent(event="a/b"))
    async def old_way(ctx: inngest.Context) -> None: ...

    with pytest.raises(ForeignClient, match="of app 'office' that no catalogue knows"):
        check_served_by(client("shop"), [old_way])
    with pytest.raises(ForeignClient, match="of app 'office'"):
        CATALOG.bind(client("shop"), Book("a")).definition_of(old_way)


def test_serving_a_bare_definition_says_how_to_bind_it() -> None:
    with pytest.raises(NotBound, match=r"Cannot serve 'write-down'.*bind\(client, services\)"):
        check_served_by(client(), [write_down])


async def test_a_call_that_came_through_another_client_is_refused_as_well() -> None:
    bound = CATALOG.bind(client("shop"), Book("a"))
    app = Endpoint(client("office"), bound.functions)
    for function_id, event_ in (
        ("shop-write-down", ASKED),
        ("shop-write-down-failure", failure_of({"number": 1})),
    ):
        answer = await app.call(function_id, event_)
        assert answer.headers["x-inngest-no-retry"] == "true"
        assert "app 'office'" in answer.json()["message"]
        assert "app 'shop'" in answer.json()["message"]
    assert (bound.services.runs, bound.services.failures) == ([], [])


def test_a_binding_knows_its_definitions_and_groups() -> None:
    bound = CATALOG.bind(client(), Book("a"))
    assert bound.definition_of(bound.by_id["tidy-up"]) is tidy_up
    assert bound.bound(write_down) is bound.by_id["write-down"]
    assert bound.group("update") == [bound.by_id["tidy-up"]]
    assert "2 functions" in repr(bound)
    assert "app 'shop'" in repr(bound)


def test_a_definition_of_the_same_id_is_not_the_same_definition() -> None:
    @define(id="write-down", on=event(Asked))
    async def other(run: Run[Asked], book: Book) -> None: ...

    with pytest.raises(NotBound, match="Cannot invoke 'write-down'"):
        CATALOG.bind(client(), Book("a")).bound(other)


def test_two_definitions_of_one_id_are_refused_naming_both_places() -> None:
    @define(id="write-down", on=event(Asked))
    async def other(run: Run[Asked], book: Book) -> None: ...

    with pytest.raises(DuplicateDefinition) as caught:
        Catalog([write_down, other])
    assert write_down.place in str(caught.value)
    assert other.place in str(caught.value)
    assert Catalog([write_down, write_down]).ids == ("write-down",)


def test_two_classes_of_one_event_name_are_refused() -> None:
    class AskedToo(EventData, name="test/asked"):
        number: str

    @define(id="other", on=event(AskedToo))
    async def other(run: Run[AskedToo], book: Book) -> None: ...

    with pytest.raises(DefinitionError, match=r"event 'test/asked' is .*AskedToo.*'write-down'"):
        Catalog([write_down, other])


def test_a_catalogue_is_looked_into_by_id_group_and_event() -> None:
    assert (len(CATALOG), CATALOG.groups) == (2, ("capture", "update"))
    assert CATALOG.get("tidy-up") is tidy_up
    assert "tidy-up" in CATALOG
    assert write_down in CATALOG
    assert list(CATALOG.group("capture")) == [write_down]
    assert CATALOG.events == {"test/asked": Asked}


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda: CATALOG.get("tidyup"), "no function 'tidyup' (did you mean 'tidy-up'?)"),
        (lambda: CATALOG.group("captures"), "did you mean 'capture'?"),
        (lambda: Catalog([]).group("x"), "Known: none."),
        (lambda: CATALOG.bind(client(), Book("a"), environment="prod"), "no environment 'prod'"),
        (
            lambda: CATALOG.bind(
                client(), Book("a"), switches=Switches(disabled=frozenset({"tidy"}))
            ),
            "no disabled function 'tidy'",
        ),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest(ask: Any, told: str) -> None:
    with pytest.raises(CatalogError) as caught:
        ask()
    assert told in str(caught.value)


class Kept(inngest.Inngest):
    """A client that keeps what it is to send."""

    def __init__(self) -> None:
        super().__init__(app_id="kept", is_production=False)
        self.sent: list[inngest.Event] = []

    async def send(
        self, events: inngest.Event | list[inngest.Event], *, skip_middleware: bool = False
    ) -> list[str]:
        batch = events if isinstance(events, list) else [events]
        self.sent += batch
        return [f"id-{n}" for n, _ in enumerate(batch)]


async def test_a_sender_sends_typed_events_and_refuses_wrong_ones_before_they_leave() -> None:
    kept = Kept()
    send = client_sender(kept)
    assert await send(Asked(number=1)) == ["id-0"]
    assert await send([Asked(number=2), Asked(number=3)], event_id="once") == ["id-0", "id-1"]
    assert await send([]) == []
    with pytest.raises(BadEventData, match="'number'"):
        await send([Asked(number=4), Asked.model_construct(number="5")])  # type: ignore[arg-type]
    assert [event.id for event in kept.sent] == ["", "once:0", "once:1"]
