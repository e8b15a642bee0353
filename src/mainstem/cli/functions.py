"""`mainstem functions`: every function by every environment, with its versions and switches."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mainstem.cli.options import CatalogOption, JsonOption, VerboseOption

if TYPE_CHECKING:
    from rich.console import Console

    from mainstem.catalog import AnyDefinition, Switches
    from mainstem.settings import Settings

_COLUMN = 32  # the longest id and event name, and a space


@dataclass(frozen=True, slots=True)
class InEnvironment:
    """A function in one environment: whether it runs, and what differs from its definition.

    One that is switched off there is `registered` all the same, and its runs are skipped. `shares`
    are those of its versions, by label.
    """

    on: bool
    why: str | None
    overrides: dict[str, Any]
    registered: bool = True
    shares: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FunctionRow:
    """One line of the matrix."""

    id: str
    name: str
    group: str | None
    triggers: list[dict[str, Any]]
    configuration: dict[str, Any]
    environments: dict[str, InEnvironment]
    tags: list[str]
    version: str | None
    versions: dict[str, dict[str, Any]]
    previous_ids: list[str]
    adopted: bool


def functions(
    catalog: CatalogOption = None, json: JsonOption = False, verbose: VerboseOption = False
) -> None:
    """List every function: trigger, configuration, versions, and where it is on.

    What the settings switch (MAINSTEM_DISABLED_FUNCTIONS, MAINSTEM_FUNCTIONS, MAINSTEM_ROLLOUT)
    is shown for the detected environment.
    """
    from mainstem.cli.catalogs import chosen_application
    from mainstem.cli.output import print_json, stdout_console
    from mainstem.cli.start import log_for_work, read_settings
    from mainstem.serving import check_disabled

    settings = read_settings()
    log_for_work(settings, verbose=verbose)
    chosen = chosen_application(catalog, settings).catalog
    check_disabled(settings.disabled_functions, chosen.ids)
    switches = switches_in(settings)
    chosen.check_switches(switches)
    here = str(settings.environment)
    rows = [matrix_row(one, here=here, switches=switches) for one in chosen]
    if json:
        print_json(rows)
        return
    console = stdout_console()
    _print(rows, console)
    if not settings.rollouts_on:
        console.print(
            "Rollouts are off, by MAINSTEM_ROLLOUT: new runs take the functions' own way."
        )
    console.print(f"{len(rows)} functions. This is [bold]{here}[/], by {settings.decided_by}.")


def switches_in(settings: Settings) -> Switches:
    """What `settings` switch off or down in their environment."""
    from mainstem.catalog import Switches
    from mainstem.settings import shares_of

    return Switches(
        disabled=settings.disabled_functions,
        is_off=not settings.functions_on,
        shares=shares_of(settings),
        rollouts_off=not settings.rollouts_on,
    )


def matrix_row(
    definition: AnyDefinition, *, here: str, switches: Switches | None = None
) -> FunctionRow:
    """`definition` in every environment; `switches` are those of the environment `here`."""
    from mainstem.catalog import ENVIRONMENTS, Switches

    versions = getattr(definition, "versions", ())
    usual = Switches()
    return FunctionRow(
        id=definition.id,
        name=definition.name,
        group=definition.group,
        triggers=_triggers(definition),
        configuration=definition.config.to_json(),
        environments={
            name: _in_environment(definition, name, (switches or usual) if name == here else usual)
            for name in ENVIRONMENTS
        },
        tags=list(definition.tags),
        version=getattr(definition, "version", None) if versions else None,
        versions={
            one.label: {"share": one.rollout.share, "by": one.rollout.by} for one in versions
        },
        previous_ids=list(definition.previous_ids),
        adopted=getattr(definition, "is_adopted", False),
    )


def _in_environment(
    definition: AnyDefinition, environment: str, switches: Switches
) -> InEnvironment:
    from mainstem.catalog import shares_in

    if definition.is_off_in(environment):
        return InEnvironment(on=False, why="off in its definition", overrides={}, registered=False)
    shares = {label: round(share, 6) for label, share in shares_in(definition, switches).items()}
    if len(shares) < 2:
        shares = {}
    if switches.is_off or definition.id in switches.disabled:
        why = "MAINSTEM_FUNCTIONS" if switches.is_off else "MAINSTEM_DISABLED_FUNCTIONS"
        return InEnvironment(on=False, why=why, overrides={}, shares=shares)
    there = definition.for_environment(environment)
    usual, changed = definition.config.to_json(), there.config.to_json()
    overrides: dict[str, Any] = {
        name: changed.get(name)
        for name in sorted(usual.keys() | changed.keys())
        if usual.get(name) != changed.get(name)
    }
    if (triggers := _triggers(there)) != _triggers(definition):
        overrides["triggers"] = triggers
    return InEnvironment(on=True, why=None, overrides=overrides, shares=shares)


def _triggers(definition: AnyDefinition) -> list[dict[str, Any]]:
    return [
        trigger.model_dump(mode="json", by_alias=True, exclude_none=True)
        for trigger in definition.triggers
    ]


def lines(row: FunctionRow) -> list[str]:
    """`row` as it is read in 80 columns: id, triggers and where it is on, side by side."""
    names = [str(one.get("event") or f"cron {one.get('cron')}") for one in row.triggers]
    first, *others = names or [""]
    return [f"{row.id:<{_COLUMN}} {first:<{_COLUMN}} {on_in(row.environments)}"] + [
        f"{'':<{_COLUMN}} {other}" for other in others
    ]


def details(row: FunctionRow) -> list[str]:
    """What is configured for `row`'s function, then what some environment has otherwise."""
    told = [_in_words(row.configuration)] if row.configuration else []
    if row.tags:
        told.append(f"tags {', '.join(row.tags)}")
    if row.versions:
        told.append(_versions(row))
    if row.previous_ids:
        told.append(f"also answers for {', '.join(row.previous_ids)}")
    if row.adopted:
        told.append("adopted from a function made at import time")
    for name, there in row.environments.items():
        if there.overrides:
            told.append(f"in {name}: {_in_words(there.overrides)}")
        if there.shares and there.shares != _offered(row):
            told.append(f"in {name}: {_in_shares(there.shares)}")
        if not there.on and there.registered:
            told.append(f"in {name}: switched off by {there.why}; its runs are skipped")
    return told


