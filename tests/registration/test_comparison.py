"""Comparing values, without anybody to ask."""

from dataclasses import replace
from typing import Any

from mainstem.registration.comparison import compare
from mainstem.registration.described import Described
from mainstem.registration.sides import Endpoint, HeldApp, Server, Wanted, plain_url

URL = "http://127.0.0.1:1/api/inngest"


def _functions(**fields: Any) -> dict[str, Described]:
    return {"one": Described("one", {"triggers": [], **fields})}


def _wanted(**changed: Any) -> Wanted:
    given: dict[str, Any] = {
        "environment": "production",
        "app_id": "shop",
        "mode": "cloud",
        "functions": _functions(),
        "sdk": "py:v0.5.19",
        "api_origin": "http://a",
    }
    return Wanted(**{**given, **changed})


SERVED = Endpoint(
    URL, mode="cloud", app_id="shop", sdk="inngest-py:v0.5.19", function_count=1,
    functions=_functions(), is_authenticated=True,
)  # fmt: skip
HELD = Server(
    "http://a", kind="cloud", is_listed=True,
    apps={"shop": HeldApp("shop", url=URL, sdk="py:v0.5.19", functions=_functions())},
)  # fmt: skip


def test_three_sides_that_agree_have_no_findings() -> None:
    found = compare(_wanted(), [SERVED], HELD)
    assert (found.findings, found.unknown, found.rows[0].status) == ((), (), "ok")


def test_a_side_that_is_not_known_is_never_taken_for_equal() -> None:
    blind = replace(SERVED, functions=None, functions_unknown="it is shy")
    nothing = Server("http://a", problem="away", code="server-unreachable")
    found = compare(_wanted(), [blind], nothing)
    assert found.rows[0].status == "unknown"
    assert found.rows[0].served is None
    assert found.unknown[0] == f"What {URL} serves: it is shy."


def test_names_without_configuration_are_there_and_unknown() -> None:
    bare = {"one": Described("one", None)}
    held = replace(HELD, apps={"shop": HeldApp("shop", url=URL, functions=bare)})
    found = compare(_wanted(), [replace(SERVED, functions=None)], held)
    assert (found.rows[0].held, found.rows[0].status) == (True, "unknown")
    assert any("only their names" in one for one in found.unknown)


def test_each_side_is_told_with_its_value() -> None:
    held = replace(HELD, apps={"shop": HeldApp("shop", url=URL, functions=_functions(retries=2))})
    served = replace(SERVED, functions=_functions(retries=1))
    found = compare(_wanted(functions=_functions(retries=9)), [served], held)
    assert str(found.rows[0].differences[0]) == "retries (wanted 9, served 1, held 2)"
    assert "Deploy the catalogue, then" in str(found.findings[0])


def test_a_default_is_told_with_its_value() -> None:
    served = replace(SERVED, functions=_functions())
    found = compare(_wanted(functions=_functions(retries=3)), [served], HELD)
    assert str(found.rows[0].differences[0]) == (
        "retries (wanted 3, served 4 (the default), held 4 (the default))"
    )


def test_a_server_that_lists_nothing_leaves_the_address_unknown() -> None:
    held = replace(HELD, is_listed=False)
    assert any("At which address" in one for one in compare(_wanted(), [SERVED], held).unknown)


def test_connect_workers_have_no_endpoint_and_are_counted() -> None:
    app = replace(HELD.apps["shop"], url="wss://connect", workers=1)
    found = compare(_wanted(), [], replace(HELD, apps={"shop": app}))
    assert (found.findings, found.rows[0].status) == ((), "ok")
    assert "they tell it only to the server" in found.unknown[0]
    away = replace(HELD, apps={"shop": replace(app, workers=0)})
    assert [one.code for one in compare(_wanted(), [], away).findings] == ["no-worker"]


def test_an_app_of_workers_that_never_came_is_missing() -> None:
    found = compare(_wanted(), [], replace(HELD, apps={}))
    assert [one.code for one in found.findings] == ["app-missing"]
    assert "Start a worker." in str(found.findings[0])


def test_another_version_of_the_app_is_named_where_both_are_known() -> None:
    served = replace(SERVED, app_version="abc")
    assert compare(_wanted(), [served], HELD).findings == ()
    found = compare(_wanted(app_version="def"), [served], HELD)
    assert [one.code for one in found.findings] == ["other-app-version"]


def test_a_sync_that_was_refused_is_told_with_its_reason() -> None:
    app = replace(HELD.apps["shop"], problem="it is in dev mode.")
    found = compare(_wanted(), [SERVED], replace(HELD, apps={"shop": app}))
    assert [one.code for one in found.findings] == ["sync-refused"]


def test_an_endpoint_without_a_key_is_named() -> None:
    found = compare(_wanted(), [replace(SERVED, has_event_key=False)], HELD)
    assert "Set INNGEST_EVENT_KEY" in str(found.findings[0])


def test_loopback_by_another_name_is_the_same_address() -> None:
    assert plain_url("http://localhost:1/api/inngest/?x=1") == plain_url(URL)
