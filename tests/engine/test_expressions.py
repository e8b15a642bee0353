"""Expressions: CEL with loose types and missing fields. Inngest SDK protocol, "Expressions"."""

import json
import sqlite3
import time
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cel
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.responses import JSONResponse

from mainstem.engine import Engine, EngineOptions, VirtualClock
from mainstem.engine.configuration import parse_function
from mainstem.engine.errors import BadConfiguration, BadExpression
from mainstem.engine.expressions import (
    can_match,
    check_comparison,
    check_expression,
    is_match,
    key_of,
    number_of,
)
from mainstem.engine.registration import read_registration

NOW = int(datetime(2030, 5, 6, 7, 8, 9, 250_000, tzinfo=UTC).timestamp() * 1000)
EVENT: dict[str, Any] = {
    "name": "shop/order",
    "ts": NOW,
    "data": {
        "id": 7,
        "n": 3,
        "half": 2.5,
        "whole": 3.0,
        "user": "Ann",
        "empty": "",
        "zero": 0,
        "none": None,
        "yes": True,
        "no": False,
        "tags": ["a", "b", 3],
        "lines": [{"sku": "x", "n": 1}, {"sku": "y", "n": 2}],
        "map": {"k-1": 1, "in": 2},
        "encoded": "eyJhIjogeyJiIjogNX19",
        "when": "2030-05-06T08:00:00Z",
    },
}
OTHER = {"name": "shop/other", "data": {"id": 7, "n": 4}}


def value(text: str) -> Any:
    """What an expression gives, read off its key; null for a missing or absent value."""
    key = key_of(text, EVENT, now=NOW)
    try:
        return json.loads(key)
    except ValueError:
        return key


@pytest.mark.parametrize("x", ["'x'", "0", "''", "1.5", "false", "[1]", "event.data.missing2"])
@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("event.data.missing == {}", False),
        ("{} == event.data.missing", False),
        ("event.data.missing != {}", True),
        ("event.data.missing < {}", True),
        ("event.data.missing <= {}", True),
        ("event.data.missing > {}", False),
        ("event.data.missing >= {}", False),
    ],
)
def test_a_missing_field_is_unlike_anything_and_less(
    expression: str, expected: bool, x: str
) -> None:
    assert value(expression.format(x)) is expected


