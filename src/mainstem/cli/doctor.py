"""`mainstem doctor`: what was detected, because of which variable, and what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from mainstem.cli.diagnosis import Diagnosis, examine, sqlite_file
from mainstem.cli.options import JsonOption

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

__all__ = ["doctor", "sqlite_file"]


def doctor(json: JsonOption = False) -> None:
    """Show the detected environment, what it asks for, the settings, and all that is wrong.

    Secrets are shown as set or not set, Inngest's keys with the first digits of their hash. Exit
    code 1 when there is a problem.
    """
    from mainstem.cli.logs import set_up_logs
    from mainstem.cli.output import print_json, stdout_console

    set_up_logs("ERROR")
    found = examine()
    if json:
        print_json(found)
    else:
        _print(stdout_console(), found)
    if found.problems:
        raise typer.Exit(1)


def _print(console: Console, found: Diagnosis) -> None:
    on = f" Platform: {found.platform}." if found.platform else ""
    console.print(f"Environment [bold]{found.environment}[/], decided by {found.decided_by}.{on}")
    _section(console, "Signals that did not decide", _lost(found))
    absent = sum(one["outcome"] == "not set" for one in found.signals)
    console.print(f"[dim]{absent} other signals are not set; --json has the whole table.[/]")
    _section(console, "What the environment asks for", _policy(found))
    _section(console, "Branch environment", _branches(found))
    _section(console, "Keys", _keys(found))
    if found.settings is not None:
        _section(console, "Settings", _settings(found))
    console.print()
    for note in found.notes:
        console.print("[yellow]note[/]     ", end="")
        console.print(note, markup=False, soft_wrap=True)
    for problem in found.problems:
        console.print("[red]problem[/]  ", end="")
        console.print(str(problem), markup=False, soft_wrap=True)
    if not found.problems:
        console.print("[green]Nothing is wrong.[/]")


def _section(console: Console, title: str, rows: list[tuple[str, ...]]) -> None:
    if not rows:
        return
    console.print(f"\n[bold]{title}[/]")
    console.print(_grid(rows))


def _grid(rows: list[tuple[str, ...]]) -> Table:
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 3))
    grid.add_column(style="dim", no_wrap=True)
    for _ in rows[0][1:]:
        grid.add_column(overflow="fold")
    for row in rows:
        grid.add_row(*(Text(cell) for cell in row))
    return grid


def _lost(found: Diagnosis) -> list[tuple[str, ...]]:
    return [
        (one.said, f"says {one.environment}; {one.why}" if one.environment else one.why)
        for one in found.lost
    ]


def _policy(found: Diagnosis) -> list[tuple[str, ...]]:
    policy = found.policy
    mode: str = policy.mode
    if found.settings is not None:
        mode = "dev" if found.settings["inngest_dev"] else "cloud"
    return [
        ("mode", f"{mode} (the SDK's)"),
        ("keys", ", ".join(policy.keys) or "none"),
        ("events go to", found.events_go_to or policy.events_go_to),
        ("Inngest environment", policy.inngest_environment),
        ("database", policy.database),
        ("guard rails", _told(policy.guard_rails)),
        ("status page", _told(policy.status_page)),
    ]


def _branches(found: Diagnosis) -> list[tuple[str, ...]]:
    return [
        (one.variable, f"{'taken' if one.taken else 'ignored'}: {one.why}", one.value)
        for one in found.branches
    ]


def _keys(found: Diagnosis) -> list[tuple[str, ...]]:
    return [
        (
            variable,
            "set" if key["set"] else "not set",
            f"hash {key['hash']}…" if key["hash"] else "",
        )
        for variable, key in found.keys.items()
    ]


def _settings(found: Diagnosis) -> list[tuple[str, ...]]:
    return [
        (name, _told(value), _source(found, name))
        for name, value in (found.settings or {}).items()
        if name not in {"environment", "decided_by"}
    ]


def _source(found: Diagnosis, name: str) -> str:
    if name == "sync":
        given = {found.sources[one] for one in found.sources if one.startswith("sync.")}
        return ", ".join(sorted(given - {"default"}))
    source = found.sources.get(name, "")
    return "" if source == "default" else source


def _told(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, dict):
        return ", ".join(f"{name} {item:g}" for name, item in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return str(value)
