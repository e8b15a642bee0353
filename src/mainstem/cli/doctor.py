"""`mainstem doctor`: what was detected, because of which variable, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from mainstem.cli.options import JsonOption
from mainstem.errors import Problem, SettingsError

if TYPE_CHECKING:
    from mainstem.settings import Settings


@dataclass(slots=True)
class Diagnosis:
    """What the doctor found. `settings` is None when they do not allow a start."""

    environment: str
    decided_by: str
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    settings: dict[str, Any] | None = None
    database: dict[str, Any] | None = None


def doctor(json: JsonOption = False) -> None:
    """Show the detected environment, the settings in force, and everything that is wrong.

    Secrets are shown as set or not set. Exit code 1 when there is a problem.
    """
    from mainstem.cli.logs import set_up_logs
    from mainstem.cli.output import print_json

    set_up_logs("ERROR")
    found = examine()
    if json:
        print_json(found)
    else:
        _print(found)
    if found.problems:
        raise typer.Exit(1)


def examine() -> Diagnosis:
    """Read the settings and look at what they point to, without asking the network anything."""
    from mainstem.cli.start import read_settings

    try:
        settings = read_settings()
    except SettingsError as error:
        return Diagnosis(error.environment, error.decided_by, problems=list(error.problems))
    found = Diagnosis(str(settings.environment), settings.decided_by, settings=settings.shown())
    _look_at_functions(settings, found)
    _look_at_database(settings, found)
    if settings.github_token is None:
        found.notes.append(
            "GITHUB_TOKEN is not set: GitHub then allows 60 requests an hour, and no GraphQL."
        )
    return found


def _look_at_functions(settings: Settings, found: Diagnosis) -> None:
    from mainstem.functions import catalogue
    from mainstem.web import check_disabled

    try:
        check_disabled(settings.disabled_functions, (one.id for one in catalogue()))
    except SettingsError as error:
        found.problems += error.problems


def _look_at_database(settings: Settings, found: Diagnosis) -> None:
    from mainstem.errors import StoreError
    from mainstem.settings import without_password
    from mainstem.store import Database
    from mainstem.web import database_health

    file = sqlite_file(settings.database_url)
    if file is not None and not file.exists():
        # Looking would create it.
        found.database = {"url": settings.database_url, "reachable": False, "current": False}
        found.notes.append(f"The database file {file} is not there yet; the first use makes it.")
        return
    try:
        with Database(settings.database_url) as database:
            health = database_health(database)
    except StoreError as error:
        found.problems.append(_database_problem(str(error)))
        return
    found.database = {
        "url": without_password(settings.database_url),
        "reachable": health.reachable,
        "current": health.migrations_current,
    }
    if not health.reachable:
        found.problems.append(_database_problem(health.problem or "it does not answer"))
    elif not health.migrations_current:
        found.notes.append(health.problem or "The database's schema is not current.")


def _database_problem(wrong: str) -> Problem:
    return Problem("MAINSTEM_DATABASE_URL", wrong.rstrip("."), "Set it to a database that answers.")


def sqlite_file(url: str) -> Path | None:
    """The file of a SQLite address, None for memory and for other databases."""
    scheme, _, path = url.partition(":///")
    if not scheme.startswith("sqlite") or path in {"", ":memory:"}:
        return None
    return Path(path.partition("?")[0])


def _print(found: Diagnosis) -> None:
    from rich.table import Table

    from mainstem.cli.output import stdout_console

    console = stdout_console()
    console.print(f"Environment [bold]{found.environment}[/], decided by {found.decided_by}.")
    if found.settings is not None:
        table = Table.grid(padding=(0, 3))
        table.add_column(style="dim", no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in found.settings.items():
            if name not in {"environment", "decided_by"}:
                table.add_row(name, _told(value))
        console.print(table)
    for note in found.notes:
        console.print(f"[yellow]note[/]     {note}", soft_wrap=True)
    for problem in found.problems:
        console.print("[red]problem[/]  ", end="")
        console.print(str(problem), markup=False, soft_wrap=True)
    if not found.problems:
        console.print("[green]Nothing is wrong.[/]")


def _told(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, dict):
        return ", ".join(f"{name} {item:g}" for name, item in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return str(value)
