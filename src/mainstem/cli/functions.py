"""`mainstem functions`: every function by every environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mainstem.cli.options import JsonOption

if TYPE_CHECKING:
    from rich.console import Console

    from mainstem.catalog import AnyDefinition

_COLUMN = 32  # the longest id and event name, and a space


@dataclass(frozen=True, slots=True)
class InEnvironment:
    """A function in one environment: whether it is served, and what differs from its definition."""

    on: bool
    why: str | None
    overrides: dict[str, Any]


@dataclass(frozen=True, slots=True)
class FunctionRow:
    """One line of the matrix."""

    id: str
    name: str
    group: str | None
    triggers: list[dict[str, Any]]
    configuration: dict[str, Any]
    environments: dict[str, InEnvironment]


def functions(json: JsonOption = False) -> None:
    """List every function: trigger, configuration, and in which environments it is on.

    Functions switched off by MAINSTEM_DISABLED_FUNCTIONS are off in the detected environment.
    """
    from mainstem.cli.output import print_json, stdout_console
    from mainstem.cli.start import log_for_work, read_settings
    from mainstem.functions import catalogue
    from mainstem.web import check_disabled

    settings = read_settings()
    log_for_work(settings, verbose=False)
    definitions = list(catalogue())
    check_disabled(settings.disabled_functions, (one.id for one in definitions))
    here = str(settings.environment)
    rows = [matrix_row(one, here=here, disabled=settings.disabled_functions) for one in definitions]
    if json:
        print_json(rows)
        return
    console = stdout_console()
    _print(rows, console)
    console.print(f"{len(rows)} functions. This is [bold]{here}[/], by {settings.decided_by}.")


def matrix_row(
    definition: AnyDefinition, *, here: str, disabled: frozenset[str] = frozenset()
) -> FunctionRow:
    """`definition` in every environment; `disabled` are the ids switched off in `here`."""
    from mainstem.catalog import ENVIRONMENTS

    return FunctionRow(
        id=definition.id,
        name=definition.name,
        group=definition.group,
        triggers=_triggers(definition),
        configuration=definition.config.to_json(),
        environments={
            name: _in_environment(
                definition, name, is_disabled=name == here and definition.id in disabled
            )
            for name in ENVIRONMENTS
        },
    )


def _in_environment(
    definition: AnyDefinition, environment: str, *, is_disabled: bool
) -> InEnvironment:
    if definition.is_off_in(environment):
        return InEnvironment(on=False, why="off in its definition", overrides={})
    if is_disabled:
        return InEnvironment(on=False, why="MAINSTEM_DISABLED_FUNCTIONS", overrides={})
    there = definition.for_environment(environment)
    usual, changed = definition.config.to_json(), there.config.to_json()
    overrides: dict[str, Any] = {
        name: changed.get(name)
        for name in sorted(usual.keys() | changed.keys())
        if usual.get(name) != changed.get(name)
    }
    if (triggers := _triggers(there)) != _triggers(definition):
        overrides["triggers"] = triggers
    return InEnvironment(on=True, why=None, overrides=overrides)


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
    return [_in_words(row.configuration)] * bool(row.configuration) + [
        f"in {name}: {_in_words(there.overrides)}"
        for name, there in row.environments.items()
        if there.overrides
    ]


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
