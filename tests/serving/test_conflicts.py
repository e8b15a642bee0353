"""Client conflicts before anything is served: refused at the start, in words of the table.

Every adapter in every environment, since nothing but an object has to be made for it.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import inngest
import pytest
from structlog.testing import capture_logs

from mainstem.catalog import Catalog, adopt, check_served_by, sdk_function
from mainstem.clients import ClientMadeOtherwise, client_for
from mainstem.errors import (
    CatalogError,
    DefinitionError,
    DuplicateDefinition,
    ForeignClient,
    NotBound,
    SettingsError,
)
from mainstem.serving import DoubleServe, asgi, bind_for
from mainstem.serving.binding import OtherClient
from mainstem.serving.sdk_handler import NoSigningKey
from mainstem.settings import Environment, Settings

from .conflict_stage import (  # noqa: F401  fixtures
    ADAPTERS,
    DEPLOYED,
    LESS,
    OTHER_EVENT_KEY,
    OTHER_KEY,
    PLACES,
    WHOLE,
    by_hand,
    light_collections,
    quick_servers,
    settings_in,
    variables_of,
)
from .conflict_table import DOCUMENT, impossible, proved, table, told
from .hosts import hosted
from .house import EVENT_KEY, SIGNING_KEY, signing_key
from .shop import print_label

HERE = Path(__file__).parent
PLACED = inngest.TriggerEvent(event="shop/order.placed")
EVERYWHERE = pytest.mark.parametrize("environment", list(Environment))
BY_EACH = pytest.mark.parametrize(("adapter", "environment"), PLACES)
BY_EACH_IN_CLOUD = pytest.mark.parametrize(
    ("adapter", "environment"), [place for place in PLACES if place[1] in DEPLOYED]
)


async def refused(
    adapter: str,
    settings: Settings | None,
    expected: type[Exception],
    catalog: Catalog[Any] = WHOLE,
    **options: Any,
) -> str:
    """What serving through `adapter` is refused with."""
    with pytest.raises(expected) as caught:
        async with hosted(adapter, catalog, None, settings, **options):  # type: ignore[arg-type]
            pass
    return str(caught.value)


def made_at_import(app_id: str = "legacy", **given: Any) -> inngest.Function[Any]:
    """A function as the original made its own."""
    client = inngest.Inngest(app_id=app_id, **{"is_production": False, **given})

    @client.create_function(fn_id="old-way", trigger=PLACED)
    async def old_way(ctx: inngest.Context) -> str:
        return "as ever"

    return old_way


@BY_EACH
async def test_two_clients_with_one_app_id_are_not_both_served(
    adapter: str, environment: str
) -> None:
    settings = settings_in(environment)
    first = asgi.app(WHOLE, None, settings=settings)
    said = await refused(adapter, settings, DoubleServe, client=by_hand(settings))
    told("Two clients with one app id, each served", "DoubleServe at the start", said)
    assert first.endpoint.bound.client is client_for(settings)


@EVERYWHERE
def test_a_function_of_one_of_two_equal_clients_is_not_served_by_the_other(
    environment: str,
) -> None:
    settings = settings_in(environment)
    other = by_hand(settings)
    bound = bind_for(settings, WHOLE, client=other)
    assert bound.client is other
    with pytest.raises(ForeignClient) as caught:
        check_served_by(client_for(settings), bound.functions)
    told(
        "A function bound to one of two equal clients, to be served by the other",
        "ForeignClient from check_served_by",
        str(caught.value),
    )


@BY_EACH
async def test_a_client_of_another_app_is_refused(adapter: str, environment: str) -> None:
    settings = settings_in(environment)
    client = by_hand(settings, app_id="store")
    said = await refused(adapter, settings, OtherClient, client=client)
    told("A client of another app handed in", "OtherClient at the start", said)


@BY_EACH
async def test_a_client_of_the_other_mode_is_refused(adapter: str, environment: str) -> None:
    settings = settings_in(environment)
    client = by_hand(settings, is_production=settings.inngest_dev, signing_key=SIGNING_KEY)
    said = await refused(adapter, settings, OtherClient, client=client)
    told("A client of the other mode handed in", "OtherClient at the start", said)


@BY_EACH
async def test_a_client_with_a_platforms_branch_is_refused(
    adapter: str, environment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_in(environment)
    monkeypatch.setenv("RAILWAY_GIT_BRANCH", "other-branch")
    client = by_hand(settings, env=None)
    said = await refused(adapter, settings, OtherClient, client=client)
    told(
        "A client handed in that took a platform's branch by itself",
        "OtherClient at the start",
        said,
    )


@BY_EACH
async def test_a_client_of_another_server_is_refused(adapter: str, environment: str) -> None:
    settings = settings_in(environment)
    client = by_hand(settings, api_base_url="http://elsewhere.test")
    said = await refused(adapter, settings, OtherClient, client=client)
    told("A client of another server handed in", "OtherClient at the start", said)


@BY_EACH_IN_CLOUD
async def test_a_client_with_another_key_is_refused(adapter: str, environment: str) -> None:
    settings = settings_in(environment)
    signing = by_hand(settings, signing_key=OTHER_KEY)
    said = await refused(adapter, settings, OtherClient, client=signing)
    told("A client with another signing key handed in", "OtherClient at the start", said)
    event = by_hand(settings, event_key=OTHER_EVENT_KEY)
    said = await refused(adapter, settings, OtherClient, client=event)
    told("A client with another event key handed in", "OtherClient at the start", said)


@BY_EACH_IN_CLOUD
async def test_a_cloud_client_without_a_key_is_refused(
    adapter: str, environment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_in(environment)
    client = by_hand(settings, signing_key=None)
    monkeypatch.setenv("INNGEST_SIGNING_KEY", SIGNING_KEY)  # which the SDK would take by itself
    said = await refused(adapter, settings, NoSigningKey, client=client)
    told(
        "A client in cloud mode without a signing key handed in", "NoSigningKey at the start", said
    )


@BY_EACH
async def test_the_whole_apps_client_serves_no_part(adapter: str, environment: str) -> None:
    settings = settings_in(environment)
    client = client_for(settings)
    said = await refused(adapter, settings, OtherClient, client=client, groups=["office"])
    told("The whole app's client handed in for a part", "OtherClient at the start", said)


@BY_EACH
async def test_one_app_id_has_one_list(adapter: str, environment: str) -> None:
    settings = settings_in(environment)
    kept = asgi.app(WHOLE, None, settings=settings)
    said = await refused(adapter, settings, DoubleServe, LESS)
    told("One app id with two lists of functions", "DoubleServe at the start", said)
    assert len(kept.endpoint.bound.functions) == 2


@pytest.mark.parametrize("environment", ["local", "production"])
@pytest.mark.parametrize("adapter", [name for name in ADAPTERS if name != "connect"])
async def test_one_app_at_two_places_is_a_warning_with_its_mend(
    adapter: str, environment: str
) -> None:
    settings = settings_in(environment)
    kept = asgi.app(WHOLE, None, settings=settings)
    with capture_logs() as logs:
        async with hosted(adapter, WHOLE, None, settings):
            pass
    (line,) = [log for log in logs if log["log_level"] == "warning"]
    assert kept.endpoint.bound.client.app_id == line["app_id"]
    told(
        "One app at two places of a process",
        "a warning in the log",
        "{event} {mend}".format(**line),
    )


@EVERYWHERE
def test_a_function_of_an_import_time_client_gets_into_no_catalogue(environment: str) -> None:
    old_way = made_at_import()
    with pytest.raises(DefinitionError) as caught:
        bind_for(settings_in(environment), Catalog([print_label, old_way]))  # type: ignore[list-item]
    told(
        "A function made at import with another client, put into a catalogue",
        "DefinitionError",
        str(caught.value),
    )


@EVERYWHERE
def test_a_function_of_an_import_time_client_is_not_served_among_ours(environment: str) -> None:
    bound = bind_for(settings_in(environment), WHOLE)
    with pytest.raises(ForeignClient) as caught:
        check_served_by(bound.client, [*bound.functions, made_at_import()])
    told(
        "A function made at import with another client, served by hand among ours",
        "ForeignClient from check_served_by",
        str(caught.value),
    )


def test_a_bare_definition_is_not_served() -> None:
    with pytest.raises(NotBound) as caught:
        check_served_by(client_for(settings_in("local")), [print_label])
    told(
        "A definition served by hand, bound to nothing",
        "NotBound from check_served_by",
        str(caught.value),
    )


def test_a_catalogue_has_an_id_once() -> None:
    @sdk_function(fn_id="print-label", trigger=PLACED)
    def again(ctx: inngest.ContextSync) -> None: ...

    with pytest.raises(DuplicateDefinition) as caught:
        Catalog([print_label, again])
    told("Two functions of one id in a catalogue", "DuplicateDefinition", str(caught.value))


class _Counting(inngest.Middleware):
    """A middleware of an application's own."""


