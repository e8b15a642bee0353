"""A definition is inert data, checked while it is made."""

from datetime import timedelta
from typing import Any

import inngest
import pytest

from mainstem.catalog import (
    Config,
    EventData,
    Override,
    Run,
    Scheduled,
    any_of,
    cron,
    define,
    event,
)
from mainstem.errors import DefinitionError, NotBound


class Asked(EventData, name="test/asked"):
    number: int


ON = event(Asked)
MINUTE = timedelta(minutes=1)


async def handler(run: Run[Asked], services: None) -> int:
    return run.data.number


def test_a_definition_keeps_what_it_was_given_and_its_one_handler() -> None:
    definition = define(id="do-it", on=ON, group="capture", retries=3)(handler)
    assert definition.handler is handler
    assert (definition.name, definition.group, definition.config.retries) == ("do-it", "capture", 3)
    assert definition.place == f"{__name__}:{handler.__code__.co_firstlineno}"
    assert repr(definition) == f"<Definition 'do-it' at {definition.place}>"


def test_what_is_set_can_be_shown_as_it_is_registered() -> None:
    config = Config(
        retries=2,
        concurrency=(inngest.Concurrency(limit=5, key="event.data.k"),),
        throttle=inngest.Throttle(limit=20, period=MINUTE),
        cancel=(inngest.Cancel(event="a/b"),),
    )
    assert config.to_json() == {
        "retries": 2,
        "concurrency": [{"limit": 5, "key": "event.data.k"}],
        "throttle": {"limit": 20, "period": "1m", "burst": 1},
        "cancel": [{"event": "a/b"}],
    }


@pytest.mark.parametrize("bad", ["", "Capture", "a_b", "a--b", "-a", "a-", "1a", "a b"])
def test_an_id_is_kebab_case(bad: str) -> None:
    with pytest.raises(DefinitionError, match="expected kebab-case") as caught:
        define(id=bad, on=ON)(handler)
    assert (caught.value.function_id, caught.value.place.startswith(__name__)) == (bad, True)


LIMIT = inngest.Concurrency(limit=1)
BATCH = inngest.Batch(max_size=2, timeout=MINUTE)


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"retries": 21}, "retries is 21; expected 0 to 20"),
        ({"retries": -1}, "retries is -1"),
        ({"concurrency": [LIMIT] * 3}, "concurrency has 3 limits; expected at most 2"),
        ({"concurrency": [inngest.Concurrency(limit=0)]}, "concurrency's limit is 0"),
        ({"concurrency": [inngest.Concurrency(limit=1, scope="env")]}, "scope 'env' has no key"),
        ({"cancel": [inngest.Cancel(event="a")] * 6}, "cancel has 6 entries; expected at most 5"),
        ({"batch": inngest.Batch(max_size=1)}, "batch's max_size is 1"),
        ({"batch": BATCH, "cancel": [inngest.Cancel(event="a")]}, "batch is combined with cancel"),
        ({"batch": BATCH, "priority": inngest.Priority(run="1")}, "combined with priority"),
        ({"batch": BATCH, "singleton": inngest.Singleton(mode="skip")}, "combined with singleton"),
        ({"batch": BATCH, "debounce": inngest.Debounce(period=MINUTE)}, "combined with debounce"),
        ({"debounce": inngest.Debounce(period=timedelta(days=8))}, "debounce's period is 8 days"),
        ({"rate_limit": inngest.RateLimit(limit=0, period=MINUTE)}, "rate_limit's limit is 0"),
        ({"rate_limit": inngest.RateLimit(limit=1, period=90_000_000)}, "at most 24 hours"),
        ({"throttle": inngest.Throttle(limit=0, period=MINUTE)}, "throttle's limit is 0"),
        ({"timeouts": inngest.Timeouts(start=1)}, "timeouts is not what the SDK accepts"),
    ],
)
def test_what_the_server_would_refuse_is_refused_at_definition(
    config: dict[str, object], told: str
) -> None:
    with pytest.raises(DefinitionError, match=r"Cannot define function 'do-it' at ") as caught:
        define(id="do-it", on=ON, **config)(handler)  # type: ignore[arg-type]
    assert told in str(caught.value)


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(DefinitionError) as caught:
        define(id="Bad", on=ON, retries=50)(handler)
    assert "kebab-case" in str(caught.value)
    assert "retries is 50" in str(caught.value)