@pytest.mark.parametrize("x", ["'x'", "0", "-5", "true"])
@pytest.mark.parametrize(
    ("sign", "expected"), [("<", False), ("<=", False), (">", True), (">=", True)]
)
def test_a_missing_right_operand_is_less_as_well(sign: str, expected: bool, x: str) -> None:
    assert value(f"{x} {sign} event.data.missing") is expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("event.data.missing == null", True),
        ("null == event.data.missing", True),
        ("event.data.missing != null", False),
        ("event.data.missing.deeper['still'] == null", True),
        ("event.data.user.deeper == null", True),
        ("event.data.tags[9] == null", True),
        ("event.data.missing + 'x'", "x"),
        ("'x' + event.data.missing", "x"),
        ("1 + event.data.missing + 2", 3),
        ("size(event.data.missing)", 0),
        ("event.data.missing.size() == 0", True),
        ("event.data.missing.startsWith('a')", False),
        ("'a'.contains(event.data.missing)", False),
        ("lowercase(event.data.missing)", False),
        ("event.data.missing.exists(x, true)", False),
        ("event.data.missing.all(x, true)", False),
        ("event.data.missing in ['a']", False),
        ("'a' in event.data.missing", False),
        ("!event.data.missing", False),
        ("event.data.missing - 1", False),
        ("has(event.data.missing)", False),
        ("has(event.missing.deeper)", False),
        ("has(event.data.none)", True),
        ("[event.data.missing] == [null]", True),
        ("async.data.id == null && vars.x == null", True),
    ],
)
def test_a_missing_field_behaves_like_null(expression: str, expected: object) -> None:
    assert value(expression) == expected
    assert type(value(expression)) is type(expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 == 1.0 && 2 > 1.5 && 1.5 < 2 && 3 >= 3.0", True),
        ("event.data.n == event.data.whole", True),
        ("event.data.id == '7'", False),
        ("event.data.id != '7'", True),
        ("true == 1 || false == 0", False),
        ("[1, {'a': 2}] == [1.0, {'a': 2.0}]", True),
        ("[1, 2] == [1]", False),
        ("'a' < 'b' && false < true", True),
        ("null < 1 && 0 <= null && null < 'a'", True),
        ("null > 0 || 5 <= null", False),
        ("1 + 1.5", 2.5),
        ("'order-' + event.data.id", "order-7"),
        ("event.data.whole + '/' + event.data.yes", "3/true"),
        ("event.data.tags + '!'", '["a", "b", 3]!'),
        ("[1] + [2]", [1, 2]),
        ("null + 'x'", "x"),
    ],
)
def test_operands_of_any_types_are_compared_and_added(expression: str, expected: object) -> None:
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("event.data.missing || 'b'", "b"),
        ("event.data.user || 'b'", "Ann"),
        ("event.data.user && event.data.n", 3),
        ("event.data.zero && 'b'", 0),
        ("event.data.empty || event.data.none || event.data.zero", 0),
        ("event.data.tags && [] && {'a': 1}", {"a": 1}),
        ("0.0 || 'x'", "x"),
        ("true || 1 / 0 == 1", True),
        ("1 / 0 == 1 || true", True),
        ("1 / 0 == 1 && false", False),
        ("1 / 0 == 1 || false", None),
    ],
)
def test_and_and_or_give_the_operand_that_decides(expression: str, expected: object) -> None:
    assert value(expression) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "event.data.user > 5",
        "!(event.data.user > 5)",
        "1 / 0 != 2",
        "event.data.tags > 1",
        "'a' * 2 == 'aa' || false",
        "9223372036854775807 + 1 > 0",
        "!event.data.none",
        "event.data.n ? true : true",
        "int('x') == 0",
        "date('x') == date('y')",
        "now_plus('x') > now()",
        "'a'.matches('(')",
        "b64decode('?') == ''",
        "timestamp('2030-02-30T00:00:00Z') < now()",
        "date('2030-01-01').getHours('No/Zone') == 0",
        "event.data.n.exists(x, true)",
        "{'a': 1, 'a': 2} != {}",
    ],
)
def test_what_has_no_value_is_no_match(expression: str) -> None:
    check_expression(expression)
    assert not is_match(expression, EVENT, OTHER, now=NOW)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("lowercase(event.data.user) + uppercase('b')", "annB"),
        ("b64decode('aGk=')", "hi"),
        ("json_parse(b64decode(event.data.encoded)).a.b", 5),
        ("json_parse('{').a == null", True),
        ("date(event.ts) == now()", True),
        ("date(event.data.when) > now()", True),
        ("date(1893456000) == date('2030-01-01T00:00:00Z')", True),
        ("date('2030-01-01') == date(1893456000000)", True),
        ("now_plus('1h') - now() == duration('60m')", True),
        ("now_minus('1d') < now() && now_minus('1d') > now_minus('2d')", True),
        ("now() + duration('1h30m') == now_plus('90m')", True),
        ("string(now())", "2030-05-06T07:08:09.25Z"),
        ("now().getFullYear() * 100 + now().getMonth()", 203004),
        ("now().getHours('Europe/Oslo') - now().getHours('-01:00')", 3),
        ("duration('90s').getMinutes()", 1),
        ("event.data.tags.filter(t, t != 3).size()", 2),
        ("event.data.lines.map(l, l.n > 1, l.sku)", ["y"]),
        ("event.data.lines.exists_one(l, l.sku == event.data.lines[0].sku)", True),
        ("event.data.lines.all(l, l.n > 0) && event.data.map.exists(k, k == 'in')", True),
        ("event.data.map['k-1'] + size('é') + size({'a': 1})", 3),
        ("'k-1' in event.data.map && 3.0 in event.data.tags", True),
        ("event.data.user.matches('^A.n$') && 'abc'.endsWith('c')", True),
        ("type(event.data.n) == int && type('') != int", True),
        ("event.data.n > 2 ? 'big' : 'small'", "big"),
        ("'=' + string(event.data.half) + double('1') + int(2.9) + uint(3)", "=2.5123"),
        ("bool('true') && bytes('a') == b'a'", True),
        ("-7 / 2 + -7 % 2 - -1", -3),
        ("2 + 3 * 4 == 14 && !(1 > 2) && !!true && --1 == 1", True),
        (r"'\u00e9\x41\n' + r'\d' + '''a'b'''", "éA\n\\da'b"),
        ("0x1F + 2u // a comment", 33),
        (".event.data.n", 3),
    ],
)
def test_functions_macros_and_literals(expression: str, expected: object) -> None:
    assert value(expression) == expected


