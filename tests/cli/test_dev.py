"""`mainstem dev` for anybody's catalogue: its page, its health, its canary; and from its folder."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from . import shell
from .shell import Done, call, running, stopped, until
from .shopfront import SIGNING_KEY, written
from .test_serving import address, functions_at

SCRIPT = str(Path(sys.executable).parent / "mainstem")


@dataclass(frozen=True)
class Dev:
    """A `mainstem dev` of the shop, and what it said."""

    folder: Path
    catalog: str
    engine: str
    endpoint: str
    page: str
    said: str

    def call(self, *words: str, **more: str) -> Done:
        """A command in its folder, with its engine as the server."""
        return call(self.folder, *words, INNGEST_BASE_URL=self.engine, **more)


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    folder = tmp_path_factory.mktemp("dev")
    catalog = written(folder)
    with pytest.MonkeyPatch.context() as patch:
        # The console script: unlike `python -c` it has not the current folder on its path.
        patch.setattr(shell, "command", lambda *words: [SCRIPT, *words])
        ports = ("--port", "0", "--engine-port", "0")
        with running(folder, "dev", "--catalog", catalog, *ports) as process:
            lines = [until(process, name) for name in ("Engine ", "Endpoint ", "Page ")]
            until_stop = _rest(process)
            engine, endpoint, page = map(address, lines)
            yield Dev(folder, catalog, engine, endpoint, page, "".join(lines) + until_stop)
            code, _, err = stopped(process)
    assert (code, "Traceback" in err) == (0, False)


def _rest(process: Any) -> str:
    """What else it says before it says how to stop it."""
    said = ""
    for line in process.stderr:
        if "Ctrl-C" in line:
            break
        said += line
    return said


def test_its_functions_are_registered_and_counted_without_the_canary(dev: Dev) -> None:
    assert "(3 functions, a canary)" in dev.said
    slugs = {function["slug"] for function in functions_at(dev.engine)}
    assert slugs == {f"mainstem-{name}" for name in
                     ("send-receipt", "send-bill", "tidy-up", "mainstem-canary")}  # fmt: skip


def test_no_database_of_ours_is_opened_or_named(dev: Dev) -> None:
    health = httpx.get(f"{dev.page}healthz", timeout=10).json()
    assert (health["ok"], health["database"]) == (True, None)
    assert "Database" not in dev.said
    assert not list(dev.folder.glob("*.db"))


def test_the_page_is_where_it_says_and_shows_its_functions_alone(dev: Dev) -> None:
    status = httpx.get(f"{dev.page}status.json", timeout=10).json()
    states = {one["id"]: one["cells"]["local"]["state"] for one in status["functions"]}
    assert states == dict.fromkeys(("send-receipt", "send-bill", "tidy-up"), "registered")
    assert (status["here"]["functions"], status["here"]["endpoint"]) == (3, dev.endpoint)
    assert status["findings"] == []


def test_an_event_starts_its_function(dev: Dev) -> None:
    done = dev.call("send", "shop/ordered", "--catalog", dev.catalog, "--data", '{"orderId": 7}')
    event = done.stdout.split()[-1]
    runs = httpx.get(f"{dev.engine}/v1/events/{event}/runs", timeout=10).json()["data"]
    assert (done.returncode, len(runs)) == (0, 1)


def test_a_canary_comes_back_from_it(dev: Dev) -> None:
    done = dev.call("verify", dev.endpoint, "--catalog", dev.catalog, "--canary")
    assert "The canary came back after" in done.stdout
    assert "local is as the catalogue says." in done.stdout
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "words",
    [
        ("functions",),
        ("check",),
        ("manifest",),
        ("send", "shop/ordered", "--data", '{"orderId": 7}'),
        ("sync", "URL"),
        ("verify", "URL"),
    ],
    ids=lambda words: words[0],
)
def test_every_command_imports_from_the_current_folder(
    words: tuple[str, ...], dev: Dev, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = {"", str(dev.folder)}
    monkeypatch.setattr(sys, "path", [one for one in sys.path if one not in here])
    typed = (dev.endpoint if word == "URL" else word for word in words)
    # Another copy, which nobody has imported yet.
    done = dev.call(*typed, MAINSTEM_CATALOG=written(dev.folder))
    assert (done.returncode, done.stderr) == (0, "")


def test_serve_imports_from_the_current_folder_and_answers_canaries_of_its_part_in_cloud_mode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shell, "command", lambda *words: [SCRIPT, *words])
    catalog = written(tmp_path)
    keys = {
        "MAINSTEM_ENV": "production",
        "MAINSTEM_APP_ID": "shop",
        "INNGEST_SIGNING_KEY": SIGNING_KEY,
        "INNGEST_EVENT_KEY": "a-key",
    }
    part = ("--catalog", catalog, "--group", "mail", "--canary")
    with running(tmp_path, "engine", "--cloud", "--port", "0", "--no-persist", **keys) as server:
        keys["INNGEST_BASE_URL"] = address(until(server, "Engine "))
        with running(tmp_path, "serve", "--port", "0", *part, **keys) as process:
            endpoint = address(until(process, "Endpoint "))
            synced = call(tmp_path, "sync", endpoint, **keys)
            done = call(tmp_path, "verify", endpoint, *part, **keys)
    assert "app shop-mail, 3 functions" in synced.stdout
    assert "The canary came back after" in done.stdout, done.stdout
    assert (done.returncode, done.stderr) == (0, "")


def test_a_worker_answers_canaries_when_asked_to(tmp_path: Path) -> None:
    catalog = ("--catalog", written(tmp_path))
    with running(tmp_path, "engine", "--port", "0", "--no-persist") as server:
        there = {"INNGEST_BASE_URL": address(until(server, "Engine "))}
        words = ("serve", "--connect", "--canary", "--port", "0", *catalog)
        with running(tmp_path, *words, **there) as worker:
            until(worker, "worker connected")
            done = call(tmp_path, "verify", "--connect", "--canary", *catalog, **there)
    assert "The canary came back after" in done.stdout, done.stdout
    assert (done.returncode, done.stderr) == (0, "")


SERVICES = """
from contextlib import asynccontextmanager
from pathlib import Path
from mainstem.serving import Application

