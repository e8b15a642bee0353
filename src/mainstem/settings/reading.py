"""Reading settings: every value from its variable, and every problem in one error.

Nothing is read when this module is imported, and nothing but this module reads the process's
environment.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mainstem.errors import Problem, SettingsError
from mainstem.settings.branches import Branch
from mainstem.settings.detection import Detected, detect
from mainstem.settings.env_file import read_env_file
from mainstem.settings.environment import OVERRIDE
from mainstem.settings.judging import Reading, judge
from mainstem.settings.keys import (
    EVENT_KEY,
    INNGEST_KEYS,
    key_hash,
    short_hash,
    shown_to_browsers,
)
from mainstem.settings.misplaced import take_out
from mainstem.settings.model import Settings, SyncLimits
from mainstem.settings.notes import notes
from mainstem.settings.policy import Policy, policy_of
from mainstem.settings.secrecy import veiled, veiled_branch, veiled_detection, veiled_problem
from mainstem.settings.variables import BY_POLICY, SECRETS, SWITCHES, VARIABLES


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that reading the settings found out. `settings` is None where a problem is.

    `sources` says for each setting where it came from: a variable, with " in .env" where the file
    gave it, "argument", "policy" (the environment's) or "default". `key_hashes` has for each of
    Inngest's keys the first digits of its hash, to compare two machines by, or None where it is
    not set or cannot be hashed; `keys_set` says which are set.
    """

    detected: Detected
    policy: Policy
    settings: Settings | None
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    branches: tuple[Branch, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    key_hashes: Mapping[str, str | None] = field(default_factory=dict)
    keys_set: frozenset[str] = frozenset()

    def usable(self) -> Settings:
        """The settings. Raises `SettingsError` with every problem at once."""
        if self.settings is None:
            raise SettingsError(
                self.problems,
                environment=str(self.detected.environment),
                decided_by=self.detected.decided_by,
            )
        return self.settings


def load_settings(
    environ: Mapping[str, str] | None = None, *, env_file: Path | None = None, **overrides: Any
) -> Settings:
    """The settings that `environ` (the process's own when None) gives, with `overrides` on top.

    `env_file` is read only where nothing shows another environment than local, and what it says
    is beneath `environ`; it may be absent. `overrides` are settings by name, as values. Raises
    `SettingsError` with every problem at once, `TypeError` for an unknown override.
    """
    return examine_settings(environ, env_file=env_file, **overrides).usable()


def examine_settings(
    environ: Mapping[str, str] | None = None, *, env_file: Path | None = None, **overrides: Any
) -> Findings:
    """What `load_settings` would give or raise, and how it came to that. Same arguments.

    Raises `TypeError` for an unknown override, and nothing for what is wrong with the settings.
    """
    unknown = set(overrides) - set(Settings.model_fields)
    if unknown:
        raise TypeError(f"load_settings() got unknown settings: {', '.join(sorted(unknown))}")
    given, misplaced = take_out(os.environ if environ is None else environ)
    detected, problem = _detected(given, overrides)
    detected = veiled_detection(detected)
    reading = Reading(problems=[*misplaced, *([] if problem is None else [problem])])
    policy = policy_of(detected.environment)
    from_file: Mapping[str, str] = {}
    if env_file is not None and policy.reads_env_file:
        from_file = read_env_file(env_file, reading)
    everything = {**from_file, **given}
    _collect(everything, overrides, reading)
    judge(everything, policy, reading)
    settings = _build(detected, reading)
    return Findings(
        detected=detected,
        policy=policy,
        settings=None if reading.problems else settings,
        problems=tuple(map(veiled_problem, reading.problems)),
        notes=tuple(map(veiled, notes(everything, detected, policy, reading))),
        branches=tuple(map(veiled_branch, reading.branches.seen)),
        keys_set=frozenset(reading.keys),
        key_hashes={name: _short(name, reading.keys.get(name)) for name in INNGEST_KEYS},
        sources=_sources(reading, overrides, set(from_file) - set(given), env_file),
    )


def _detected(
    given: Mapping[str, str], overrides: dict[str, Any]
) -> tuple[Detected, Problem | None]:
    chosen = overrides.pop("environment", None)
    decided_by = overrides.pop("decided_by", None)
    if chosen is not None:
        given = {**given, OVERRIDE: str(chosen)}
        decided_by = decided_by or "argument"
    detected, problem = detect(given)
    if decided_by is not None:
        detected = replace(detected, decided_by=decided_by)
    return detected, problem


def _collect(given: Mapping[str, str], overrides: Mapping[str, Any], reading: Reading) -> None:
    for setting, variables in VARIABLES.items():
        for variable in variables:
            if variable in given and not given[variable].strip():
                reading.blank.add(variable)
            elif variable in given:
                reading.values[setting] = given[variable]
                reading.came_from[setting] = variable
                break
    for setting, value in overrides.items():
        reading.values[setting] = value
        reading.came_from.pop(setting, None)
    for name in shown_to_browsers(given):
        if "SIGNING" in name:
            reading.problems.append(
                Problem(
                    name,
                    "it shows a signing key to every browser",
                    "Unset it, make a new key at Inngest, and set that as INNGEST_SIGNING_KEY.",
                )
            )


def _short(variable: str, key: str | None) -> str | None:
    if key is None:
        return None
    try:
        return short_hash(key_hash("event" if variable == EVENT_KEY else "signing", key))
    except ValueError:
        return None


def _sources(
    reading: Reading, overrides: Mapping[str, Any], only_in_file: set[str], path: Path | None
) -> dict[str, str]:
    found = {}
    for setting in VARIABLES:
        variable = reading.came_from.get(setting)
        if variable is not None:
            inside = f" in {path.name}" if path is not None and variable in only_in_file else ""
            found[setting] = f"{variable}{inside}"
        elif setting.partition(".")[0] in overrides:
            found[setting] = "argument"
        else:
            found[setting] = "policy" if setting in BY_POLICY else "default"
    return found


def _build(detected: Detected, reading: Reading) -> Settings | None:
    flat = {name: value for name, value in reading.values.items() if not name.startswith("sync.")}
    sync = {
        name.removeprefix("sync."): value
        for name, value in reading.values.items()
        if name.startswith("sync.")
    }
    if "sync" not in flat:
        try:
            flat["sync"] = SyncLimits.model_validate(sync)
        except ValidationError as error:
            reading.problems += _problems(error, reading, "sync.")
    try:
        return Settings.model_validate(
            {**flat, "environment": detected.environment, "decided_by": detected.decided_by}
        )
    except ValidationError as error:
        reading.problems += _problems(error, reading, "")
        return None


def _problems(error: ValidationError, reading: Reading, prefix: str) -> list[Problem]:
    problems = []
    for wrong in error.errors(include_url=False):
        setting = prefix + ".".join(str(part) for part in wrong["loc"])
        secret = setting.partition(".")[0] in SECRETS
        found = "its value" if secret else f"'{wrong['input']}'"
        message = wrong["msg"][:1].lower() + wrong["msg"][1:]
        problems.append(
            Problem(
                reading.variable(setting),
                f"{found} cannot be used ({message})",
                _remedy(setting),
            )
        )
    return problems


def _remedy(setting: str) -> str:
    name = setting.rpartition(".")[2]
    model = SyncLimits if setting.startswith("sync.") else Settings
    field_info = model.model_fields.get(name)
    default = "" if field_info is None else f"; the default is {field_info.default!s}"
    if name in BY_POLICY:
        default = "; the default is the environment's"
    expected = {
        "serve_port": "a port, 0 to 65535",
        "log_level": "one of DEBUG, INFO, WARNING, ERROR, CRITICAL",
        "app_id": "letters, digits, '-', '_' and '.'",
        "streaming": "true or false",
        "thread_pool_workers": "a number, 0 for none",
        "connect_max_concurrency": "a number from 1",
        **dict.fromkeys(SWITCHES, "true or false"),
    }.get(name, "a number" if setting.startswith("sync.") else "a usable value")
    return f"Set it to {expected}{default}."
