"""Endpoints that tell less than ours do, or something else."""

from collections.abc import Mapping
from typing import Any

import fastapi

from mainstem.registration.asking import asking
from mainstem.registration.endpoints import ask_endpoint
from mainstem.registration.keys import Keys
from mainstem.registration.sides import Endpoint

from .stage import SIGNING_KEY, answering, bound_for, settings_for, stage

KEYS = Keys((SIGNING_KEY,))
INSPECTION = {
    "mode": "cloud", "authentication_succeeded": True, "function_count": 1, "app_id": "shop",
    "sdk_language": "py", "sdk_version": "0.5.19", "capabilities": {"in_band_sync": "v1"},
}  # fmt: skip


async def _asked(told: Mapping[str, Any], put: Any = None, keys: Keys = KEYS) -> Endpoint:
    """What is made of an endpoint that answers GET with `told` and PUT with `put`."""
    app = fastapi.FastAPI()
    headers = {"x-inngest-sdk": "inngest-py:v0.5.19"}

    @app.get("/api/inngest")
    def get() -> fastapi.Response:
        return fastapi.responses.JSONResponse(dict(told), headers=headers)

    @app.put("/api/inngest")
    def answer() -> fastapi.Response:
        return fastapi.responses.JSONResponse(put, headers=headers)

    async with answering(app) as url, asking() as http:
        return await ask_endpoint(http, url, keys)


async def test_an_unsigned_answer_in_cloud_mode_tells_no_functions() -> None:
    found = await _asked({"mode": "cloud", "function_count": 1})
    assert (found.functions, found.function_count) == (None, 1)
    assert found.functions_unknown == "it tells them only to a signed request"


async def test_an_sdk_of_another_language_is_not_asked_in_band() -> None:
    found = await _asked({**INSPECTION, "sdk_language": "js"}, {"functions": []})
    assert found.functions is None


async def test_an_sdk_without_the_capability_is_not_asked_in_band() -> None:
    assert (await _asked({**INSPECTION, "capabilities": None}, {"functions": []})).functions is None


async def test_an_answer_in_band_without_functions_leaves_them_unknown() -> None:
    found = await _asked(INSPECTION, {"ok": True})
    assert found.functions is None
    assert found.functions_unknown.startswith("asked for them, it answered HTTP 200")


async def test_without_a_key_an_endpoint_that_signs_says_which_to_set() -> None:
    async with stage(signing_key=SIGNING_KEY) as on:
        settings = on.settings("production")
        async with on.endpoint(settings) as url, asking() as http:
            found = await ask_endpoint(http, url, Keys())
    assert (found.code, found.mode) == ("signature-needed", "cloud")
    assert "INNGEST_SIGNING_KEY of the endpoint's environment" in str(found.problem)


async def test_what_an_endpoint_serves_is_what_is_bound() -> None:
    from mainstem.registration.wanted import wanted

    async with stage(signing_key=SIGNING_KEY) as on:
        settings = settings_for(on.url, "production")
        async with on.endpoint(settings, sync=False) as url, asking() as http:
            found = await ask_endpoint(http, url, KEYS)
        assert found.functions == wanted(bound_for(settings))
    assert found.is_signed is True
