"""Somebody's module that is at fault: one clear line, with the place."""

from pathlib import Path

import pytest

from .shell import Done, call

BAD_ID = """
from mainstem.catalog import cron, define

@define(id="Bad Id", on=cron("0 6 * * *"))
async def tidy(run, services): ...
"""
AT_FAULT = {
    "name": ("x = 1\nprint(order)\n", "faulty.py:2", "NameError: name 'order' is not defined"),
    "syntax": ("x = 1\n\ndef (:\n", "faulty.py:3", "SyntaxError: invalid syntax"),
    "library": (
        "import a_library_that_nobody_has\n",
        "faulty.py:1",
        "Install what brings 'a_library_that_nobody_has'",
    ),
    "definition": (
        BAD_ID,
        "faulty.py:4",
        "DefinitionError: Cannot define",
    ),
    "library's error": ("import json\n\njson.loads('{')\n", "faulty.py:3", "JSONDecodeError"),
    "exit": ("import sys\nsys.exit('no key')\n", "faulty.py:2", "SystemExit: no key"),
    "import of another": ("import helper\n", "helper.py:2", "KeyError: 'PAY'"),
    "factory": ("def catalog():\n    return 1 / 0\n", "faulty.py:2", "ZeroDivisionError"),
}


def functions(folder: Path, name: str, *words: str) -> Done:
    return call(folder, "functions", "--catalog", name, *words)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "helper.py").write_text("prices = {}\nprices['PAY']\n")
    return tmp_path


@pytest.mark.parametrize("case", AT_FAULT)
def test_a_module_at_fault_is_one_line_with_its_place(case: str, folder: Path) -> None:
    source, place, told = AT_FAULT[case]
    name = f"faulty_{list(AT_FAULT).index(case)}"
    (folder / f"{name}.py").write_text(source)
    done = functions(folder, f"{name}:catalog")
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert f"'{name}:catalog': at {place.replace('faulty', name, 1)} " in done.stderr
    assert told in done.stderr


def test_asked_for_detail_it_shows_the_traceback_too(folder: Path) -> None:
    (folder / "faulty_in_detail.py").write_text("secret = 'hidden'\nprint(order)\n")
    done = functions(folder, "faulty_in_detail:catalog", "--verbose")
    shown = done.stderr.splitlines()
    assert "Traceback (most recent call last):" in shown
    assert shown[-1].startswith("mainstem: Cannot load the catalogue")
    assert "secret" not in done.stderr.replace("secret = 'hidden'", "")


def test_a_place_in_another_folder_is_told_in_full(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "faulty_elsewhere.py").write_text("print(order)\n")
    monkeypatch.syspath_prepend(str(elsewhere))
    done = functions(folder, "faulty_elsewhere:catalog")
    assert f"at {elsewhere}/faulty_elsewhere.py:1 " in done.stderr


def test_the_doctor_tells_the_place_too(folder: Path) -> None:
    (folder / "faulty_for_doctor.py").write_text("print(order)\n")
    done = call(folder, "doctor", MAINSTEM_CATALOG="faulty_for_doctor:catalog")
    assert "faulty_for_doctor.py:1" in done.stdout


@pytest.mark.parametrize("command", ["dev", "serve"])
def test_services_that_cannot_be_opened_are_one_line_with_their_place(
    command: str, folder: Path
) -> None:
    name = f"closed_shop_for_{command}"
    (folder / f"{name}.py").write_text(
        "from contextlib import asynccontextmanager\n"
        "from mainstem.catalog import Catalog\n"
        "from mainstem.serving import Application\n\n"
        "@asynccontextmanager\n"
        "async def services(settings):\n"
        "    raise OSError('no stock')\n"
        "    yield\n\n"
        "application = Application(Catalog([]), services)\n"
    )
    ports = ("--port", "0", "--engine-port", "0") if command == "dev" else ("--port", "0")
    done = call(folder, command, "--catalog", f"{name}:application", *ports)
    assert done.returncode == 1
    assert done.stderr == (
        f"mainstem: Cannot open the services of the catalogue: at {name}.py:7 they raised "
        "OSError: no stock. Mend it there, and run the command again; --verbose shows the "
        "traceback.\n"
    )
