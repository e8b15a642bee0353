"""`mainstem manifest`: the catalogue as a file that is reviewed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mainstem.cli.options import CatalogOption, JsonOption, VerboseOption

if TYPE_CHECKING:
    from mainstem.registration import Manifest


def manifest(
    write: Annotated[
        Path | None,
        typer.Option("--write", metavar="FILE", help="Write it there.", show_default=False),
    ] = None,
    check: Annotated[
        Path | None,
        typer.Option(
            "--check", metavar="FILE", help="Fail when the file is not like it.", show_default=False
        ),
    ] = None,
    catalog: CatalogOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Print what is registered: functions, configuration, environments, events.

    Keep it in version control as mainstem.manifest.json, and a review sees what a change does to
    runs and senders. `mainstem check` compares the catalogue with it.
    """
    from mainstem.cli.outcome import UsageProblem
    from mainstem.cli.output import print_json

    if write is not None and check is not None:
        raise UsageProblem("Cannot both --write and --check: choose one of them.")
    found = manifest_for(catalog, verbose=verbose)
    if check is not None:
        _check(found, check, as_json=json)
        return
    if write is not None:
        _write(found, write)
    if json:
        print_json({"file": None if write is None else str(write), **_counts(found)})
    elif write is None:
        typer.echo(found.text(), nl=False)
    else:
        counts = _counts(found)
        typer.echo(f"Wrote {write}: {counts['functions']} functions, {counts['events']} events.")


def manifest_for(catalog: str | None, *, verbose: bool = False) -> Manifest:
    """The manifest of the catalogue that `catalog` or the settings name."""
    from mainstem.cli.catalogs import chosen_application
    from mainstem.cli.start import log_for_work, read_settings
    from mainstem.registration import manifest_of

    settings = read_settings()
    log_for_work(settings, verbose=verbose)
    application = chosen_application(catalog, settings)
    return manifest_of(application.catalog, app_id=settings.app_id)


def _write(found: Manifest, file: Path) -> None:
    from mainstem.cli.outcome import CommandFailed

    try:
        file.write_text(found.text(), encoding="utf-8")
    except OSError as error:
        raise CommandFailed(
            f"Cannot write the manifest {file}: {(error.strerror or str(error)).lower()}. "
            "Choose a folder that is there and can be written."
        ) from error


def _check(found: Manifest, file: Path, *, as_json: bool) -> None:
    """Exit code 1, with the difference, when `file` is not what would be written."""
    from difflib import unified_diff

    from mainstem.cli.output import print_json
    from mainstem.registration import read_manifest

    read_manifest(file)  # says what is wrong with the file, where something is
    before, after = file.read_text(encoding="utf-8"), found.text()
    difference = list(
        unified_diff(
            before.splitlines(), after.splitlines(), str(file), "the catalogue", lineterm=""
        )
    )
    if as_json:
        print_json({"file": str(file), "is_current": before == after, "difference": difference})
    elif difference:
        typer.echo("\n".join(difference))
        typer.echo(f"Write it anew: mainstem manifest --write {file}", err=True)
    else:
        typer.echo(f"{file} is current.")
    if before != after:
        raise typer.Exit(1)


def _counts(found: Manifest) -> dict[str, int]:
    return {"functions": len(found.functions), "events": len(found.events)}