def _versions(row: FunctionRow) -> str:
    key = next((of["by"] for of in row.versions.values() if of["by"]), None)
    return _in_shares(_offered(row)) + (f", by {key}" if key else "")


def _offered(row: FunctionRow) -> dict[str, float]:
    """The shares by the definition, its own handler's first."""
    shares = {label: of["share"] for label, of in row.versions.items()}
    own = round(max(0.0, 1 - sum(shares.values())), 6)
    return {str(row.version): own, **shares}


def _in_shares(shares: dict[str, float]) -> str:
    return "versions " + ", ".join(f"{label} {share:.0%}" for label, share in shares.items())


def on_in(environments: dict[str, InEnvironment]) -> str:
    """The environments that serve a function, in the fewest words; `*` where some differ.

    >>> on, off = InEnvironment(True, None, {}), InEnvironment(False, "off", {})
    >>> on_in({"local": on, "test": on}), on_in({"local": on, "test": off, "preview": on})
    ('all', 'not test')
    >>> on_in({"local": off, "test": off, "preview": on}), on_in({"local": off})
    ('preview', 'none')
    """
    on = [name for name, there in environments.items() if there.on]
    off = [name for name in environments if name not in on]
    if not off:
        words = "all"
    elif len(off) < len(on):
        words = "not " + ", ".join(off)
    else:
        words = ", ".join(on) or "none"
    return words + "*" * any(there.overrides for there in environments.values())


def _print(rows: list[FunctionRow], console: Console) -> None:
    from rich.padding import Padding
    from rich.text import Text

    head = f"{'Function':<{_COLUMN}} {'Trigger':<{_COLUMN}} On in"
    console.print(Text(head, style="bold"), soft_wrap=True)
    group: str | None = None
    for row in rows:
        if row.group != group:
            console.print()
        group = row.group
        for line in lines(row):
            console.print(Text(line), soft_wrap=True)
        for line in details(row):
            console.print(Padding(Text(line, style="dim"), (0, 0, 0, 4)))
    console.print()


def _in_words(configuration: dict[str, Any]) -> str:
    return "; ".join(f"{name} {_short(value)}" for name, value in configuration.items())


def _short(value: Any) -> str:
    """A configuration value in a few words.

    >>> _short([{"limit": 5, "key": "event.data.repositoryId"}])
    '5 per repositoryId'
    >>> _short({"limit": 20, "period": "1m", "burst": 1})
    '20 each 1m'
    """
    if isinstance(value, list):
        return ", ".join(_short(item) for item in value)
    if isinstance(value, dict) and "limit" in value:
        period = f" each {value['period']}" if "period" in value else ""
        key = value.get("key")
        return f"{value['limit']}{period}" + (
            f" per {key.replace('event.data.', '')}" if key else ""
        )
    if isinstance(value, dict):
        return ", ".join(f"{name} {item}" for name, item in value.items())
    return "none" if value is None else str(value)