@EVERYWHERE
def test_the_one_client_is_not_made_twice_for_other_middleware(environment: str) -> None:
    settings = settings_in(environment)
    bind_for(settings, WHOLE)
    with pytest.raises(ClientMadeOtherwise) as caught:
        client_for(settings, middleware=[_Counting])
    told(
        "A second caller that wants other middleware on the one client",
        "ClientMadeOtherwise",
        str(caught.value),
    )


@pytest.mark.parametrize("environment", ["local", "production"])
def test_threads_that_serve_at_once_share_one_client_and_one_binding(environment: str) -> None:
    settings, made, errors = settings_in(environment), list[Any](), list[Exception]()
    ready = threading.Barrier(12)

    def serve() -> None:
        ready.wait()
        try:
            made.append(asgi.app(WHOLE, None, settings=settings))
        except CatalogError as error:
            errors.append(error)

    threads = [threading.Thread(target=serve) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(made) == 12
    assert len({id(app.endpoint.bound) for app in made}) == 1
    assert {id(app.endpoint.bound.client) for app in made} == {id(client_for(settings))}
    impossible("Threads and tasks that make the client at the same moment")


_FORKING = """
import os, sys
from mainstem.clients import client_for
from mainstem.serving import asgi
from mainstem.settings import load_settings
import inngest
from mainstem.catalog import Catalog, sdk_function

@sdk_function(fn_id="one", trigger=inngest.TriggerEvent(event="a/b"))
async def one(ctx): ...

settings = load_settings({"MAINSTEM_ENV": "local"})
parents = asgi.app(Catalog([one]), None, settings=settings)
child = os.fork()
if child == 0:
    own = asgi.app(Catalog([one]), None, settings=settings)
    is_own = own.endpoint.bound.client is client_for(settings)
    is_parents = own.endpoint.bound.client is parents.endpoint.bound.client
    os._exit(0 if is_own and not is_parents else 1)
_, status = os.waitpid(child, 0)
assert os.waitstatus_to_exitcode(status) == 0
assert parents.endpoint.bound.client is client_for(settings)
"""


def test_a_forked_process_serves_with_a_client_of_its_own() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FORKING], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    impossible("A forked process that goes on with its parent's client")


