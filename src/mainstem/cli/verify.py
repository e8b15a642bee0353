"""`mainstem verify`: catalogue, endpoint and server, compared field by field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mainstem.cli.options import CatalogOption, JsonOption, VerboseOption

if TYPE_CHECKING:
    from rich.console import Console

    from mainstem.catalog import BoundCatalog
    from mainstem.registration import CanaryBack, Comparison, Finding, Row, Seen
    from mainstem.settings import Settings


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of it. `matrix` has a cell for each function and environment.

    `canary` is None where none was sent, or where it was lost (then it is among the findings).
    """

    ok: bool
    environment: str
    endpoints: tuple[Seen, ...]
    server: dict[str, str | None]
    matrix: dict[str, dict[str, str]]
    functions: tuple[Row, ...]
    findings: list[Finding]
    unknown: tuple[str, ...]
    canary: CanaryBack | None


def verify(
    urls: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="URL",
            help="Endpoints that make up the catalogue; by default the settings' own.",
            show_default=False,
        ),
    ] = None,
    group: Annotated[
        list[str] | None,
        typer.Option("--group", help="The endpoint serves this group.", show_default=False),
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option("--tag", help="The endpoint serves this tag.", show_default=False),
    ] = None,
    connect: Annotated[
        bool, typer.Option("--connect", help="The app is one of Connect workers: it has no URL.")
    ] = False,
    canary: Annotated[
        bool, typer.Option("--canary", help="Send an event that must come back as a run.")
    ] = False,
    wait: Annotated[
        float, typer.Option("--wait", min=0, help="Seconds to wait for the canary.")
    ] = 30,
    strict: Annotated[
        bool, typer.Option("--strict", help="Fail on warnings and on what is not known, too.")
    ] = False,
    catalog: CatalogOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Compare what the catalogue says, what endpoints serve, and what the server holds.

    Nothing is registered by it. What cannot be known is said to be unknown, with the reason. Exit
    code 1 on any drift, 0 when all is as it should be.
    """
    import asyncio

    from mainstem.cli.outcome import UsageProblem
    from mainstem.cli.output import print_json
    from mainstem.cli.serve import names_in
    from mainstem.cli.start import log_for_work, read_settings
    from mainstem.cli.sync import default_url

    if connect and urls:
        raise UsageProblem("Cannot verify URLs with --connect: workers have none.")
    settings = read_settings()
    log_for_work(settings, verbose=verbose)
    chosen = [] if connect else urls or [default_url(settings)]
    if len(chosen) > 1:
        # Several endpoints are parts, whose union is looked at.
        whole: dict[str, Any] = {"serve_groups": frozenset(), "serve_tags": frozenset()}
        settings = settings.model_copy(update=whole)
    bound = bound_to_nobody(
        settings, catalog, groups=sorted(names_in(group)), tags=sorted(names_in(tag))
    )
    found = asyncio.run(
        _verified(settings, bound, chosen, canary_s=wait if canary else None, strict=strict)
    )
    if json:
        print_json(found)
    else:
        _print(found)
    if not found.ok:
        raise typer.Exit(1)


def bound_to_nobody(
    settings: Settings, catalog: str | None, *, groups: list[str], tags: list[str]
) -> BoundCatalog[Any]:
    """The catalogue, or a part of it, as the settings have it; its services are not opened."""
    from mainstem.cli.catalogs import chosen_application
    from mainstem.serving import bind_for

    application = chosen_application(catalog, settings)
    return bind_for(settings, application.catalog, None, groups=groups, tags=tags)


async def _verified(
    settings: Settings,
    bound: BoundCatalog[Any],
    urls: list[str],
    *,
    canary_s: float | None,
    strict: bool,
) -> Verified:
    from mainstem.cli.answered import canary_findings
    from mainstem.registration import CanaryLost, Finding, in_order, send_canary
    from mainstem.registration import verify as compare_sides

    comparison = await compare_sides(settings, bound, urls)
    findings, back = list(comparison.findings), None
    if canary_s is not None and not comparison.server_told:
        why = f"No canary was sent: the server {comparison.server} cannot be asked for its run."
        findings.append(Finding("error", "canary-unsent", "mainstem-canary", why))
    elif canary_s is not None:
        try:
            back = await send_canary(settings, bound.client, wait_s=canary_s)
            findings += canary_findings(back, bound.client.app_id, comparison)
        except CanaryLost as lost:
            findings.append(Finding("error", f"canary-{lost.code}", "mainstem-canary", str(lost)))
    ok = not any(one.is_bad or (strict and one.level == "warning") for one in findings)
    return Verified(
        ok=ok and not (strict and comparison.unknown),
        environment=comparison.environment,
        endpoints=comparison.seen,
        server={"origin": comparison.server, "kind": comparison.server_kind},
        matrix=matrix(comparison, bound),
        functions=comparison.rows,
        findings=list(in_order(findings)),
        unknown=comparison.unknown,
        canary=back,
    )


def matrix(comparison: Comparison, bound: BoundCatalog[Any]) -> dict[str, dict[str, str]]:
    """By function and environment: how it is where it was looked at, what is meant elsewhere.

    A star says that an environment differs from the definition.
    """
    from mainstem.catalog import ENVIRONMENTS

    definitions = {one.id: one for one in bound.definitions}
    found: dict[str, dict[str, str]] = {}
    for row in comparison.rows:
        definition = definitions.get(row.id)
        cells: dict[str, str] = {}
        for name in ENVIRONMENTS:
            if name == comparison.environment:
                is_skipped = row.id in bound.skipped
                cells[name] = row.status + (" (switched off)" if is_skipped else "")
            elif definition is None:
                cells[name] = ""
            else:
                is_special = name in definition.environments
                cells[name] = "off" if definition.is_off_in(name) else "on" + "*" * is_special
        found[row.id] = cells
    for name in bound.off:
        found[name] = {comparison.environment: "off"}
    return found


def _counted(functions: int) -> str:
    return "1 function" if functions == 1 else f"{functions} functions"


_COLUMN = 32
_CELL = 10


def _print(found: Verified) -> None:
    from mainstem.cli.answered import canary_told
    from mainstem.cli.findings import print_findings
    from mainstem.cli.output import stdout_console

    console = stdout_console()
    for one in found.endpoints:
        known = [f"app {one.app_id or 'unknown'}", f"{one.mode or 'unknown'} mode"]
        known += [str(each) for each in (one.sdk, one.framework) if each]
        known += [] if one.functions is None else [_counted(one.functions)]
        console.print(f"Endpoint  {one.url}  ({', '.join(known)})", soft_wrap=True)
    console.print(
        f"Server    {found.server['origin']}  ({found.server['kind'] or 'unknown'} mode)\n",
        soft_wrap=True,
    )
    _print_matrix(found, console)
    print_findings(found.findings, console)
    for text in found.unknown:
        console.print(f"unknown   {text}", markup=False)
    if found.canary is not None:
        console.print(canary_told(found.canary), markup=False, highlight=False, soft_wrap=True)
    if found.ok:
        console.print(f"[green]{found.environment} is as the catalogue says.[/]")
    else:
        console.print(f"[red]{found.environment} is not as it should be.[/]")


def _print_matrix(found: Verified, console: Console) -> None:
    from rich.text import Text

    from mainstem.catalog import ENVIRONMENTS

    head = f"{'Function':<{_COLUMN}} " + "".join(f"{name:<{_CELL}}" for name in ENVIRONMENTS)
    console.print(Text(head.rstrip(), style="bold"), soft_wrap=True)
    rows = {row.id: row for row in found.functions}
    for name, cells in found.matrix.items():
        line = "".join(f"{cells.get(each, ''):<{_CELL}}" for each in ENVIRONMENTS)
        console.print(Text(f"{name:<{_COLUMN}} {line}".rstrip()), soft_wrap=True)
        for difference in rows[name].differences if name in rows else ():
            console.print(Text(f"    {difference}", style="yellow"), soft_wrap=True)
    console.print()