def test_async_is_the_new_event() -> None:
    assert is_match("event.data.id == async.data.id && async.data.n == 4", EVENT, OTHER)
    assert not is_match("event.data.id == async.data.id", {"data": {}}, {"data": {}})


def test_without_the_time_what_asks_for_it_is_no_match() -> None:
    assert is_match("now() > date(0 + 1000000000)", EVENT, now=NOW)
    assert not is_match("now() > date(0 + 1000000000)", EVENT)


def test_a_whole_double_gives_the_key_and_number_of_its_int() -> None:
    assert key_of("event.data.whole", EVENT) == key_of("event.data.n", EVENT) == "3"
    assert number_of("event.data.whole", EVENT) == 3
    assert number_of("event.data.half", EVENT) == number_of("event.data.yes", EVENT) == 0


def test_a_key_can_be_stored_whatever_text_the_event_holds() -> None:
    assert key_of("event.data", {"data": "a\ud800"}) == "a?"


@pytest.mark.parametrize(
    ("expression", "possible"),
    [
        ("event.data.id == 8 && async.data.id == 1", False),
        ("event.data.id == 7 && async.data.id == 1", True),
        ("async.data.id == 1 && event.data.id == 8", False),
        ("event.data.id == 8 || async.data.id == 1", True),
        ("event.data.missing", False),
        ("event.data.id == 8 && now() > date(event.ts)", False),
        ("now() > date(event.ts)", True),
        ("event.data.id == 8 ? true : async.data.id == 1", True),
        (None, True),
    ],
)
def test_an_event_can_decide_against_a_condition_alone(
    expression: str | None, possible: bool
) -> None:
    assert can_match(expression, EVENT) is possible


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("event.data.", "expected a name at 11, found 'the end'"),
        ("event.data.x is 2", "expected an operator or the end at 13, found 'is'"),
        ("events.data.x", "there is no variable 'events'; there are event, async, vars"),
        ("[1].map(x, y)", "there is no variable 'y'"),
        ("frobnicate(1)", "there is no function frobnicate"),
        ("startsWith('a', 'b')", "there is no function startsWith"),
        ("'a'.lowercase()", "there is no method lowercase"),
        ("now(1)", "now\\(\\) takes 0 arguments"),
        ("'a'.contains()", "contains\\(\\) takes 1 arguments"),
        ("has(event)", "has\\(\\) takes one member"),
        ("has(event['a'])", "has\\(\\) takes one member"),
        ("[1].all(1, true)", "the first argument of all\\(\\) is a plain name"),
        ("[1].exists(x)", "exists\\(\\) takes 2 arguments"),
        ("'open", "at 0 begins nothing"),
        ("event.data # 1", "at 11 begins nothing"),
        (r"'\q'", "an escape that CEL does not know"),
        (r"'\UFFFFFFFF'", "an escape that CEL does not know"),
        ("9223372036854775808", "does not fit into 64 bits"),
        ("1" * 5000, "does not fit into 64 bits"),
        ("while", "'while' is a reserved word"),
        ("", "expected a value"),
        ("f{a: 1}", "expected an operator"),
    ],
)
def test_what_does_not_compile_says_where_and_why(expression: str, reason: str) -> None:
    with pytest.raises(BadExpression, match=reason):
        check_expression(expression)


