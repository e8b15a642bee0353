"""The document: complete, true of real answers, and what requests are checked against."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.routing import Route

from mainstem.engine import engine_app

from .busy import BUSY, CONFIGS, address, busy
from .desk import Desk, desk, returning
from .schemas import problems

Json = Any
_METHODS = {"get", "post", "put", "delete", "patch"}


async def document_of(at: Desk) -> Json:
    """The document as it is served."""
    return (await at.api.get("/openapi.json")).json()


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Every path with its methods."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert method in _METHODS
            yield method, path, operation


async def test_every_route_is_described_and_nothing_else() -> None:
    async with desk({}) as at:
        document = await document_of(at)
        served = {
            (method.lower(), route.path)
            for route in engine_app(at.engine).routes
            if isinstance(route, Route)
            for method in (route.methods or set()) - {"HEAD"}
        }
        assert {(method, path) for method, path, _ in operations(document)} == served
        assert document["openapi"] == "3.1.0"


async def test_every_operation_says_what_it_does_and_has_an_id_of_its_own() -> None:
    async with desk({}) as at:
        document = await document_of(at)
        ids = [operation["operationId"] for _, _, operation in operations(document)]
        assert len(set(ids)) == len(ids)
        for method, path, operation in operations(document):
            assert operation["summary"], f"{method} {path}"
            holes = set(re.findall(r"{(\w+)}", path))
            told = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
            assert told == holes


async def test_every_reference_leads_somewhere() -> None:
    async with desk({}) as at:
        document = await document_of(at)
        names = set(re.findall(r"#/components/schemas/(\w+)", str(document)))
        assert names == set(document["components"]["schemas"])


async def test_real_answers_are_what_the_document_says() -> None:
    async with desk(BUSY, CONFIGS) as at:
        document = await document_of(at)
        values = await busy(at)
        checked = 0
        for method, path, operation in operations(document):
            (media,) = operation["responses"].get("200", {}).get("content", {"none": None})
            if method != "get" or media != "application/json":
                continue
            answer = await at.api.get(address(path, values))
            assert answer.status_code == 200, f"{path}: {answer.text}"
            schema = operation["responses"]["200"]["content"][media]["schema"]
            assert list(problems(document, schema, answer.json(), path)) == []
            assert answer.json()["data"], path
            checked += 1
        assert checked >= 15


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/runs/{run_id}/replay", {"from": "failure"}),
        ("/v1/replays", {}),
        ("/v1/runs/{run_id}/logs", {"lines": [{"message": "x"}]}),
        ("/v1/events", {"events": [{"name": "works"}]}),
        ("/v1/functions/{function}/invoke", {"data": {"n": 1}}),
        ("/v1/functions/{function}/pause", {"cancel": True}),
        ("/v1/functions/{function}/resume", {}),
        ("/v1/cancellations", {"app_id": "t", "started_before": "2030-01-01T00:00:00Z"}),
    ],
)
async def test_requests_and_answers_that_change_things_are_described(path: str, body: Json) -> None:
    async with desk(BUSY, CONFIGS) as at:
        document = await document_of(at)
        operation = document["paths"][path]["post"]
        if "requestBody" in operation:
            asked = operation["requestBody"]["content"]["application/json"]["schema"]
            assert list(problems(document, asked, body)) == []
        answer = await at.api.post(address(path, await busy(at)), json=body)
        told = operation["responses"][str(answer.status_code)]["content"]["application/json"]
        assert list(problems(document, told["schema"], answer.json())) == []


async def test_a_refusal_has_the_shape_of_a_problem() -> None:
    async with desk({}) as at:
        document = await document_of(at)
        schema = document["components"]["schemas"]["Problem"]
        for path in ("/v1/runs/none/trace", "/v1/runs?limit=0", "/v1/events/none"):
            assert list(problems(document, schema, (await at.api.get(path)).json())) == []


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("/v1/runs?limit=0", "'limit': it is a whole number from 1 to 100, not 0."),
        ("/v1/runs?limit=many", "'limit': it is a whole number from 1 to 100, not \"many\"."),
        (
            "/v1/runs?status=DONE",
            "'CANCELLED', 'COMPLETED', 'FAILED', 'QUEUED', 'RUNNING', 'SKIPPED', not \"DONE\".",
        ),
        ("/v1/runs?status=FAILED,DONE", "'status': it is one of"),
        ("/v1/runs?cursor=x", "'cursor': it is a ULID, not \"x\"."),
        ("/v1/runs?since=yesterday", "'since': it is a moment: milliseconds since 1970, or RFC"),
        ("/v1/runs?since=2030-01-01T00:00:00", "with its offset"),
        ("/v1/runs?colour=red", "'colour': no such parameter; there are 'app', 'cursor',"),
        ("/v1/events?internal=perhaps", "'internal': it is true or false, not \"perhaps\"."),
        ("/v1/events?limit=101", "'limit': it is a whole number from 1 to 100, not 101."),
        ("/v1/queue?kind=nap", "'kind': it is one of 'batch', 'cron',"),
        ("/v1/functions/runs?limit=1000", "from 1 to 100"),
    ],
)
async def test_a_bad_parameter_is_named_with_what_it_may_be(path: str, problem: str) -> None:
    async with desk({}) as at:
        answer = await at.api.get(path)
        assert answer.status_code == 400
        assert problem in answer.json()["error"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"{", "'the body': it is no JSON"),
        (b"[]", "'the body': it must be a JSON object"),
        (b"{}", "'events': it is missing; it is a list of 1 to 5000 items, each an object"),
        (b'{"events": []}', "'events': it is a list of 1 to 5000 items"),
        (b'{"events": [{"name": 1}]}', "'events[0].name': it is a text, not 1"),
        (b'{"events": [{"title": "a"}]}', "'events[0].title': no such parameter"),
        (b'{"events": "' + b"x" * 5_000_000 + b'"}', "it has more than 4194304 bytes"),
    ],
    ids=range(7),
)
async def test_a_bad_body_is_told_where_it_is_bad(content: bytes, problem: str) -> None:
    async with desk({}) as at:
        answer = await at.api.post("/v1/events", content=content)
        assert answer.status_code == 400
        assert problem in answer.json()["error"]


async def test_inngest_s_own_endpoints_pass_over_what_they_do_not_know() -> None:
    async with desk({"a": returning()}) as at:
        run = await at.run_of("a")
        assert (await at.get(f"/v1/runs/{run}", include="everything"))["status"] == "Completed"
        assert len(await at.get("/v1/events", source="x")) == 1
