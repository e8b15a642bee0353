"""`mainstem migrate`: code that binds functions on import becomes definitions and a catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mainstem.cli.options import JsonOption

if TYPE_CHECKING:
    from mainstem.migrate import Item, Plan


def migrate(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Files and folders with Python code.")
    ],
    write: Annotated[
        bool, typer.Option("--write", help="Rewrite the files. Without it nothing is changed.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Exit with 1 when anything is left to migrate.")
    ] = False,
    catalog_module: Annotated[
        str, typer.Option(metavar="NAME", help="Name of the module that lists the definitions.")
    ] = "inngest_catalog",
    json: JsonOption = False,
) -> None:
    """Find functions, clients, serve calls and sends made the old way, and plan their rewriting.

    What cannot be rewritten for certain is refused with its reason and stays as it is. Needs
    libcst: `pip install 'mainstem[migrate]'`.
    """
    from mainstem.cli.outcome import UsageProblem
    from mainstem.cli.output import print_json
    from mainstem.migrate import plan_migration
    from mainstem.migrate import write as write_plan

    if write and check:
        raise UsageProblem("--write and --check do not go together: run one, then the other.")
    plan = plan_migration(paths, catalog_module=catalog_module)
    if write:
        write_plan(plan)
    if json:
        print_json(_as_json(plan, written=write))
    else:
        _print(plan, written=write)
    if check and not plan.is_clean:
        raise typer.Exit(1)


def _as_json(plan: Plan, *, written: bool) -> dict[str, object]:
    return {
        "clean": plan.is_clean,
        "written": written,
        "catalog": plan.catalog,
        "items": plan.items,
        "unreadable": plan.unreadable,
        "settings": plan.settings,
        "notes": plan.notes,
        "files": sorted(plan.changes),
    }


def _print(plan: Plan, *, written: bool) -> None:
    for unreadable in plan.unreadable:
        typer.echo(f"{unreadable.file}: not Python that can be read: {unreadable.reason}. Left.")
    if not plan.items:
        typer.echo("Nothing is left to migrate.")
        return
    for item in plan.items:
        typer.echo(_line(item))
    for title, lines in (("Set before the next start:", plan.settings), ("Know that:", plan.notes)):
        if lines:
            typer.echo(f"\n{title}")
            for line in lines:
                typer.echo(f"  - {line}")
    typer.echo("")
    typer.echo(_summary(plan, written=written))


def _line(item: Item) -> str:
    words = {"rewrite": "becomes", "remove": "goes", "adopt": "stays,", "refuse": "stays"}
    told = f"{item.file}:{item.line}: {item.kind.value} {item.what} {words[item.action.value]}"
    if item.becomes is not None:
        told += f" {item.becomes}"
    return told if item.reason is None else f"{told}: {item.reason}"


def _summary(plan: Plan, *, written: bool) -> str:
    from mainstem.migrate import Action

    moved = len(plan.having(Action.REWRITE, Action.REMOVE))
    adopted, refused = len(plan.having(Action.ADOPT)), len(plan.having(Action.REFUSE))
    files = len(plan.changes)
    head = f"{moved} to rewrite, {adopted} adopted, {refused} refused; {files} files"
    if written:
        return f"{head} written."
    return f"{head} would change. Nothing was changed; --write does it."
