"""The documents say what the product does: nothing that is not there, nothing left out."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import typer.main

from mainstem.cli.app import app
from mainstem.clients import reset_clients
from mainstem.serving import reset_serving
from mainstem.settings import SIGNALS, VARIABLES
from mainstem.testing import run_handler

ROOT = Path(__file__).parents[1]
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def text_of(*parts: str) -> str:
    return ROOT.joinpath(*parts).read_text(encoding="utf-8")


def commands() -> set[str]:
    return set(typer.main.get_group(app).commands)


def test_every_command_is_in_the_readme_and_the_readme_names_no_other() -> None:
    told = set(re.findall(r"\| `mainstem (\w+)", text_of("README.md")))
    assert told == commands()


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_has_help(name: str) -> None:
    assert typer.main.get_group(app).commands[name].help


@pytest.mark.parametrize("variable", sorted({n for names in VARIABLES.values() for n in names}))
def test_every_setting_is_described(variable: str) -> None:
    assert f"`{variable}`" in text_of("docs", "settings.md")


@pytest.mark.parametrize("variable", [signal.variable for signal in SIGNALS])
def test_every_signal_is_described(variable: str) -> None:
    assert f"`{variable}`" in text_of("docs", "settings.md")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))
    missing = [link for link in links if not (document.parent / link).exists()]
    assert missing == []


def test_every_make_target_in_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))
    told = {
        target
        for document in DOCUMENTS
        for target in re.findall(
            r"(?:`|^|\()make ([a-z]+)", document.read_text(encoding="utf-8"), re.MULTILINE
        )
    }
    assert told <= targets


async def test_the_readmes_function_serves_and_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The example as it is pasted, with nothing beside it; tests hand it other services."""
    found = re.search(r"```python\n(.*?)```", text_of("README.md"), re.DOTALL)
    assert found is not None
    monkeypatch.setenv("MAINSTEM_ENV", "local")
    names: dict[str, Any] = {"__name__": "shop"}
    reset_clients()
    reset_serving()
    exec(found[1], names)
    reset_clients()
    reset_serving()
    transport = httpx.ASGITransport(names["app"])
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as http:
        answer = await http.get("/api/inngest")
    order = names["OrderPlaced"](order_id=7, email="ada@example.test")
    own = await run_handler(names["send_receipt"], order, names["Services"]())
    other = SimpleNamespace(make_receipt=lambda order: order, mail=lambda to, text: f"{text} {to}")
    given = await run_handler(names["send_receipt"], order, other)
    assert [f.local_id for f in names["bound"].functions] == ["send-receipt"]
    assert answer.json()["function_count"] == 1
    assert own.output == "sent 'receipt for order 7' to ada@example.test"
    assert given.output == "7 ada@example.test"
