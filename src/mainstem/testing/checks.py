"""Whether what a test hands in is what it should be, told before anything is done."""

import difflib
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import inngest

from mainstem.catalog import EventData
from mainstem.testing.errors import HarnessError

Functions = Sequence[inngest.Function[Any]]


def check_app(client: Any, functions: Any, app: Any) -> Functions:
    """The functions of an app. Raises `HarnessError` unless there are some, or an `app`."""
    if not isinstance(client, inngest.Inngest):
        raise HarnessError(
            f"Cannot open a harness on {client!r}: it is no client. Give the `inngest.Inngest` that"
            " the app has made."
        )
    if isinstance(functions, inngest.Function):
        raise HarnessError(
            f"Cannot test app '{client.app_id}': give its functions as a list,"
            f" `[{functions.local_id}]`."
        )
    asked = list(functions)
    for each in asked:
        if not isinstance(each, inngest.Function):
            raise HarnessError(
                f"Cannot test app '{client.app_id}': {each!r} is none of its functions. Give what"
                " `client.create_function` has made."
            )
    if bool(asked) == (app is not None):
        raise HarnessError(
            f"Cannot test app '{client.app_id}': give either its functions, or the ASGI app that"
            f" serves them (`app=`); there were {len(asked)} functions and"
            f" {'an' if app is not None else 'no'} app. A client that only sends is added with"
            " `harness.add_client(client)`."
        )
    return asked


def check_options(taking: Callable[..., Any], options: Mapping[str, Any]) -> None:
    """Raise `HarnessError` for options that `taking` does not take, or with values of no sense."""
    known = [
        name
        for name, each in inspect.signature(taking).parameters.items()
        if each.kind is inspect.Parameter.KEYWORD_ONLY
    ]
    for name in options:
        if name not in known:
            raise HarnessError(
                f"Cannot open a harness: there is no option '{name}'{nearest(name, known)}. There"
                f" are: {', '.join(known)}."
            )
    start = options.get("start")
    if start is not None and (not isinstance(start, datetime) or start.tzinfo is None):
        raise HarnessError(
            f"Cannot open a harness: `start` is an aware moment, not {start!r}. Give it a time"
            " zone, as in `datetime(2030, 1, 1, tzinfo=UTC)`."
        )
    if (clock := options.get("clock", "virtual")) not in ("virtual", "real"):
        raise HarnessError(f"Cannot open a harness: `clock` is 'virtual' or 'real', not {clock!r}.")


def read_span(span: Mapping[str, Any]) -> timedelta:
    """The span of `days=3, hours=1`. Raises `HarnessError` for one that is none or goes back."""
    try:
        read = timedelta(**span)
    except (TypeError, OverflowError) as error:
        told = ", ".join(f"{unit}={value!r}" for unit, value in span.items())
        raise HarnessError(
            f"Cannot let time pass by {told}: a span is made of the numbers weeks, days, hours,"
            " minutes, seconds and milliseconds, as those of `timedelta`. For a calendar's month,"
            " say until when (`until=`)."
        ) from error
    if read < timedelta(0):
        raise HarnessError(f"Cannot let time pass by {read}: time does not go back.")
    return read


def check_within(within: Any) -> None:
    """Raise `HarnessError` unless `within` is a span or None."""
    if within is not None and (not isinstance(within, timedelta) or within < timedelta(0)):
        raise HarnessError(
            f"Cannot wait for a result within {within!r}: give a span, as in"
            " `within=timedelta(days=3)`."
        )


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean …?` when something known is near, else nothing."""
    found = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean '{found[0]}'?)" if found else ""


def check_events(events: Iterable[Any]) -> None:
    """Raise `HarnessError` unless these are events of the SDK, or of a catalogue."""
    for event in events:
        if not isinstance(event, (inngest.Event, EventData)):
            raise HarnessError(
                f"Cannot send {event!r}: give an event, as in `inngest.Event(name=…, data=…)`, or"
                " an `EventData` of a catalogue."
            )


def check_order(order: str, step: Any, times: Any = None, when: Any = "after") -> None:
    """Raise `HarnessError` for an order that could never be followed, or means nothing."""
    if not isinstance(step, str) or not step:
        raise HarnessError(
            f"Cannot {order} {step!r}: a step is named by its id in the code, such as 'charge'."
        )
    if times is not None and (type(times) is not int or times < 1):
        raise HarnessError(
            f"Cannot {order} '{step}' {times!r} times: give a number from 1, or None for always."
        )
    if when not in ("before", "after"):
        raise HarnessError(
            f"Cannot {order} '{step}' {when!r} its work: `when` is 'before' or 'after'."
        )


def check_fault(step: str, error: Any) -> None:
    """Raise `HarnessError` unless a step could fail with `error`."""
    is_class = isinstance(error, type) and issubclass(error, BaseException)
    if not is_class and not isinstance(error, (BaseException, str)):
        raise HarnessError(
            f"Cannot fail '{step}' with {error!r}: give an exception, its class, or a text."
        )
