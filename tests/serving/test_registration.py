"""The log of syncs, and that logging one changes nothing about it."""

import json
from typing import Any

import pytest
from structlog.testing import capture_logs

from mainstem.clients import client_for
from mainstem.serving.registration import log_sync
from mainstem.serving.served import served_by

from .house import settings_of
from .shop import CATALOGUE, SHOP

WHO = {
    "environment": "local",
    "decided_by": "MAINSTEM_ENV",
    "app_id": "shop",
    "mode": "dev",
    "api_origin": "http://127.0.0.1:8288/",
    "event_origin": "http://127.0.0.1:8288/",
    "path": "/api/inngest",
    "adapter": "flask",
    "functions": 6,
}


def logged(answer: object, status: int = 200) -> dict[str, Any]:
    settings = settings_of()
    bound = CATALOGUE.bind(client_for(settings), SHOP)
    with capture_logs() as logs:
        log_sync(
            served_by(bound, settings, adapter="flask", path="/api/inngest"),
            asked={"X-Inngest-Server-Kind": "dev", "User-Agent": "inngest/1.43"},
            status=status,
            headers={"x-inngest-sync-kind": "out_of_band"},
            body=answer if isinstance(answer, bytes) else json.dumps(answer).encode(),
        )
    (line,) = logs
    return dict(line)


def test_a_sync_is_logged_with_who_asked_and_what_was_answered() -> None:
    assert logged({"ok": True, "modified": True}) == {
        "event": "sync answered",
        "log_level": "info",
        **WHO,
        "asked_by": "inngest/1.43",
        "server_kind": "dev",
        "sync_kind": "out_of_band",
        "status": 200,
        "answer": {"ok": True, "modified": True},
    }


@pytest.mark.parametrize(
    ("answer", "status"), [({"error": "invalid"}, 200), ({"message": "Unauthorized"}, 401)]
)
def test_a_refused_sync_is_a_warning_even_where_the_status_is_200(
    answer: object, status: int
) -> None:
    line = logged(answer, status)
    assert (line["event"], line["log_level"]) == ("sync refused", "warning")
    assert line["answer"] == answer


def test_an_in_band_answer_is_logged_without_key_hashes() -> None:
    answer = {"functions": [{}, {}], "inspection": {"signing_key_hash": "0123abc"}}
    assert logged(answer)["answer"] == {"functions": 2}


@pytest.mark.parametrize(("answer", "told"), [(b'"plain"', {"value": "plain"}), (b"<html>", {})])
def test_an_answer_that_is_no_object_is_still_logged(answer: bytes, told: object) -> None:
    assert logged(answer)["answer"] == told
