"""`mainstem sync` registers, and tells what the server holds."""

import asyncio
import json
from pathlib import Path

import pytest

from .shell import Done, call
from .shopfront import Front, front, written


async def _sync(folder: Path, shop: Front, *words: str, **more: str) -> Done:
    return await asyncio.to_thread(call, folder, "sync", *words, **{**shop.variables, **more})


@pytest.mark.parametrize("environment", ["local", "production"])
async def test_what_was_registered_is_told(tmp_path: Path, environment: str) -> None:
    async with front(
        tmp_path, written(tmp_path), environment=environment, sync=False
    ) as shop:  # fmt: skip
        done = await _sync(tmp_path, shop, shop.url)
        again = await _sync(tmp_path, shop, shop.url)
    assert done.returncode == 0
    assert "app shop, 3 functions." in done.stdout
    assert "  send-bill\n" in done.stdout
    assert "Nothing was new." in again.stdout


async def test_the_address_comes_from_the_settings(tmp_path: Path) -> None:
    async with front(tmp_path, written(tmp_path), sync=False) as shop:
        port = shop.url.split(":")[2].split("/")[0]
        done = await _sync(tmp_path, shop, "--json", MAINSTEM_SERVE_PORT=port)
    (synced,) = json.loads(done.stdout)["synced"]
    assert (synced["url"], synced["is_modified"]) == (shop.url, True)


def test_an_endpoint_that_is_away_fails_in_one_line(tmp_path: Path) -> None:
    done = call(tmp_path, "sync", "http://127.0.0.1:9/api/inngest", MAINSTEM_ENV="local")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "Is it running, and is the path right?" in done.stderr


def test_a_failure_is_told_to_programs_too(tmp_path: Path) -> None:
    url = "http://127.0.0.1:9/api/inngest"
    done = call(tmp_path, "sync", url, "--json", MAINSTEM_ENV="local")
    told = json.loads(done.stdout)
    assert (done.returncode, told["ok"]) == (1, False)
    assert (told["failed"]["url"], told["failed"]["code"]) == (url, "unreachable")


async def test_one_function_is_counted_as_one(tmp_path: Path) -> None:
    one = written(tmp_path, ("[send_receipt, send_bill, tidy_up]", "[tidy_up]"))
    async with front(tmp_path, one, sync=False) as shop:
        done = await _sync(tmp_path, shop, shop.url)
    assert "app shop, 1 function.\n" in done.stdout
