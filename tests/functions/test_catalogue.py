"""The index holds all functions, and the factories give each of them, bound to the one client."""

from typing import Any, get_type_hints

import inngest
import pytest

from mainstem import functions
from mainstem.catalog import Definition, Scheduled
from mainstem.functions import (
    CaptureFunctions,
    ClassifyFunctions,
    InngestFunctions,
    UpdateFunctions,
    WebhookFunctions,
    catalogue,
    create_capture_functions,
    create_classify_functions,
    create_inngest_functions,
    create_update_functions,
    create_webhook_functions,
)

# Domain reference, section 1: id, event (and schedule), retries, limit at once, starts a minute.
TABLE = {
    "capture-pr-details": ("capture/pr.details", 3, 5, 20),
    "capture-pr-details-graphql": ("capture/pr.details.graphql", 2, 10, 50),
    "capture-pr-reviews": ("capture/pr.reviews", 2, 3, 30),
    "capture-pr-comments": ("capture/pr.comments", 2, 3, 30),
    "capture-issue-comments": ("capture/issue.comments", 2, 3, 30),
    "capture-repository-issues": ("capture/repository.issues", 2, 2, 20),
    "capture-repository-sync": ("capture/repository.sync", 2, 3, None),
    "capture-repository-sync-graphql": ("capture/repository.sync.graphql", 2, 10, 75),
    "capture-repository-events": ("capture/repository.events", 2, 3, 30),
    "capture-repository-comments-all": ("capture/repository.comments.all", 2, 2, 20),
    "capture-repository-discussions": ("capture/repository.discussions", 2, 2, 20),
    "capture-repository-sync-enhanced": ("capture/repository.sync.enhanced", 2, 5, 75),
    "reconcile-repository": ("capture/repository.reconcile", 2, 1, 10),
}

SERVICES: Any = object()


def client() -> inngest.Inngest:
    return inngest.Inngest(app_id="catalogue", is_production=False)


def test_the_door_is_what_it_says() -> None:
    assert sorted(functions.__all__) == functions.__all__
    assert all(hasattr(functions, name) for name in functions.__all__)


def test_each_belongs_to_one_of_four_groups() -> None:
    groups = [len(catalogue().group(name)) for name in ("capture", "classify", "update")]
    assert groups == [13, 2, 11]
    assert len(catalogue().group("webhooks")) == 2
    assert len(catalogue()) == sum(groups) + 2


@pytest.mark.parametrize("function_id", TABLE)
def test_a_capture_function_runs_on_its_event_within_its_limits(function_id: str) -> None:
    definition = catalogue().get(function_id)
    event_name, retries, at_once, a_minute = TABLE[function_id]
    assert definition.triggers == (inngest.TriggerEvent(event=event_name),)
    assert definition.config.retries == retries
    per_repository = definition.config.concurrency[0]
    assert (per_repository.key, per_repository.limit) == ("event.data.repositoryId", at_once)
    throttle = definition.config.throttle
    assert (throttle.limit if throttle else None) == a_minute


@pytest.mark.parametrize("function_id", TABLE)
def test_d27_one_limit_bounds_all_use_of_the_shared_credential(function_id: str) -> None:
    shared = catalogue().get(function_id).config.concurrency[1]
    assert (shared.key, shared.scope, shared.limit) == ('"github"', "env", 20)


def test_d28_details_have_one_budget_and_not_one_for_each_priority() -> None:
    throttle = catalogue().get("capture-pr-details").config.throttle
    assert throttle is not None
    assert throttle.key is None


def test_every_event_has_one_handler_and_every_class_a_function() -> None:
    handled = [
        trigger.event
        for definition in catalogue()
        for trigger in definition.triggers
        if isinstance(trigger, inngest.TriggerEvent)
    ]
    assert sorted(handled) == sorted(catalogue().events)


def test_the_factories_give_every_function_by_its_id() -> None:
    served = client()
    everything = create_inngest_functions(served, SERVICES)
    assert set(everything) == set(catalogue().ids) == set(get_type_hints(InngestFunctions))
    groups = (
        (create_capture_functions, CaptureFunctions),
        (create_classify_functions, ClassifyFunctions),
        (create_update_functions, UpdateFunctions),
        (create_webhook_functions, WebhookFunctions),
    )
    for create, kind in groups:
        some = create(served, SERVICES)
        assert set(some) == set(get_type_hints(kind))
        assert all(some[name] is everything[name] for name in some)  # type: ignore[literal-required]


def test_two_clients_have_functions_of_their_own() -> None:
    one = create_inngest_functions(client(), SERVICES)
    other = create_inngest_functions(client(), SERVICES)
    assert one["capture-pr-details"] is not other["capture-pr-details"]


def test_every_function_says_what_it_sends_and_every_event_has_a_sender_and_a_receiver() -> None:
    definitions = [one for one in catalogue() if isinstance(one, Definition)]
    assert len(definitions) == len(catalogue())
    sent = {model for one in definitions for model in one.sends or ()} | set(catalogue().receives)
    received = {model for one in definitions for model in one.on.models} - {Scheduled}
    assert all(one.sends is not None for one in definitions)
    assert sent == received