def test_a_handler_is_a_coroutine_function() -> None:
    def plain(run: Run[Asked], services: None) -> int:
        return 1

    with pytest.raises(DefinitionError, match="the handler is not a coroutine function"):
        define(id="do-it", on=ON)(plain)  # type: ignore[arg-type]
    with pytest.raises(DefinitionError, match="on_failure is not a coroutine function"):
        define(id="do-it", on=ON, on_failure=plain)(handler)  # type: ignore[arg-type]


def test_a_callable_object_has_a_place_too() -> None:
    class Odd:
        async def __call__(self, run: Run[Asked], services: None) -> int:
            return 1

    with pytest.raises(DefinitionError, match=f"at {__name__}:"):
        define(id="do-it", on=ON)(Odd())


def test_triggers_are_at_most_ten_and_each_once() -> None:
    hours = [cron(f"0 {hour} * * *") for hour in range(11)]
    many = any_of(any_of(*hours[:4]), any_of(*hours[4:8]), any_of(*hours[8:11]))

    async def timed(run: Run[Scheduled], services: None) -> None: ...

    with pytest.raises(DefinitionError, match="it has 11 triggers; expected at most 10"):
        define(id="do-it", on=many)(timed)
    with pytest.raises(DefinitionError, match="the same trigger is listed twice"):
        define(id="do-it", on=any_of(ON, ON))(handler)


def test_an_environment_changes_only_what_it_names() -> None:
    definition = define(
        id="do-it",
        on=any_of(ON, cron("0 0 * * *")),
        retries=3,
        concurrency=[LIMIT],
        environments={
            "production": Override(retries=1, concurrency=(), cron="0 5 * * *"),
            "preview": Override(off=True),
        },
    )(_either)
    there = definition.for_environment("production")
    assert there.config == Config(retries=1)
    assert there.on.parts[1].to_sdk().model_dump()["cron"] == "0 5 * * *"
    assert there.handler is definition.handler
    assert definition.config == Config(retries=3, concurrency=(LIMIT,))
    assert definition.for_environment("local") is definition
    assert [definition.is_off_in(name) for name in ("preview", "production")] == [True, False]


async def _either(run: Run[Asked | Scheduled], services: None) -> None: ...


@pytest.mark.parametrize(
    ("environments", "told"),
    [
        ({"prodution": Override()}, "names 'prodution' (did you mean 'production'?)"),
        ({"moon": Override()}, "known: local, test, preview, staging, production"),
        ({"preview": Override(retries=99)}, "in environment 'preview': retries is 99"),
        ({"preview": Override(cron="never")}, "in environment 'preview': Cannot schedule 'never'"),
    ],
)
def test_an_override_is_checked_like_the_definition(
    environments: dict[str, Override], told: str
) -> None:
    with pytest.raises(DefinitionError) as caught:
        define(id="do-it", on=ON, environments=environments)(handler)
    assert told in str(caught.value)


def test_a_definition_is_not_called_but_bound() -> None:
    definition = define(id="do-it", on=ON)(handler)
    with pytest.raises(NotBound, match=r"Cannot call 'do-it'.*bind\(client, services\)"):
        definition(None)


def test_the_sdk_is_told_that_a_definition_is_not_bound() -> None:
    import fastapi
    import inngest.fast_api

    definition = define(id="do-it", on=ON)(handler)
    client = inngest.Inngest(app_id="shop", is_production=False)
    with pytest.raises(NotBound, match="Cannot serve or invoke 'do-it'"):
        inngest.fast_api.serve(fastapi.FastAPI(), client, [definition])  # type: ignore[list-item]
    with pytest.raises(AttributeError, match="no attribute 'zebra'"):
        definition.zebra  # type: ignore[attr-defined]  # noqa: B018


@pytest.mark.parametrize("on", [None, "shop/order.placed", inngest.TriggerEvent(event="a/b")])
def test_what_is_no_trigger_is_told_with_what_is_expected(on: Any) -> None:
    with pytest.raises(DefinitionError, match=r"on is a \w+; expected a trigger such as event\("):

        @define(id="no-trigger", on=on)
        async def handler(run: Run[Any], services: None) -> None: ...
