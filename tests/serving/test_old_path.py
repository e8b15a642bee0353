"""The wiring from before, called instead while the new path is switched off."""

from typing import Any

import pytest
from starlette.applications import Starlette
from structlog.testing import capture_logs

from mainstem.serving import aws_lambda, vercel
from mainstem.serving import starlette as adapter

from .house import settings_of
from .shop import CATALOGUE, SHOP

OFF = {"MAINSTEM_FUNCTIONS": "off"}


def test_it_is_called_while_functions_are_off_and_nothing_of_ours_is_served() -> None:
    app, called = Starlette(), []
    with capture_logs() as logs:
        adapter.serve(
            app, CATALOGUE, SHOP, settings=settings_of(**OFF), old=lambda: called.append("old")
        )
    assert (called, app.routes) == (["old"], [])
    assert [(log["event"], log["log_level"]) for log in logs[-1:]] == [
        ("serving the old way: functions are off", "warning")
    ]


def test_it_is_left_alone_while_functions_are_on() -> None:
    app, called = Starlette(), []
    adapter.serve(app, CATALOGUE, SHOP, settings=settings_of(), old=lambda: called.append("old"))
    assert (called, len(app.routes)) == ([], 1)


def test_without_it_functions_that_are_off_stay_registered_and_are_skipped() -> None:
    app = Starlette()
    bound = adapter.serve(app, CATALOGUE, SHOP, settings=settings_of(**OFF))
    assert (len(app.routes), set(bound.skipped)) == (1, set(CATALOGUE.ids))


@pytest.mark.parametrize("serve", [aws_lambda.handler, vercel.app])
def test_what_the_old_wiring_gives_stands_where_ours_would(serve: Any) -> None:
    old = object()
    assert serve(CATALOGUE, SHOP, settings=settings_of(**OFF), old=lambda: old) is old
