"""Scenario 10: every event that is sent is handled exactly once, and only what fits may be sent."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path
from typing import Any

import inngest
import pydantic
import pytest

from mainstem import functions
from mainstem.catalog import EventData
from mainstem.functions import Services, catalogue, events
from mainstem.functions.webhooks import delivered
from mainstem.settings import Environment

EVENTS = [
    value
    for value in {**vars(events), **vars(delivered)}.values()
    if isinstance(value, type) and issubclass(value, EventData) and value.event_name
]
VALUES: dict[str, Any] = {
    "repository_id": "00000000-0000-5000-8000-000000000001",
    "workspace_id": "00000000-0000-5000-8000-000000000002",
    "pr_number": 1,
    "issue_number": 1,
    "owner": "riverside",
    "repo": "harbour",
    "time_range": "30d",
    "action": "added",
    "delivery_id": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
    "event": "ping",
}


def handled(environment: str) -> Counter[str]:
    """How many functions each event starts there."""
    client = inngest.Inngest(app_id="harbour", is_production=False)
    services: Any = object.__new__(Services)
    bound = catalogue().bind(client, services, environment=environment)
    return Counter(
        trigger.event
        for definition in bound.definitions
        for trigger in definition.triggers
        if isinstance(trigger, inngest.TriggerEvent)
    )


def sent() -> set[str]:
    """The event classes that the functions and the command line make, by their names in source."""
    source = Path(functions.__file__).parents[1]
    made = set()
    for path in [*(source / "functions").rglob("*.py"), *(source / "cli").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                made.add(node.func.id)
    return made & {event.__name__ for event in EVENTS}


def required(event: type[EventData]) -> dict[str, Any]:
    fields = event.model_fields.items()
    wanted = {name: VALUES[name] for name, field in fields if field.is_required()}
    return {pydantic.alias_generators.to_camel(name): value for name, value in wanted.items()}


@pytest.mark.parametrize("environment", list(Environment))
def test_scenario_10_every_event_starts_exactly_one_function(environment: str) -> None:
    assert handled(environment) == {event.event_name: 1 for event in EVENTS}


def test_scenario_10_what_is_sent_is_among_what_is_handled() -> None:
    names = {event.__name__: event.event_name for event in EVENTS}
    assert len(sent()) >= 6
    assert {names[name] for name in sent()} <= handled("production").keys()


@pytest.mark.parametrize("event", EVENTS)
def test_scenario_10_an_unknown_field_is_refused_before_it_leaves(event: type[EventData]) -> None:
    fits = event.model_validate_json(pydantic.TypeAdapter(dict).dump_json(required(event)))
    assert fits.to_event().name == event.event_name
    with pytest.raises(pydantic.ValidationError, match="pullNumber"):
        event.model_validate({**fits.model_dump(by_alias=True), "pullNumber": 1})


@pytest.mark.parametrize(
    ("event", "field"), [(event, field) for event in EVENTS for field in required(event)]
)
def test_scenario_10_a_missing_field_is_refused_before_it_leaves(
    event: type[EventData], field: str
) -> None:
    rest = {name: value for name, value in required(event).items() if name != field}
    with pytest.raises(pydantic.ValidationError, match=field):
        event.model_validate_json(pydantic.TypeAdapter(dict).dump_json(rest))