@asynccontextmanager
async def services(settings):
    Path("opened").write_text(settings.event_origin)
    yield
    Path("closed").touch()

catalog = Application(Catalog([send_receipt, send_bill, tidy_up], receives=(Ordered,)), services)
"""


def test_services_are_opened_for_the_engine_that_runs_and_closed_at_the_end(
    tmp_path: Path,
) -> None:
    whole = "catalog = Catalog([send_receipt, send_bill, tidy_up], receives=(Ordered,))\n"
    words = ("dev", "--catalog", written(tmp_path, (whole, SERVICES)))
    with running(tmp_path, *words, "--port", "0", "--engine-port", "0") as process:
        engine = address(until(process, "Engine "))
        until(process, "Ctrl-C")
        is_open = not (tmp_path / "closed").exists()
        assert stopped(process)[0] == 0
    assert (tmp_path / "opened").read_text() == engine
    assert (is_open, (tmp_path / "closed").exists()) == (True, True)


def test_a_part_of_a_catalogue_without_a_canary(tmp_path: Path) -> None:
    words = ("dev", "--catalog", written(tmp_path), "--group", "night", "--no-canary")
    with running(tmp_path, *words, "--port", "0", "--engine-port", "0") as process:
        said = until(process, "Engine ")
        slugs = {function["slug"] for function in functions_at(address(said))}
        assert stopped(process)[0] == 0
    assert "(1 function)" in said
    assert slugs == {"mainstem-night-tidy-up"}


def test_a_misspelt_group_is_told_though_there_is_a_canary(tmp_path: Path) -> None:
    words = ("dev", "--catalog", written(tmp_path), "--group", "nihgt")
    done = call(tmp_path, *words, "--port", "0", "--engine-port", "0")
    assert (done.returncode, "Write 'night'" in done.stderr) == (1, True)


BROKEN = (', receives=(Ordered,))\n', ')\n'), ("tags=(\"light\",), sends=()", 'sends=(Ordered,)'), (
    "[send_receipt, send_bill, tidy_up]", "[send_bill]")  # fmt: skip


def test_strict_mode_stops_a_start_with_a_broken_contract_and_closes_the_client(
    tmp_path: Path,
) -> None:
    from mainstem.clients.cache import _here

    done = call(
        tmp_path, "serve", "--port", "0", "--catalog", written(tmp_path, *BROKEN),
        MAINSTEM_STRICT="on", VITE_INNGEST_EVENT_KEY="an-event-key", MAINSTEM_LOG_JSON="on",
    )  # fmt: skip
    lines = done.stderr.splitlines()
    assert done.returncode == 1
    assert lines[-1].startswith("mainstem: Cannot serve in strict mode (MAINSTEM_STRICT): Function")
    assert "'send-bill' sends 'shop/ordered', which starts no function." in lines[-1]
    assert any('"level": "error"' in line and "event-unhandled" in line for line in lines)
    assert any('"level": "warning"' in line and "function-unfed" in line for line in lines)
    assert any('"level": "warning"' in line and "VITE_INNGEST" in line for line in lines)
    assert _here().clients == {}
