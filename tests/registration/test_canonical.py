"""One spelling, whoever tells it: order, nulls and the writing of durations make no difference."""

import copy
import json
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from mainstem.registration.canonical import canonical, schedule, span
from mainstem.registration.described import fingerprint, read_functions

Json = Any

_texts = st.text(alphabet="abc.=", min_size=1, max_size=8).map(lambda text: f"event.{text}")
_maybe = st.none() | _texts
_seconds = st.integers(min_value=1, max_value=7 * 24 * 3600)
_spans = _seconds.map(lambda n: f"{n}s")
_triggers = st.lists(
    st.one_of(
        st.fixed_dictionaries({"event": _texts, "expression": _maybe}),
        st.fixed_dictionaries({"cron": st.sampled_from(["0 6 * * *", "*/5 * * * mon"])}),
    ),
    min_size=1,
    max_size=4,
)
_limits = st.lists(
    st.fixed_dictionaries(
        {
            "limit": st.integers(1, 50),
            "key": _maybe,
            "scope": st.sampled_from([None, "fn", "env", "account"]),
        }
    ),
    max_size=2,
)
_configurations = st.fixed_dictionaries(
    {
        "id": st.just("app-fn"),
        "name": st.just("Fn"),
        "triggers": _triggers,
        "steps": st.integers(0, 9).map(
            lambda n: {"step": {"retries": {"attempts": n}, "runtime": {"url": "http://a/b"}}}
        ),
        "concurrency": st.none() | _limits,
        "throttle": st.none()
        | st.fixed_dictionaries(
            {"limit": st.integers(1, 9), "period": _spans, "burst": st.integers(0, 3)}
        ),
        "rateLimit": st.none()
        | st.fixed_dictionaries({"limit": st.integers(1, 9), "period": _spans, "key": _maybe}),
        "debounce": st.none() | st.fixed_dictionaries({"period": _spans, "timeout": _spans}),
        "batchEvents": st.none()
        | st.fixed_dictionaries({"maxSize": st.integers(2, 9), "timeout": _spans}),
        "cancel": st.none()
        | st.lists(st.fixed_dictionaries({"event": _texts, "if": _maybe}), max_size=3),
        "priority": st.none() | st.fixed_dictionaries({"run": _texts}),
        "timeouts": st.none() | st.fixed_dictionaries({"start": _spans, "finish": st.none()}),
        "singleton": st.none() | st.fixed_dictionaries({"mode": st.sampled_from(["skip"])}),
    }
)


def _stripped(value: Json) -> Json:
    """Without nulls, as the SDK sends it."""
    if isinstance(value, dict):
        return {key: _stripped(item) for key, item in value.items() if item is not None}
    return [_stripped(item) for item in value] if isinstance(value, list) else value


def _otherwise_spelt(value: Json, key: str = "") -> Json:
    """Lists the other way round, durations Go's way, keys in another order."""
    if isinstance(value, dict):
        return {k: _otherwise_spelt(value[k], k) for k in reversed(list(value))}
    if isinstance(value, list):
        return [_otherwise_spelt(item) for item in reversed(value)]
    if key in ("period", "timeout", "start", "finish") and isinstance(value, str):
        seconds = int(value.removesuffix("s"))
        return f"{seconds // 3600}h{seconds % 3600 // 60}m{seconds % 60}s"
    return value


# Deadlines measure the machine, not the code.
patiently = settings(deadline=None)


@patiently
@given(_configurations)
def test_nulls_order_and_spelling_make_no_difference(raw: Json) -> None:
    first = canonical(raw)
    assert canonical(_stripped(raw)) == first
    assert canonical(_otherwise_spelt(raw)) == first
    assert fingerprint(canonical(_otherwise_spelt(_stripped(raw)))) == fingerprint(first)


@patiently
@given(_configurations)
def test_a_servers_store_has_the_same_fingerprint_as_the_sdk(raw: Json) -> None:
    """Inngest's server keeps the step in a list, its retries as a number, and adds its own."""
    stored = copy.deepcopy(raw)
    step = stored.pop("steps")["step"]
    stored["steps"] = [{"id": "step", "uri": "x", "retries": step["retries"]["attempts"]}]
    for limit in stored["concurrency"] or ():
        limit["hash"] = "1x2y"
        limit["scope"] = limit["scope"] or "fn"
    held = [{"id": "0f-uuid", "slug": "app-fn", "name": "Fn", "config": json.dumps(stored)}]
    assert read_functions(held, app_id="app") == read_functions([raw], app_id="app")


@patiently
@given(_configurations, st.data())
def test_any_real_change_changes_the_fingerprint(raw: Json, data: st.DataObject) -> None:
    changed = copy.deepcopy(raw)
    name = data.draw(st.sampled_from(["triggers", "retries", "concurrency", "throttle", "cancel"]))
    if name == "retries":
        changed["steps"]["step"]["retries"]["attempts"] += 10
    elif name == "throttle":
        changed["throttle"] = {"limit": 77, "period": "1m"}
    else:
        more = {
            "triggers": {"event": "another/event"},
            "concurrency": {"limit": 77},
            "cancel": {"event": "another/event"},
        }
        changed[name] = [*(changed[name] or ()), more[name]]
    assert fingerprint(canonical(changed)) != fingerprint(canonical(raw))


@pytest.mark.parametrize(
    ("said", "unsaid"),
    [
        ({"steps": {"step": {"retries": {"attempts": 4}}}}, {}),
        ({"throttle": {"limit": 1, "period": "1m", "burst": 1}},
         {"throttle": {"limit": 1, "period": "1m"}}),
        ({"concurrency": [{"limit": 2, "scope": "fn"}]}, {"concurrency": 2}),
        ({"concurrency": {"limit": 2}}, {"concurrency": [{"limit": 2}]}),
        ({"concurrency": {"step": [{"limit": 2}], "fn": []}}, {"concurrency": [{"limit": 2}]}),
        ({"concurrency": [], "cancel": [], "timeouts": {"start": None}}, {}),
        ({"idempotency": "event.data.id"},
         {"rateLimit": {"limit": 1, "period": "24h", "key": "event.data.id"}}),
        ({"debounce": {"period": "1m", "key": ""}}, {"debounce": {"period": "60s"}}),
    ],
)  # fmt: skip
def test_what_a_server_takes_for_granted_need_not_be_said(said: Json, unsaid: Json) -> None:
    assert canonical(said) == canonical(unsaid)


def test_a_burst_of_none_at_all_is_not_the_usual_burst() -> None:
    usual = {"throttle": {"limit": 1, "period": "1m"}}
    assert canonical({"throttle": {"limit": 1, "period": "1m", "burst": 0}}) != canonical(usual)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("7d", "1w"), ("0.5h", "30m"), ("1h30m", "90m"), ("250ms", "250ms"), ("0s", "0s"),
     ("soon", "soon"), ("", None)],
)  # fmt: skip
def test_a_duration_is_spelt_in_its_largest_unit(text: str, expected: str | None) -> None:
    assert span(text) == expected


@pytest.mark.parametrize("text", ["0 6 * * MON", "TZ=UTC 0 6 * * mon", "CRON_TZ=UTC 0 6 ? * mon"])
def test_a_schedule_in_utc_is_spelt_without_its_zone(text: str) -> None:
    assert schedule(text) == "0 6 * * mon"


def test_another_zone_is_another_schedule() -> None:
    assert schedule("TZ=Europe/Oslo 0 6 * * *") != schedule("0 6 * * *")
