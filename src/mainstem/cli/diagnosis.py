"""What the doctor finds: the settings and how they came about, and what they point to.

Nothing on the network is asked but the database.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mainstem.errors import CatalogError, Problem, SettingsError

if TYPE_CHECKING:
    from mainstem.settings import Branch, Findings, Lost, Policy, Settings


@dataclass(slots=True)
class Diagnosis:
    """What the doctor found. `settings` is None when they do not allow a start.

    `keys` has for each of Inngest's keys whether it is set and the first digits of its hash;
    `sources` the origin of each setting; `signals` the whole table of detection, each row with
    what came of it.
    """

    environment: str
    decided_by: str
    platform: str
    policy: Policy
    lost: list[Lost]
    branches: list[Branch]
    keys: dict[str, dict[str, Any]]
    sources: dict[str, str]
    signals: list[dict[str, str]]
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    events_go_to: str | None = None
    settings: dict[str, Any] | None = None
    database: dict[str, Any] | None = None


def examine() -> Diagnosis:
    """Read the settings and look at what they point to."""
    from mainstem.cli.start import ENV_FILE
    from mainstem.settings import examine_settings, veiled, veiled_problem

    findings = examine_settings(env_file=ENV_FILE)
    found = _of(findings)
    if findings.settings is not None:
        _look_further(findings.settings, found)
        found.problems = [veiled_problem(problem) for problem in found.problems]
        found.notes = [veiled(note) for note in found.notes]
    return found


def _look_further(settings: Settings, found: Diagnosis) -> None:
    """What the settings point to: functions, the database, GitHub."""
    found.settings = settings.shown()
    found.events_go_to = found.settings["event_origin"]
    _look_at_functions(settings, found)
    _look_at_database(settings, found)
    if not settings.has_github_credential:
        found.notes.append(
            "GITHUB_TOKEN is not set: GitHub then allows 60 requests an hour, and no GraphQL."
        )


def _of(findings: Findings) -> Diagnosis:
    return Diagnosis(
        environment=str(findings.detected.environment),
        decided_by=findings.detected.decided_by,
        platform=findings.detected.platform,
        policy=findings.policy,
        lost=list(findings.detected.lost),
        branches=list(findings.branches),
        keys={
            variable: {"set": variable in findings.keys_set, "hash": short}
            for variable, short in findings.key_hashes.items()
        },
        sources=dict(findings.sources),
        signals=_signals(findings),
        problems=list(findings.problems),
        notes=list(findings.notes),
    )


def _signals(findings: Findings) -> list[dict[str, str]]:
    from mainstem.settings import SIGNALS

    outcome = {one.variable: one.why for one in findings.detected.lost}
    outcome[findings.detected.variable] = "decided"
    return [
        {
            "platform": signal.platform,
            "variable": signal.variable,
            "says": signal.meaning,
            "outcome": outcome.get(signal.variable, "not set"),
            "documentation": signal.source,
            "caveat": signal.caveat,
        }
        for signal in SIGNALS
    ]


def _look_at_functions(settings: Settings, found: Diagnosis) -> None:
    """Whether every function, version, group and tag that the settings name exists."""
    from mainstem.catalog import Switches
    from mainstem.cli.catalogs import chosen_application
    from mainstem.serving import check_disabled, part_of
    from mainstem.settings import shares_of

    try:
        catalog = chosen_application(None, settings).catalog
    except Exception as error:  # noqa: BLE001  a module of somebody's own may raise anything
        told = " ".join(f"it cannot be loaded ({type(error).__name__}: {error})".split())
        found.problems.append(
            Problem("MAINSTEM_CATALOG", told, "Set it to a catalogue, as module:attribute.")
        )
        return
    shares = Switches(shares=shares_of(settings))
    looks: tuple[tuple[str, Callable[[], object]], ...] = (
        (
            "MAINSTEM_DISABLED_FUNCTIONS",
            partial(check_disabled, settings.disabled_functions, catalog.ids),
        ),
        ("MAINSTEM_ROLLOUT", partial(catalog.check_switches, shares)),
        ("MAINSTEM_SERVE_GROUPS", partial(part_of, catalog, groups=settings.serve_groups)),
        ("MAINSTEM_SERVE_TAGS", partial(part_of, catalog, tags=settings.serve_tags)),
    )
    for variable, look in looks:
        try:
            look()
        except SettingsError as error:
            found.problems += error.problems
        except CatalogError as error:
            told = str(error).rstrip(".")
            found.problems.append(Problem(variable, told, "Mend the name, or take it out."))


def _look_at_database(settings: Settings, found: Diagnosis) -> None:
    from mainstem.errors import StoreError
    from mainstem.settings import veiled, without_password
    from mainstem.store import Database
    from mainstem.web import database_health

    shown = veiled(without_password(settings.database_url))
    file = sqlite_file(settings.database_url)
    if file is not None and (wrong := _not_usable(file)):
        found.problems.append(
            Problem(
                "MAINSTEM_DATABASE_URL",
                wrong,
                "Create the folder or change its permissions, or set it to a place that can be "
                "written.",
            )
        )
        return
    if file is not None and not file.exists():
        # Looking would create it.
        found.database = {"url": shown, "reachable": False, "current": False}
        found.notes.append(f"The database file {file} is not there yet; the first use makes it.")
        return
    try:
        with Database(settings.database_url) as database:
            health = database_health(database)
    except StoreError as error:
        found.problems.append(_database_problem(str(error)))
        return
    except Exception as error:  # noqa: BLE001  a schema of somebody else's may raise anything
        said = (str(error).splitlines() or [""])[0]
        told = f"it cannot be asked for its schema ({type(error).__name__}: {said})"
        found.problems.append(_database_problem(told))
        return
    found.database = {
        "url": shown,
        "reachable": health.reachable,
        "current": health.migrations_current,
    }
    if not health.reachable:
        found.problems.append(_database_problem(health.problem or "it does not answer"))
    elif not health.migrations_current:
        found.notes.append(health.problem or "The database's schema is not current.")


def _not_usable(file: Path) -> str | None:
    """Why SQLite cannot keep a database at `file`; it writes beside the file too."""
    folder = file.parent
    if not folder.exists():
        return f"the folder {folder} of the database file is not there"
    if not folder.is_dir():
        return f"{folder}, where the database file should be, is no folder"
    if file.is_dir():
        return f"the database file {file} is a folder"
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"the folder {folder} of the database file cannot be written"
    if file.exists() and not os.access(file, os.R_OK | os.W_OK):
        return f"the database file {file} cannot be read and written"
    return None


def _database_problem(wrong: str) -> Problem:
    return Problem("MAINSTEM_DATABASE_URL", wrong.rstrip("."), "Set it to a database that answers.")


def sqlite_file(url: str) -> Path | None:
    """The file of a SQLite address, None for memory and for other databases."""
    scheme, _, path = url.partition(":///")
    if not scheme.startswith("sqlite") or path in {"", ":memory:"}:
        return None
    path, _, query = path.partition("?")
    if "uri=" in query:  # SQLite's own form of an address, `file:x.db?mode=ro&uri=true`
        path = path.removeprefix("file:")
        if "mode=memory" in query or path in {"", ":memory:"}:
            return None
    return Path(path)
