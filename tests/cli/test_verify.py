"""`mainstem verify` compares, prints the matrix, and ends as CI needs it."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from mainstem.cli.answered import canary_told
from mainstem.registration import CanaryBack

from .shell import Done, call
from .shopfront import Front, front, written

CANARY = (
    "catalog = Catalog([send_receipt,",
    """from mainstem.registration import canary_definition

catalog = Catalog([canary_definition, send_receipt,""",
)


async def _verify(
    folder: Path, shop: Front, catalog: str, *words: str, url: str | None = None, **more: str
) -> Done:
    urls = [shop.url] if url is None else []
    return await asyncio.to_thread(
        call, folder, "verify", *urls, "--catalog", catalog, *words, **{**shop.variables, **more}
    )


async def test_what_is_as_it_should_be_passes_with_the_matrix(tmp_path: Path) -> None:
    catalog = written(tmp_path)
    async with front(tmp_path, catalog, environment="production") as shop:
        done = await _verify(tmp_path, shop, catalog)
        told = json.loads((await _verify(tmp_path, shop, catalog, "--json")).stdout)
    assert (done.returncode, told["ok"]) == (0, True)
    assert "(app shop, cloud mode, inngest-py:v" in done.stdout
    assert "production is as the catalogue says." in done.stdout
    assert told["matrix"]["send-receipt"] == {
        "local": "on", "test": "off", "preview": "on", "staging": "on", "production": "ok",
    }  # fmt: skip


async def test_drift_fails_and_is_told_below_its_function(tmp_path: Path) -> None:
    served, newer = written(tmp_path), written(tmp_path, ("retries=9", "retries=8"))
    async with front(tmp_path, served, environment="production") as shop:
        done = await _verify(tmp_path, shop, newer)
    assert done.returncode == 1
    shown = done.stdout.splitlines()
    (at,) = [n for n, line in enumerate(shown) if line.startswith("send-receipt")]
    assert shown[at].split()[-1] == "different"
    assert shown[at + 1].strip() == "retries (wanted 8, served 9, held 9)"
    assert "Deploy the catalogue, then run `mainstem sync`." in " ".join(done.stdout.split())


async def test_what_is_unknown_is_listed_and_fails_strictly_only(tmp_path: Path) -> None:
    catalog = written(tmp_path)
    async with front(tmp_path, catalog) as shop:
        done = await _verify(tmp_path, shop, catalog)
        strict = await _verify(tmp_path, shop, catalog, "--strict")
    assert (done.returncode, strict.returncode) == (0, 1)
    assert "unknown   What http" in done.stdout


async def test_a_function_that_is_switched_off_is_no_drift_and_marked(tmp_path: Path) -> None:
    catalog = written(tmp_path)
    async with front(tmp_path, catalog) as shop:
        done = await _verify(
            tmp_path, shop, catalog, "--json", MAINSTEM_DISABLED_FUNCTIONS="send-bill"
        )
    told: Any = json.loads(done.stdout)
    assert told["ok"]
    assert told["matrix"]["send-bill"]["local"] == "ok (switched off)"


async def test_what_the_environment_leaves_out_is_off(tmp_path: Path) -> None:
    catalog = written(tmp_path)
    async with front(tmp_path, catalog, environment="test") as shop:
        told: Any = json.loads((await _verify(tmp_path, shop, catalog, "--json")).stdout)
    assert told["ok"]
    assert told["matrix"]["send-receipt"] == {"test": "off"}


@pytest.mark.parametrize("environment", ["local", "production"])
async def test_a_canary_comes_back(tmp_path: Path, environment: str) -> None:
    catalog = written(tmp_path, CANARY)
    async with front(tmp_path, catalog, environment=environment) as shop:
        done = await _verify(tmp_path, shop, catalog, "--canary", "--wait", "10")
    assert done.returncode == 0, done.stdout
    assert "The canary came back after" in done.stdout


async def test_a_canary_that_is_lost_fails(tmp_path: Path) -> None:
    catalog = written(tmp_path)
    async with front(tmp_path, catalog) as shop:
        done = await _verify(tmp_path, shop, catalog, "--canary", "--wait", "0.2")
    assert done.returncode == 1
    assert "canary-unregistered" in done.stdout


async def test_a_part_is_compared_with_its_own_functions(tmp_path: Path) -> None:
    catalog = written(tmp_path)
    async with front(tmp_path, catalog) as shop:
        done = await _verify(tmp_path, shop, catalog, "--group", "night", "--json")
    told: Any = json.loads(done.stdout)
    assert next(iter(told["matrix"])) == "tidy-up"
    assert not told["ok"]


async def test_connect_workers_are_compared_through_the_server(tmp_path: Path) -> None:
    from mainstem.serving import load_application
    from mainstem.serving.connect import worker
    from mainstem.settings import load_settings

    catalog = written(tmp_path)
    async with front(tmp_path, catalog, sync=False) as shop:
        settings = load_settings(shop.variables)
        async with worker(load_application(catalog).catalog, settings=settings) as working:
            await working.connected()
            done = await _verify(tmp_path, shop, catalog, "--connect", url="")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "they tell it only to the server that they come to" in " ".join(done.stdout.split())


def test_workers_have_no_urls(tmp_path: Path) -> None:
    done = call(tmp_path, "verify", "--connect", "http://127.0.0.1:9/", MAINSTEM_ENV="local")
    assert done.returncode == 2
    assert "workers have none" in done.stderr


async def test_a_canary_that_another_deployment_answered_proves_nothing(tmp_path: Path) -> None:
    catalog = written(tmp_path, CANARY)
    async with front(tmp_path, catalog) as shop:
        elsewhere = ("http://127.0.0.1:9/api/inngest", "--canary", "--wait", "10")
        done = await _verify(tmp_path, shop, catalog, *elsewhere, url="")
    assert done.returncode == 1
    assert "canary-elsewhere" in done.stdout
    assert f"answered by app 'shop' at {shop.url}" in " ".join(done.stdout.split())


def test_a_canary_whose_answerer_is_not_told_says_so() -> None:
    told = canary_told(CanaryBack("event", "run", 0.5))
    assert told.endswith("0.50 seconds; which app answered it the server does not tell.")
    told = canary_told(CanaryBack("event", "run", 0.5, "shop"))
    assert told.endswith("from app 'shop'; at which address the server does not tell.")


async def test_no_canary_is_sent_to_a_server_that_cannot_be_asked(tmp_path: Path) -> None:
    catalog = written(tmp_path, CANARY)
    async with front(tmp_path, catalog) as shop:
        away = {"INNGEST_BASE_URL": "http://127.0.0.1:9"}
        done = await _verify(tmp_path, shop, catalog, "--canary", **away)
    assert done.returncode == 1
    assert "No canary was sent: the server http://127.0.0.1:9" in " ".join(done.stdout.split())
