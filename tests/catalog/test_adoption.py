"""Functions made at import time, taken over unchanged; and the same written without a client.

These tests are also run against every release of the SDK of the last year (`make sdks`).
"""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import inngest
import pytest

from mainstem.catalog import (
    Catalog,
    EventData,
    Override,
    Run,
    SdkDefinition,
    Switches,
    adopt,
    define,
    event,
    sdk_function,
)
from mainstem.errors import AdoptedInStrictMode, AdoptionRefused, DefinitionError, NotBound

from .endpoint import Endpoint, an_event

SEEN: list[str] = []


class Noting(inngest.Middleware):
    """Middleware that notes that it was there."""

    async def before_response(self) -> None:
        SEEN.append(type(self).__name__)


class NotingToo(Noting):
    """Another, to tell the two apart."""


async def main(ctx: inngest.Context) -> str:
    async def greet() -> str:
        return f"hello {ctx.event.data['who']}"

    return await ctx.step.run("greet", greet)


def main_sync(ctx: inngest.ContextSync) -> str:
    return ctx.step.run("greet", lambda: f"hello {ctx.event.data['who']}")


async def on_failure(ctx: inngest.Context) -> None:
    SEEN.append("failure")


def on_failure_sync(ctx: inngest.ContextSync) -> None:
    SEEN.append("failure")


EVENT = inngest.TriggerEvent(event="test/asked", expression="event.data.who != ''")
CRON = inngest.TriggerCron(cron="TZ=Europe/Oslo 0 6 * * *")
HOUR = timedelta(hours=1)

ARGUMENTS: dict[str, dict[str, Any]] = {
    "plain": {"trigger": EVENT},
    "named": {"trigger": EVENT, "name": "Say hello", "retries": 0},
    "two triggers": {"trigger": [EVENT, CRON]},
    "batch": {"trigger": EVENT, "batch_events": inngest.Batch(max_size=3, timeout=HOUR, key="a")},
    "cancel": {"trigger": EVENT, "cancel": [inngest.Cancel(event="x", if_exp="a", timeout=HOUR)]},
    "concurrency": {
        "trigger": EVENT,
        "concurrency": [
            inngest.Concurrency(limit=2, key="event.data.who"),
            inngest.Concurrency(limit=9, key="'all'", scope="account"),
        ],
    },
    "debounce": {"trigger": EVENT, "debounce": inngest.Debounce(period=HOUR, key="a")},
    "limits": {
        "trigger": EVENT,
        "rate_limit": inngest.RateLimit(limit=1, period=HOUR, key="a"),
        "throttle": inngest.Throttle(limit=1, period=HOUR, burst=2),
        "priority": inngest.Priority(run="event.data.p"),
        "idempotency": "event.data.id",
    },
    "times": {"trigger": EVENT, "timeouts": inngest.Timeouts(start=HOUR, finish=2 * HOUR)},
    "singleton": {"trigger": EVENT, "singleton": inngest.Singleton(mode="skip", key="a")},
    "on failure": {"trigger": EVENT, "on_failure": on_failure},
    "middleware": {"trigger": EVENT, "middleware": [Noting]},
    "output type": {"trigger": EVENT, "output_type": str},
}


def a_client(app_id: str = "old", **more: Any) -> inngest.Inngest:
    return inngest.Inngest(app_id=app_id, is_production=False, event_key="x", **more)


def registered(function: inngest.Function[Any], app_id: str) -> dict[str, Any]:
    """Everything a server is told of a function, without the app's id."""
    config = function.get_config("http://x/api/inngest")
    told = [config.main, *([config.on_failure] if config.on_failure else [])]
    text = [one.model_dump_json(by_alias=True, exclude_none=True) for one in told]
    return {"config": [one.replace(f"{app_id}-", "") for one in text]}


def bound(definition: SdkDefinition[Any], app_id: str = "new") -> Any:
    return Catalog([definition]).bind(a_client(app_id), None, environment="production")


def plain(config: dict[str, Any]) -> dict[str, Any]:
    """Empty lists left out: to the server they say nothing."""
    return {
        "config": [
            one.replace('"cancel":[],', "").replace('"concurrency":[],', "")
            for one in config["config"]
        ]
    }


@pytest.mark.parametrize("case", ARGUMENTS)
def test_an_adopted_function_registers_as_it_did(case: str) -> None:
    old = a_client().create_function(fn_id="Say_Hello", **ARGUMENTS[case])(main)
    new = bound(adopt(old)).by_id["Say_Hello"]
    assert plain(registered(new, "new")) == plain(registered(old, "old"))


@pytest.mark.parametrize("case", ARGUMENTS)
def test_the_same_without_a_client_registers_the_same(case: str) -> None:
    old = a_client().create_function(fn_id="Say_Hello", **ARGUMENTS[case])(main)
    new = bound(sdk_function(fn_id="Say_Hello", **ARGUMENTS[case])(main)).by_id["Say_Hello"]
    assert plain(registered(new, "new")) == plain(registered(old, "old"))


