"""`mainstem engine prune`: forget old runs in the file of an engine that is not running."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mainstem.cli.engine_options import FolderOption
from mainstem.cli.options import JsonOption


def prune(
    context: typer.Context,
    older_than: Annotated[
        str,
        typer.Option(
            "--older-than", metavar="AGE", help="Forget runs that ended before, such as 7d or 12h."
        ),
    ],
    keep_last: Annotated[
        int,
        typer.Option("--keep-last", min=0, help="Keep so many runs of each function, however old."),
    ] = 0,
    path: Annotated[
        Path | None,
        typer.Option("--path", help="The engine's file.", show_default=".mainstem/engine.db"),
    ] = None,
    sqlite_dir: FolderOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell what would be forgotten, change nothing.")
    ] = False,
    vacuum: Annotated[
        bool,
        typer.Option("--vacuum", help="Give the room back to the disk; needs as much meanwhile."),
    ] = False,
    json: JsonOption = False,
) -> None:
    """Forget runs that ended long ago, with their steps, and the events nobody needs any more.

    Runs that have not ended stay. An engine that is running has the file to itself: stop it, or
    start it with --retention, which does the same beside its work.
    """
    from dataclasses import asdict

    from mainstem.cli.outcome import CommandFailed
    from mainstem.cli.output import print_json
    from mainstem.cli.state import STATE_FOLDER
    from mainstem.engine import BadDuration, EngineBusy, Retention, SystemClock, prune_file

    try:
        retention = Retention.parse(older_than, keep_last=keep_last)
    except BadDuration as error:
        raise typer.BadParameter(f"{error}.", param_hint="'--older-than'") from error
    # The file may also be named before the word `prune`, where the engine's own options stand.
    above = context.parent.params if context.parent else {}
    folder = sqlite_dir or above.get("sqlite_dir") or STATE_FOLDER
    file = path or above.get("path") or folder / "engine.db"
    before = _size(file)
    try:
        now = SystemClock().now()
        pruned = prune_file(str(file), retention, now=now, is_trial=dry_run, pack=vacuum)
    except EngineBusy as error:
        raise CommandFailed(
            f"Cannot prune {str(file)!r}: an engine is running on it. Stop it first, or start it"
            " with --retention, and it forgets old runs beside its work."
        ) from error
    if json:
        sizes = {"bytes_before": before, "bytes_after": _size(file)}
        print_json({"path": file, "dry_run": dry_run, **asdict(pruned), **sizes})
        return
    told = ", ".join(f"{count} {name}" for name, count in asdict(pruned).items())
    typer.echo(f"{'Would forget' if dry_run else 'Forgot'} {told}.")
    if vacuum and not dry_run:
        typer.echo(f"{file} has {_size(file) / 2**20:.1f} MiB; it had {before / 2**20:.1f} MiB.")


def _size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0