@pytest.mark.parametrize(
    "part",
    ["(", "[", "{1:", "!(", "-(", "true?1:", "event[", "size(", "[1].map(x,", "1+(", "1||1==1+1*("],
)
def test_deep_nesting_is_refused(part: str) -> None:
    with pytest.raises(BadExpression, match="nested deeper than 50 levels"):
        check_expression(part * (8000 // len(part)))


def test_nesting_up_to_the_bound_runs() -> None:
    deep = "1||1==1+1*(" * 49 + "1" + ")" * 49
    assert is_match(deep, EVENT)


def test_a_huge_text_is_refused_without_being_repeated() -> None:
    with pytest.raises(BadExpression, match="has 40000 characters and may have 32768") as caught:
        check_expression("1+" * 20_000)
    assert len(str(caught.value)) < 500


def test_long_flat_texts_run() -> None:
    assert value("1" + "+1" * 3000) == 3001
    assert value("!" * 3000 + "true") is True
    assert value("event" + ".a" * 3000) is None
    assert value("false" + "||false" * 1000 + "||true") is True


@pytest.mark.parametrize(
    "expression",
    [
        "[event.data.tags]" + ".map(x, x + x)" * 49 + " != []",
        "[[1]]" + ".map(x, [x, x])" * 49 + " + 'x' != ''",
        "[[1]]" + ".map(x, [x, x])" * 49 + " == [[1]]" + ".map(x, [x, x])" * 49,
        "event.many.all(a, event.many.all(b, event.many.all(c, true)))",
        "event.many.map(a, event.long.matches('(a+)+$')) != []",
    ],
)
def test_an_expression_that_would_not_end_is_no_match(expression: str) -> None:
    event = {**EVENT, "many": list(range(1000)), "long": "a" * 100_000 + "!"}
    started = time.perf_counter()
    assert not is_match(expression, event)
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize(
    "expression",
    [
        "event.data.id == async.data.id",
        "async.data.n >= 3 && (event['data'].user != 'x' || !(async.ok == true)) ? true : false",
        "async.data.n == -1 && async.data.m == null",
    ],
)
def test_a_cancellation_may_compare_and_combine(expression: str) -> None:
    check_comparison(expression)


@pytest.mark.parametrize(
    ("expression", "used"),
    [
        ("async.data.n + 1 == 2", "'\\+'"),
        ("async.data.n == -event.data.n", "'-'"),
        ("has(async.data.n)", "has\\(\\)"),
        ("async.data.tags.exists(x, x == 1)", "exists\\(\\)"),
        ("size(async.data.tags) == 1", "size\\(\\)"),
        ("async.data.user.startsWith('a')", "startsWith\\(\\)"),
        ("async.data.n in [1, 2]", "'in'"),
        ("async.data.at == [now()]", "now\\(\\)"),
    ],
)
def test_a_cancellation_that_does_more_is_refused(expression: str, used: str) -> None:
    with pytest.raises(BadExpression, match=f"it uses {used}, and a cancellation's 'if' may only"):
        check_comparison(expression)


def _function(**extra: object) -> dict[str, object]:
    runtime = {"type": "http", "url": "http://127.0.0.1/api/inngest"}
    return {
        "id": "app-f",
        "name": "F",
        "triggers": [{"event": "a"}],
        "steps": {"step": {"id": "step", "name": "step", "runtime": runtime}},
        **extra,
    }


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        ({"cancel": [{"event": "b", "if": "size(async.x) == 1"}]}, "may only compare and combine"),
        ({"cancel": [{"event": "b", "if": "async."}]}, "expected a name"),
        ({"triggers": [{"event": "a", "expression": "nope.x"}]}, "no variable 'nope'"),
        ({"concurrency": [{"limit": 1, "key": "nope()"}]}, "no function nope"),
        ({"priority": {"run": 5}}, "an expression is a text, not 5"),
    ],
)
def test_a_registration_with_a_bad_expression_is_refused(
    extra: dict[str, object], reason: str
) -> None:
    with pytest.raises(BadConfiguration, match=reason):
        parse_function(_function(**extra))


