"""The examples of `docs/serving.md`: they are what stands there, and they run as it says."""

import asyncio
import os
import re
import shlex
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from .hosts import EVENTS, HOST, PATH, free_port, uvicorned
from .house import House, house

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "serving"
TEXT = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")
CODE: list[str] = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
COMMANDS = [
    line.removeprefix("$ ")
    for block in re.findall(r"```console\n(.*?)```", TEXT, re.DOTALL)
    if "$ mainstem" not in block  # those are typed in `tests/docs`
    for line in block.splitlines()
    if line.startswith("$ ")
]


def environ_for(there: House, app_id: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return kept | {
        "MAINSTEM_ENV": "local",
        "MAINSTEM_APP_ID": app_id,
        "INNGEST_BASE_URL": there.origin,
        "INNGEST_DEV": "1",
    }


@asynccontextmanager
async def typed(command: str, there: House, app_id: str) -> AsyncIterator[int]:
    """A command of the document, on a free port instead of 8000."""
    port = free_port()
    *variables, command = re.split(r"(?<=[A-Z]=off) ", command)
    program, *arguments = shlex.split(command.replace("8000", str(port)))
    said = dict(one.split("=") for one in variables)
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).parent / program),
        *arguments,
        cwd=EXAMPLES,
        env=environ_for(there, app_id) | said,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield port
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def answering(port: int, path: str) -> str:
    """The endpoint's URL, once it answers."""
    url = f"http://{HOST}:{port}{path}"
    async with httpx.AsyncClient() as http, asyncio.timeout(60):
        while True:
            try:
                if (await http.get(url)).status_code == 200:
                    return url
            except httpx.HTTPError:
                await asyncio.sleep(0.05)


async def registered(there: House, app_id: str) -> None:
    async with asyncio.timeout(60):
        while True:
            if app_id in {app.name for app in there.engine.apps()}:
                return
            await asyncio.sleep(0.05)


async def results(there: House) -> dict[str, Any]:
    runs = await there.runs_of("shop/order.placed", {"orderId": 7})
    return {name: run.output for name, run in runs.items()}


@pytest.mark.parametrize("code", CODE, ids=lambda code: code.strip().splitlines()[-1])
def test_what_stands_in_the_document_is_in_an_example(code: str) -> None:
    assert any(code in file.read_text(encoding="utf-8") for file in EXAMPLES.glob("*.py"))


@pytest.mark.parametrize("command", COMMANDS)
async def test_a_command_of_the_document_serves_the_shop(command: str) -> None:
    expected = {"shop-pack-order": "packed 7", "shop-print-label": "label 7"}
    async with house() as there, typed(command, there, "shop") as port:
        if "connect" in command:
            await registered(there, "shop")
        elif "split" in command:
            await there.register(await answering(port, "/api/warehouse"))
            await there.register(await answering(port, "/api/office"))
            expected = {
                "shop-warehouse-pack-order": "packed 7",
                "shop-office-print-label": "label 7",
            }
        else:
            await there.register(await answering(port, PATH))
        if "flask_stock" in command:
            expected = {"shop-reserve-stock": "reserved 7"}
        if "MAINSTEM_FUNCTIONS=off" in command:
            expected = {"shop-before-pack-order": "packed 7 as before"}
        assert await results(there) == expected


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Imports an example with the settings of an engine, as its host would."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    before = set(sys.modules)

    def load(name: str, there: House) -> ModuleType:
        for variable, value in environ_for(there, "shop").items():
            monkeypatch.setenv(variable, value)
        return __import__(name)

    yield load
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and str(EXAMPLES) in str(
            sys.modules[name].__file__
        ):
            del sys.modules[name]


async def test_the_vercel_example_serves_the_shop(example: Any) -> None:
    async with house() as there, uvicorned(example("vercel_app", there).app) as origin:
        await there.register(origin + PATH)
        assert await results(there) == {
            "shop-pack-order": "packed 7",
            "shop-print-label": "label 7",
        }


async def test_the_lambda_example_answers_an_event(example: Any) -> None:
    async with house() as there:
        handler = example("lambda_function", there).handler
        event = EVENTS["v2"][0]("GET", PATH, {"host": "shop.test"}, b"")
        answer = await asyncio.to_thread(handler, event, None)
    assert (answer["statusCode"], '"function_count":2' in answer["body"].replace(" ", "")) == (
        200,
        True,
    )


@pytest.mark.parametrize(
    ("name", "app"), [("fastapi_app", "fastapi"), ("flask_app", "flask")], ids=["fastapi", "flask"]
)
async def test_the_web_examples_send_with_the_client_that_serves(
    name: str, app: str, example: Any
) -> None:
    async with house() as there:
        module = example(name, there)
        if app == "flask":
            answer = await asyncio.to_thread(module.app.test_client().post, "/orders/9")
            ids = answer.get_json()
        else:
            transport = httpx.ASGITransport(module.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://app") as http:
                ids = (await http.post("/orders/9")).json()
        assert len(ids) == 1
