"""`mainstem check`: everything about the functions that can be known without a server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mainstem.cli.options import CatalogOption, JsonOption, VerboseOption

if TYPE_CHECKING:
    from mainstem.catalog import Catalog
    from mainstem.registration import Finding, Part
    from mainstem.settings import Settings


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found. `checked` says what was looked at, by the name of the check."""

    ok: bool
    checked: dict[str, str]
    findings: list[Finding]


def check(
    manifest: Annotated[
        Path | None,
        typer.Option(
            "--manifest",
            metavar="FILE",
            help="The reviewed manifest; mainstem.manifest.json by default.",
            show_default=False,
        ),
    ] = None,
    senders: Annotated[
        list[Path] | None,
        typer.Option(
            "--senders",
            metavar="FILE",
            help="Manifest of another catalogue that sends to this one or receives from it.",
            show_default=False,
        ),
    ] = None,
    part: Annotated[
        list[str] | None,
        typer.Option(
            "--part",
            metavar="PART",
            help="What one deployment serves: group=a,b, tag=c, id=d, or @FILE with its variables.",
            show_default=False,
        ),
    ] = None,
    lint: Annotated[
        bool, typer.Option("--lint/--no-lint", help="Read the functions' source for mistakes.")
    ] = True,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse adopted functions; fail on warnings too.")
    ] = False,
    catalog: CatalogOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Check the functions offline, for CI: no server, no keys.

    What changed since the manifest was reviewed and would break runs or senders; events that nobody
    handles and functions that nobody feeds; deployments that together serve everything once; and
    mistakes that the source shows. Exit code 1 when something is breaking or an error.
    """
    from mainstem.cli.catalogs import chosen_application
    from mainstem.cli.output import print_json
    from mainstem.cli.start import log_for_work, read_settings

    settings = read_settings()
    log_for_work(settings, verbose=verbose)
    found = checked(
        chosen_application(catalog, settings).catalog,
        settings,
        manifest=manifest,
        senders=senders or [],
        parts=part or [],
        lint=lint,
        strict=strict or settings.strict,
    )
    if json:
        print_json(found)
    else:
        _print(found)
    if not found.ok:
        raise typer.Exit(1)


def checked(
    catalog: Catalog[Any],
    settings: Settings,
    *,
    manifest: Path | None,
    senders: list[Path],
    parts: list[str],
    lint: bool,
    strict: bool,
) -> Checked:
    """Do every check that was asked for. Raises `BadManifest` and `UsageProblem`."""
    from mainstem.cli.parts import part_typed, parts_checked
    from mainstem.registration import check_contract, in_order, read_manifest

    told: dict[str, str] = {}
    read_parts = [part_typed(text) for text in parts]
    of_parts = parts_checked(catalog, read_parts)
    findings = _against_manifest(catalog, settings, manifest, told, read_parts)
    others = [read_manifest(file) for file in senders]
    findings += check_contract(catalog, others=others)
    told["contract"] = (
        f"{_counted(len(catalog), 'function')}, {_counted(len(catalog.events), 'event')}"
    )
    if others:
        told["contract"] += f", with {', '.join(other.app_id for other in others)}"
    if parts:
        findings += of_parts
        told["parts"] = f"{len(parts)} over {_counted(len(catalog), 'function')}"
    if strict:
        findings += _adopted(catalog)
        told["adoption"] = "strict"
    if lint:
        findings += _lint(catalog, told)
    failing = [one for one in findings if one.is_bad or (strict and one.level == "warning")]
    return Checked(not failing, told, list(in_order(findings)))


def _against_manifest(
    catalog: Catalog[Any],
    settings: Settings,
    file: Path | None,
    told: dict[str, str],
    parts: list[Part],
) -> list[Finding]:
    from mainstem.registration import FILE_NAME, Finding, changes, manifest_of, read_manifest

    if file is None and not Path(FILE_NAME).exists():
        told["manifest"] = "there is none"
        return [
            Finding(
                "warning",
                "no-manifest",
                FILE_NAME,
                f"There is no {FILE_NAME}: what a change breaks cannot be told.",
                f"Write it with `mainstem manifest --write {FILE_NAME}` and commit it.",
            )
        ]
    file = file or Path(FILE_NAME)
    reviewed = read_manifest(file)
    current = manifest_of(catalog, app_id=settings.app_id)
    found = list(changes(reviewed, current, parts=parts))
    if not found and reviewed != current:
        found.append(
            Finding(
                "note",
                "manifest-outdated",
                str(file),
                f"{file} is not what would be written now.",
                f"Write it anew: `mainstem manifest --write {file}`.",
            )
        )
    told["manifest"] = f"{file}, {_counted(len(found), 'change')}"
    return found


def _counted(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"


def _adopted(catalog: Catalog[Any]) -> list[Finding]:
    from mainstem.registration import Finding

    return [
        Finding(
            "error",
            "adopted",
            one.id,
            f"Function '{one.id}' ({one.place}) is adopted from one made at import time, and "
            "strict mode refuses those.",
            "Rewrite it as a definition: `mainstem migrate PATH --write`.",
        )
        for one in catalog
        if getattr(one, "is_adopted", False)
    ]


def _lint(catalog: Catalog[Any], told: dict[str, str]) -> list[Finding]:
    from mainstem.lint import lint_paths
    from mainstem.registration import Finding

    files = sources(catalog)
    told["lint"] = _counted(len(files), "file")
    return [
        Finding(
            one.severity,
            f"lint/{one.rule}",
            one.function_id or f"{one.path}:{one.line}",
            f"{one.path}:{one.line}:{one.column}: {one.message}",
            one.mend,
        )
        for one in lint_paths(files)
    ]


def sources(catalog: Catalog[Any]) -> list[Path]:
    """The files that hold the handlers of `catalog`; below the current folder, as seen from it."""
    import inspect
    import sys

    handlers = [
        handler
        for one in catalog
        for handler in (one.handler, one.on_failure, *_other_versions(one))
        if handler is not None
    ]
    modules = {inspect.unwrap(handler).__module__ for handler in handlers}
    files = {getattr(sys.modules.get(name), "__file__", None) for name in modules}
    here = Path.cwd()
    paths = {Path(file).resolve() for file in files if file is not None}
    return sorted(one.relative_to(here) if one.is_relative_to(here) else one for one in paths)


def _other_versions(definition: Any) -> list[Any]:
    return [version.handler for version in getattr(definition, "versions", ())]


def _print(found: Checked) -> None:
    from mainstem.cli.findings import print_findings
    from mainstem.cli.output import stdout_console

    console = stdout_console()
    for name, what in found.checked.items():
        console.print(f"{name:<10} {what}", soft_wrap=True)
    print_findings(found.findings, console)
    console.print(
        "[green]Nothing stands against it.[/]" if found.ok else "[red]It must not go out.[/]"
    )