async def _armed(path: Path, condition: str) -> int:
    """How many cancellations listen after an event has started a run that may be cancelled."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = [{"op": "Sleep", "id": "s", "name": "1h", "displayName": "s"}]
        headers = {"x-inngest-sdk": "test", "x-inngest-req-version": "2"}
        await JSONResponse(body, 206, headers=headers)(scope, receive, send)

    options = EngineOptions(str(path), transports={"http://127.0.0.1": app})
    async with Engine.open(options, clock=VirtualClock()) as engine:
        function = _function(cancel=[{"event": "b", "if": condition}])
        body = {"appname": "app", "url": "http://127.0.0.1/api/inngest", "functions": [function]}
        await engine.register(read_registration(body))
        await engine.send([{"name": "a", "data": {"id": 7}}])
        await engine.settle(timeout=10)
        with closing(sqlite3.connect(path)) as sql:
            return int(sql.execute("SELECT count(*) FROM pauses").fetchone()[0])


async def test_a_cancellation_that_is_false_already_is_not_armed(tmp_path: Path) -> None:
    assert await _armed(tmp_path / "1.db", "event.data.id == 7 && async.data.id == 1") == 1
    assert await _armed(tmp_path / "2.db", "event.data.id == 8 && async.data.id == 1") == 0


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(st.characters(), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
ATOMS = st.sampled_from(
    (
        *("event.data", "event.data.a", "event.data[0]", "async.x", "event", "vars", "null"),
        *("true", "1", "-2.5", "'a'", "b'a'", "[]", "[1, 'a']", "{'a': 1}", "now()"),
        *("duration('1h')", "int"),
    )
)
SIGNS = ["==", "!=", "<", "<=", ">", ">=", "in", "+", "-", "*", "/", "%", "&&", "||"]
CALLS = (
    *("size", "int", "uint", "double", "string", "bool", "bytes", "timestamp", "duration", "type"),
    *("dyn", "lowercase", "uppercase", "b64decode", "json_parse", "date", "now_plus", "now_minus"),
    *("!", "-"),
)
METHODS = ["contains", "startsWith", "endsWith", "matches", "getHours"]
MACROS = ["all", "exists", "exists_one", "filter", "map"]
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: (
        st.builds("({} {} {})".format, inner, st.sampled_from(SIGNS), inner)
        | st.builds("{}({})".format, st.sampled_from(CALLS), inner)
        | st.builds("({}).{}({})".format, inner, st.sampled_from(METHODS), inner)
        | st.builds("({}).{}(v, v == {})".format, inner, st.sampled_from(MACROS), inner)
        | st.builds("({} ? {} : {})".format, inner, inner, inner)
        | st.builds("({})[{}]".format, inner, inner)
        | st.builds("[{}, {}]".format, inner, inner)
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(EXPRESSIONS, JSON)
@example("timestamp(event.data) < now()", 10**30)
@example("date(event.data) < now()", float("nan"))
@example("int(event.data) < 1", float("inf"))
@example("now_plus(event.data) < now()", "9" * 400 + "h")
@example("json_parse(event.data) == 1", "[" * 100_000)
@example("date(event.data) == 1", "Mon, 99 Foo 99999 99:99:99 +9999")
@example("event.data.matches(event.data)", "\ud800")
def test_no_expression_fails_on_any_event(expression: str, data: object) -> None:
    event = {"data": data}
    assert is_match(expression, event, {"x": data}, now=NOW) in (True, False)
    key_of(expression, event, now=NOW).encode()
    assert isinstance(number_of(expression, event, now=NOW), int)
    assert can_match(expression, event) in (True, False)


@settings(max_examples=150, deadline=None)
@given(
    st.text(max_size=40)
    | st.lists(st.sampled_from([*"()[]{}.,?:!-'\"\\r", "event", "1", "a", " ", "||", "in"])).map(
        "".join
    )
)
def test_any_text_compiles_or_is_a_bad_expression(text: str) -> None:
    with suppress(BadExpression):
        check_expression(text)


@settings(max_examples=100, deadline=None)
@given(JSON, st.sampled_from(["==", "!="]))
def test_equality_is_the_same_from_both_sides(data: object, sign: str) -> None:
    event = {"data": data, "other": 1}
    for other in ("event.other", "event.missing", "null", "'a'", "event.data"):
        there = is_match(f"event.data {sign} {other}", event)
        assert is_match(f"{other} {sign} event.data", event) is there


@settings(max_examples=100, deadline=None)
@given(EXPRESSIONS, JSON)
def test_what_cannot_match_never_does(expression: str, data: object) -> None:
    event = {"data": data}
    if not can_match(expression, event):
        assert not is_match(expression, event, {"x": data}, now=NOW)


NUMBERS = st.integers(-100, 100).map(lambda n: f"({n})")
STRICT = st.recursive(
    NUMBERS,
    lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from("+-*/%"), inner),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(STRICT, STRICT, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]))
def test_what_strict_cel_can_compute_is_the_same_here(left: str, right: str, sign: str) -> None:
    text = f"{left} {sign} {right} && [{left}].exists(x, x >= {right}) || {left} > 5"
    try:
        strict = cel.evaluate(text)
    except (ValueError, TypeError, RuntimeError, ArithmeticError):
        strict = False
    assert is_match(text, {}) is strict