def adopted(handler: Callable[..., Any], **more: Any) -> SdkDefinition[Any]:
    return adopt(a_client().create_function(fn_id="hello", trigger=EVENT, **more)(handler))


def written(handler: Callable[..., Any], **more: Any) -> SdkDefinition[Any]:
    return sdk_function(fn_id="hello", trigger=EVENT, **more)(handler)


MAKERS = pytest.mark.parametrize("make", [adopted, written])
WORLD = an_event("test/asked", {"who": "world"})


@MAKERS
@pytest.mark.parametrize("handler", [main, main_sync])
async def test_its_handler_runs_as_it_did(make: Any, handler: Any) -> None:
    made = bound(make(handler))
    first = await Endpoint(made.client, made.functions).call("new-hello", WORLD)
    [op] = first.json()
    assert (first.status_code, op["data"]) == (206, "hello world")
    memo = {op["id"]: {"data": op["data"]}}
    second = await Endpoint(made.client, made.functions).call("new-hello", WORLD, steps=memo)
    assert (second.status_code, second.json()) == (200, "hello world")


@MAKERS
@pytest.mark.parametrize("pair", [(main, on_failure), (main_sync, on_failure_sync)])
async def test_its_failure_handler_runs_as_it_did(make: Any, pair: Any) -> None:
    SEEN.clear()
    handler, failure = pair
    made = bound(make(handler, on_failure=failure))
    app = Endpoint(made.client, made.functions)
    answer = await app.call("new-hello-failure", an_event("inngest/function.failed", {}))
    assert (answer.status_code, SEEN) == (200, ["failure"])


@MAKERS
async def test_its_middleware_comes_with_it(make: Any) -> None:
    SEEN.clear()
    made = bound(make(main, middleware=[Noting]))
    await Endpoint(made.client, made.functions).call("new-hello", WORLD)
    assert SEEN == ["Noting"]


async def test_its_clients_middleware_comes_when_the_client_is_handed_over() -> None:
    SEEN.clear()
    client = a_client(middleware=[NotingToo])
    old = client.create_function(fn_id="hello", trigger=EVENT, middleware=[Noting])(main)
    assert adopt(old).middleware == (Noting,)
    definition = adopt(old, client=client)
    assert definition.middleware == (NotingToo, Noting)
    made = bound(definition)
    await Endpoint(made.client, made.functions).call("new-hello", WORLD)
    assert sorted(SEEN) == ["Noting", "NotingToo"]


async def test_a_function_is_served_by_the_one_client_whichever_made_it() -> None:
    two = [
        adopt(a_client(app_id).create_function(fn_id=app_id, trigger=EVENT)(main))
        for app_id in ("left", "right")
    ]
    made = Catalog(two).bind(a_client("one"), None, environment="production")
    assert [function.id for function in made.functions] == ["one-left", "one-right"]


async def test_it_is_invoked_in_the_sdks_own_way_and_stays_in_the_app() -> None:
    callee = written(main)

    @sdk_function(fn_id="caller", trigger=EVENT)
    async def caller(ctx: inngest.Context) -> Any:
        return await ctx.step.invoke("call", function=callee, data={})

    made = Catalog([callee, caller]).bind(a_client("new"), None, environment="production")
    answer = await Endpoint(made.client, made.functions).call("new-caller", WORLD)
    assert answer.json()[0]["opts"]["function_id"] == "new-hello"


def test_adopting_leaves_the_function_as_it_was() -> None:
    old = a_client().create_function(fn_id="hello", trigger=EVENT, middleware=[Noting])(main)
    before = dict(vars(old))
    bound(adopt(old, client=a_client(middleware=[NotingToo])))
    assert dict(vars(old)) == before


def test_it_says_that_it_is_adopted_and_where_its_handler_is() -> None:
    definition = adopted(main)
    assert definition.is_adopted
    assert definition.place.startswith(f"{__name__}:")
    assert not written(main).is_adopted


def test_strict_mode_refuses_adopted_functions_naming_them() -> None:
    with pytest.raises(AdoptedInStrictMode, match=r"'hello' \(.*mainstem migrate") as caught:
        Catalog([adopted(main)]).bind(a_client(), None, switches=Switches(strict=True))
    assert caught.value.ids == ("hello",)
    Catalog([written(main)]).bind(a_client(), None, switches=Switches(strict=True))


