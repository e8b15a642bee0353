"""The log of syncs, and that logging one changes nothing about it."""

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from structlog.testing import capture_logs

from mainstem.web.registration import RegistrationLog


def app(answer: object, status: int = 200) -> RegistrationLog:
    async def put(request: Request) -> JSONResponse:
        return JSONResponse(answer, status, headers={"x-inngest-sync-kind": "out_of_band"})

    inner = Starlette(routes=[Route("/api/inngest", put, methods=["PUT", "POST"])])
    return RegistrationLog(inner, path="/api/inngest", served={"app_id": "shop"})


async def ask(asked: RegistrationLog, method: str = "PUT") -> httpx.Response:
    transport = httpx.ASGITransport(asked)
    async with httpx.AsyncClient(transport=transport, base_url="http://app") as http:
        headers = {"x-inngest-server-kind": "dev", "user-agent": "inngest/1.43"}
        return await http.request(method, "/api/inngest", headers=headers)


async def test_a_sync_is_logged_with_who_asked_and_what_was_answered() -> None:
    with capture_logs() as logs:
        response = await ask(app({"ok": True, "modified": True}))
    assert response.json() == {"ok": True, "modified": True}
    assert logs == [
        {
            "event": "sync answered",
            "log_level": "info",
            "app_id": "shop",
            "asked_by": "inngest/1.43",
            "server_kind": "dev",
            "sync_kind": "out_of_band",
            "status": 200,
            "answer": {"ok": True, "modified": True},
        }
    ]


@pytest.mark.parametrize(
    ("answer", "status"), [({"error": "invalid"}, 200), ({"message": "Unauthorized"}, 401)]
)
async def test_a_refused_sync_is_a_warning_even_where_the_status_is_200(
    answer: object, status: int
) -> None:
    with capture_logs() as logs:
        await ask(app(answer, status))
    assert [(log["event"], log["log_level"], log["answer"]) for log in logs] == [
        ("sync refused", "warning", answer)
    ]


async def test_an_in_band_answer_is_logged_without_key_hashes() -> None:
    answer = {"functions": [{}, {}], "inspection": {"signing_key_hash": "0123abc"}}
    with capture_logs() as logs:
        await ask(app(answer))
    assert logs[0]["answer"] == {"functions": 2}


async def test_calls_are_not_logged_as_syncs() -> None:
    with capture_logs() as logs:
        await ask(app({}), "POST")
    assert logs == []


async def test_an_answer_that_is_no_json_is_still_logged() -> None:
    with capture_logs() as logs:
        await ask(app("plain"), "PUT")
    assert logs[0]["answer"] == {"value": "plain"}
