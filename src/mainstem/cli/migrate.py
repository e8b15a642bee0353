"""`mainstem migrate`: code that binds functions on import becomes definitions and a catalogue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

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
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Rewrite this function only (repeatable); adopt the rest."),
    ] = None,
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
    plan = plan_migration(paths, catalog_module=catalog_module, refusal=refusal, only=only or ())
    if write:
        write_plan(plan)
    if json:
        print_json(_as_json(plan, written=write))
    else:
        _print(plan, written=write)
    if check and not plan.is_clean:
        raise typer.Exit(1)


def refusal(options: Mapping[str, object], is_async: bool) -> str | None:
    """Why no definition can be made of these options of `create_function`, or None.

    The definition is made, of a handler that is never called: what it says is then its own.
    """
    from mainstem.catalog import sdk_function
    from mainstem.errors import DefinitionError

    async def later(ctx: object) -> None: ...

    def at_once(ctx: object) -> None: ...

    make = cast("Callable[..., Callable[[object], object]]", sdk_function)
    try:
        make(**options)(later if is_async else at_once)
    except DefinitionError as error:
        return str(error).partition(f" at {error.place}: ")[2].rstrip(".")
    except TypeError:
        return None  # an option that the SDK does not know either
    return None


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
    words["by hand"] = "is to be looked at by hand"
    # What serves is told in words of its own, "fastapi serve call"; the others are names.
    thing = item.what if item.kind.value == "serve" else f"{item.kind.value} {item.what}"
    told = f"{item.file}:{item.line}: {thing} {words[item.action.value]}"
    if item.becomes is not None:
        told += f" {item.becomes}"
    return told if item.reason is None else f"{told}: {item.reason}"


def _summary(plan: Plan, *, written: bool) -> str:
    from mainstem.migrate import Action

    moved = len(plan.having(Action.REWRITE, Action.REMOVE))
    adopted, refused = len(plan.having(Action.ADOPT)), len(plan.having(Action.REFUSE))
    files, by_hand = len(plan.changes), len(plan.having(Action.BY_HAND))
    head = f"{moved} to rewrite, {adopted} adopted, {refused} refused"
    head += f", {by_hand} by hand; {files} files" if by_hand else f"; {files} files"
    if written:
        return f"{head} written."
    return f"{head} would change. Nothing was changed; --write does it."