def test_an_environment_may_change_an_adopted_function() -> None:
    old = a_client().create_function(fn_id="hello", trigger=[EVENT, CRON], retries=3)(main)
    definition = adopt(
        old,
        group="greet",
        tags=("light",),
        environments={
            "production": Override(cron="0 7 * * *", retries=1),
            "test": Override(off=True),
        },
    )
    config = bound(definition).by_id["hello"].get_config("http://x").main
    assert [one.model_dump(exclude_none=True) for one in config.triggers] == [
        {"event": "test/asked", "expression": EVENT.expression},
        {"cron": "0 7 * * *"},
    ]
    assert config.steps["step"].retries.attempts == 1
    catalog = Catalog([definition])
    assert (catalog.groups, catalog.tags) == (("greet",), ("light",))
    assert catalog.bind(a_client(), None, environment="test").functions == []


def test_only_a_function_of_the_sdk_can_be_adopted() -> None:
    with pytest.raises(AdoptionRefused, match=r"Cannot adopt a function: .*create_function"):
        adopt(main)  # type: ignore[arg-type]


@pytest.mark.parametrize("missing", ["_handler", "_middleware", "_output_type"])
def test_a_release_that_has_moved_a_part_is_told_by_name(missing: str) -> None:
    old = a_client().create_function(fn_id="hello", trigger=EVENT)(main)
    vars(old).pop(missing)
    with pytest.raises(AdoptionRefused, match=rf"installed inngest \S+ has no Function\.{missing}"):
        adopt(old)


def test_a_function_that_would_come_out_different_is_refused() -> None:
    class Special(inngest.Function[Any]):
        def get_config(self, app_url: str) -> Any:
            config = super().get_config(app_url)
            config.main.name = "special"
            return config

    old = a_client().create_function(fn_id="hello", trigger=EVENT)(main)
    old.__class__ = Special
    with pytest.raises(AdoptionRefused, match="made anew it would differ in name"):
        adopt(old)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"fn_id": " "}, "the id is empty"),
        ({"trigger": []}, "it has 0 triggers"),
        ({"retries": 21}, "retries is 21"),
        ({"on_failure": on_failure_sync}, "not both `async def`"),
        ({"previous_ids": ["hello"]}, "previous_ids names 'hello'"),
        ({"environments": {"prod": Override()}}, "environments names 'prod'"),
        ({"environments": {"test": Override(cron="x")}}, "in environment 'test'"),
        ({"environments": {"test": Override(retries=99)}}, "in environment 'test': retries is 99"),
    ],
)
def test_a_definition_that_the_server_would_refuse_is_refused_at_once(
    arguments: dict[str, Any], told: str
) -> None:
    with pytest.raises(DefinitionError) as caught:
        sdk_function(**{"fn_id": "hello", "trigger": EVENT, **arguments})(main)
    assert told in str(caught.value)


def test_a_definition_is_no_function_yet() -> None:
    definition: Any = written(main)
    for use in (lambda: definition(SimpleNamespace()), definition.__getattr__):
        with pytest.raises(NotBound, match="'hello'"):
            use("get_id") if use == definition.__getattr__ else use()  # type: ignore[call-arg]
    assert repr(definition).startswith("<SdkDefinition 'hello' at ")
    with pytest.raises(AttributeError):
        _ = definition.no_such_thing


def test_a_function_whose_results_its_client_serialises_is_refused_with_the_way_out() -> None:
    client = a_client(serializer=inngest.PydanticSerializer())
    plain_one = client.create_function(fn_id="plain", trigger=EVENT)(main)
    typed_one = client.create_function(fn_id="typed", trigger=EVENT, output_type=dict)(main)
    assert adopt(plain_one, client=client).id == "plain"
    with pytest.raises(AdoptionRefused, match=r"'typed'.*client_for\(settings, serializer="):
        adopt(typed_one, client=client)
    assert adopt(typed_one).output_type is dict


async def test_a_typed_function_is_invoked_in_the_sdks_own_way_too() -> None:
    class Asked(EventData, name="test/asked"):
        who: str

    @define(id="typed-callee", on=event(Asked))
    async def callee(run: Run[Asked], services: None) -> str:
        return run.data.who

    @sdk_function(fn_id="caller", trigger=EVENT)
    async def caller(ctx: inngest.Context) -> Any:
        return await ctx.step.invoke("call", function=callee, data={"who": "a"})  # type: ignore[arg-type]

    made = Catalog([callee, caller]).bind(a_client("new"), None, environment="production")
    app = Endpoint(made.client, made.functions)
    [op] = (await app.call("new-caller", WORLD)).json()
    assert op["opts"]["function_id"] == "new-typed-callee"
    done = await app.call("new-caller", WORLD, steps={op["id"]: {"data": "a"}})
    assert done.json() == "a"


@pytest.mark.parametrize("wrong", [None, {"off": True}])
def test_what_an_environment_changes_is_an_override(wrong: Any) -> None:
    with pytest.raises(
        DefinitionError, match=r"environments\['test'\] is a \w+; expected Override"
    ):
        sdk_function(fn_id="hello", trigger=EVENT, environments={"test": wrong})(main)