@EVERYWHERE
@pytest.mark.parametrize(
    "theirs",
    [
        {"app_id": "legacy", "is_production": False},
        {"app_id": "shop", "is_production": True, "signing_key": OTHER_KEY, "env": "a-branch"},
    ],
    ids=["another app", "another mode"],
)
def test_an_adopted_function_has_our_client_and_nothing_of_its_own(
    theirs: dict[str, Any], environment: str
) -> None:
    settings = settings_in(environment)
    bound = bind_for(settings, Catalog([adopt(made_at_import(**theirs)), print_label]))
    check_served_by(client_for(settings), bound.functions)
    assert [function.id for function in bound.functions] == ["shop-old-way", "shop-print-label"]
    impossible("A function adopted from a client of another app or mode")


def keys_in(environment: str, **more: str | None) -> Mapping[str, str]:
    """The variables of a deployment; None takes one away."""
    given: dict[str, str | None] = {
        "MAINSTEM_ENV": environment,
        "MAINSTEM_APP_ID": "shop",
        "MAINSTEM_DATABASE_URL": "sqlite:////nowhere/shop.db",
        "INNGEST_SIGNING_KEY": signing_key(environment),
        "INNGEST_EVENT_KEY": EVENT_KEY,
        **variables_of(environment),
        **more,
    }
    return {name: value for name, value in given.items() if value is not None}


MISTAKES: dict[str, tuple[dict[str, str | None], list[str]]] = {
    "The event key in the signing key's place": ({"INNGEST_SIGNING_KEY": EVENT_KEY}, DEPLOYED),
    "The signing key in the event key's place": ({"INNGEST_EVENT_KEY": OTHER_KEY}, DEPLOYED),
    "No signing key": ({"INNGEST_SIGNING_KEY": None}, DEPLOYED),
    "No event key": ({"INNGEST_EVENT_KEY": None}, DEPLOYED),
    "A branch environment's key in production": (
        {"INNGEST_SIGNING_KEY": "signkey-branch-" + "ab" * 16},
        ["production"],
    ),
    "Production's key in a preview": ({"INNGEST_SIGNING_KEY": SIGNING_KEY}, ["preview"]),
    "Production's key in staging": ({"INNGEST_SIGNING_KEY": SIGNING_KEY}, ["staging"]),
    "A branch key and no branch": ({"INNGEST_ENV": None}, ["preview"]),
    "A fallback key that equals the key": (
        {"INNGEST_SIGNING_KEY_FALLBACK": "ab" * 16},
        DEPLOYED,
    ),
    "A fallback key of another environment": (
        {"INNGEST_SIGNING_KEY_FALLBACK": "signkey-test-" + "cd" * 16},
        DEPLOYED,
    ),
    "Dev mode left on where signatures count": ({"INNGEST_DEV": "1"}, DEPLOYED),
}
# Each mistake wherever it can be made, and through every adapter where it is made most.
CASES = [
    *((name, each, "asgi") for name, (_, where) in MISTAKES.items() for each in where),
    *((name, where[-1], by) for name, (_, where) in MISTAKES.items() for by in ADAPTERS[1:]),
]


@pytest.mark.parametrize(("mistake", "environment", "adapter"), CASES)
async def test_a_mistake_with_keys_stops_the_start_and_is_named(
    mistake: str, environment: str, adapter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = keys_in(environment, **MISTAKES[mistake][0])
    for name in ("INNGEST_ENV", "INNGEST_SIGNING_KEY", "INNGEST_EVENT_KEY", "INNGEST_DEV"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    said = await refused(adapter, None, SettingsError)
    told(mistake, "SettingsError", said)


def test_every_line_of_the_table_is_proved_and_nothing_else() -> None:
    sources = sorted(HERE.glob("test_conflicts*.py"))
    by_name = {(mistake, "SettingsError") for mistake in MISTAKES}
    assert proved(*sources) | by_name == set(table()), DOCUMENT
