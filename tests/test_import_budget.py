"""Importing the package and asking for help stay cheap: what is heavy is not loaded for them.

Times differ from machine to machine, so none is asserted; what takes the time is named instead.
"""

import json
import os
import subprocess
import sys

import pytest

# Each of these costs more than the whole of `mainstem --help` may: they are loaded by the commands
# that need them.
HEAVY = (
    "alembic",
    "asyncio",
    "celpy",
    "dotenv",
    "fastapi",
    "graphql",
    "httpx",
    "inngest",
    "pydantic",
    "rich",
    "sqlalchemy",
    "sqlite3",
    "starlette",
    "structlog",
    "uvicorn",
)
ROOMS = (
    "catalog",
    "clients",
    "engine",
    "functions",
    "github",
    "insights",
    "lint",
    "migrate",
    "registration",
    "serving",
    "settings",
    "simulate",
    "store",
    "testing",
    "web",
)
REPORT = "import json, sys; print(json.dumps(sorted(sys.modules)), file=sys.stderr)"


def loaded_after(code: str) -> set[str]:
    """The modules loaded in a fresh interpreter that has run `code`.

    Coverage measures subprocesses by loading itself into them, and asyncio with it: not these.
    """
    unmeasured = {name: value for name, value in os.environ.items() if "COV" not in name}
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{REPORT}"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env=unmeasured,
    )
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.fixture(scope="module")
def after_help() -> set[str]:
    return loaded_after(
        "from mainstem.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass"
    )


def test_importing_the_package_loads_nothing_but_itself() -> None:
    before, after = loaded_after(""), loaded_after("import mainstem")
    assert after - before == {"mainstem"}


def test_help_loads_no_heavy_library(after_help: set[str]) -> None:
    assert after_help.isdisjoint(HEAVY)


def test_help_loads_no_room_but_the_command_line_and_the_errors(after_help: set[str]) -> None:
    assert after_help.isdisjoint(f"mainstem.{room}" for room in ROOMS)


def test_the_pytest_plugin_costs_projects_that_do_not_use_it_nothing() -> None:
    loaded = loaded_after("import mainstem.testing.plugin") - loaded_after("import pytest")
    assert loaded == {"mainstem", "mainstem.testing", "mainstem.testing.plugin"}


def test_importing_any_room_needs_no_environment_and_prints_nothing() -> None:
    rooms = "\n".join(f"import mainstem.{room}" for room in ROOMS)
    done = subprocess.run(
        [sys.executable, "-c", rooms], capture_output=True, text=True, env={}, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
