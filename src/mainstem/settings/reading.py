"""Reading settings: which variable feeds which setting, and every problem in one error.

Nothing is read when this module is imported, and nothing but `load_settings` reads the process's
environment. Text is cleaned and judged here, variable by variable, so that a problem can name the
variable that it came from; the model then only types what is left.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationError

from mainstem.errors import Problem, SettingsError
from mainstem.settings import checks
from mainstem.settings.environment import OVERRIDE, Detected, Environment, detect, is_on
from mainstem.settings.model import Settings, SyncLimits

# Setting → variables, the first that is set wins. Dots lead into `sync`.
VARIABLES: Mapping[str, tuple[str, ...]] = {
    "app_id": ("MAINSTEM_APP_ID", "INNGEST_APP_ID"),
    "event_key": (checks.EVENT_KEY,),
    "signing_key": (checks.SIGNING_KEY,),
    "signing_key_fallback": (checks.FALLBACK_KEY,),
    "inngest_env": ("INNGEST_ENV",),
    "inngest_base_url": ("INNGEST_BASE_URL",),
    "inngest_api_base_url": ("INNGEST_API_BASE_URL",),
    "inngest_event_api_base_url": ("INNGEST_EVENT_API_BASE_URL",),
    "inngest_dev": ("INNGEST_DEV",),
    "database_url": ("MAINSTEM_DATABASE_URL", "DATABASE_URL"),
    "github_url": ("MAINSTEM_GITHUB_URL", "GITHUB_API_URL"),
    "github_token": ("GITHUB_TOKEN", "GH_TOKEN"),
    "serve_host": ("MAINSTEM_SERVE_HOST",),
    "serve_port": ("MAINSTEM_SERVE_PORT", "PORT"),
    "serve_origin": ("MAINSTEM_SERVE_ORIGIN", "INNGEST_SERVE_ORIGIN"),
    "log_level": ("MAINSTEM_LOG_LEVEL",),
    "log_json": ("MAINSTEM_LOG_JSON",),
    "disabled_functions": ("MAINSTEM_DISABLED_FUNCTIONS",),
    "sync.cooldown_manual_hours": ("MAINSTEM_COOLDOWN_MANUAL_HOURS",),
    "sync.cooldown_auto_fix_hours": ("MAINSTEM_COOLDOWN_AUTO_FIX_HOURS",),
    "sync.cooldown_automatic_hours": ("MAINSTEM_COOLDOWN_AUTOMATIC_HOURS",),
    "sync.cooldown_default_hours": ("MAINSTEM_COOLDOWN_DEFAULT_HOURS",),
    "sync.cooldown_scheduled_hours": ("MAINSTEM_COOLDOWN_SCHEDULED_HOURS",),
    "sync.cooldown_rest_hours": ("MAINSTEM_COOLDOWN_REST_HOURS",),
    "sync.pulls_per_sync": ("MAINSTEM_PULLS_PER_SYNC",),
}

_SECRETS = ("event_key", "signing_key", "signing_key_fallback", "github_token")
_ADDRESSES = (
    "inngest_base_url",
    "inngest_api_base_url",
    "inngest_event_api_base_url",
    "github_url",
    "serve_origin",
)
# A platform's branch names the branch environment only where a branch key asks for one: the SDK
# would take it in production too, and send production's events to a branch.
_BRANCHES = ("VERCEL_GIT_COMMIT_REF", "RENDER_GIT_BRANCH", "RAILWAY_GIT_BRANCH")


@dataclass(slots=True)
class _Reading:
    """What has been read so far: typed or textual values by setting, and every problem met."""

    values: dict[str, Any] = field(default_factory=dict)
    came_from: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    blank: set[str] = field(default_factory=set)

    def variable(self, setting: str) -> str:
        """The variable that gave `setting`, or else the one to set."""
        return self.came_from.get(setting) or VARIABLES.get(setting, (OVERRIDE,))[0]

    def judge(self, setting: str, problem: Problem | None) -> bool:
        """Keep a problem and drop the value that has it. Whether there was none."""
        if problem is None:
            return True
        self.problems.append(problem)
        self.values.pop(setting, None)
        return False


def load_settings(
    environ: Mapping[str, str] | None = None, *, env_file: Path | None = None, **overrides: Any
) -> Settings:
    """The settings that `environ` (the process's own when None) gives, with `overrides` on top.

    `env_file` is read only where nothing shows another environment than local, and what it says
    is beneath `environ`; it may be absent. `overrides` are settings by name, as values. Raises
    `SettingsError` with every problem at once, `TypeError` for an unknown override.
    """
    unknown = set(overrides) - set(Settings.model_fields)
    if unknown:
        raise TypeError(f"load_settings() got unknown settings: {', '.join(sorted(unknown))}")
    given = dict(os.environ if environ is None else environ)
    reading = _Reading()
    detected = _detected(given, overrides, reading)
    if env_file is not None and detected.environment is Environment.LOCAL:
        given = {**_from_file(env_file, reading), **given}
    _collect(given, overrides, reading)
    _judge(given, detected.environment, reading)
    settings = _build(detected, reading)
    if reading.problems or settings is None:
        raise SettingsError(
            reading.problems,
            environment=str(detected.environment),
            decided_by=detected.decided_by,
        )
    return settings


def _detected(given: Mapping[str, str], overrides: dict[str, Any], reading: _Reading) -> Detected:
    chosen = overrides.pop("environment", None)
    decided_by = overrides.pop("decided_by", None)
    if chosen is not None:
        given = {OVERRIDE: str(chosen)}
        decided_by = decided_by or "argument"
    detected, problem = detect(given)
    if problem is not None:
        reading.problems.append(problem)
    return Detected(detected.environment, decided_by or detected.decided_by, detected.lost)


def _from_file(path: Path, reading: _Reading) -> dict[str, str]:
    # Imported here: only a developer's machine has such a file.
    from dotenv import dotenv_values

    if not path.is_file():
        return {}
    try:
        found = dotenv_values(path, interpolate=False)
    except (OSError, UnicodeDecodeError) as error:
        reading.problems.append(
            Problem(
                path.name,
                f"it cannot be read ({type(error).__name__})",
                "Make it a readable UTF-8 file, or remove it.",
            )
        )
        return {}
    values = {name: value for name, value in found.items() if value is not None}
    detected, problem = detect(values)
    if problem is None and detected.environment not in (Environment.LOCAL, Environment.TEST):
        problem = Problem(
            detected.decided_by.partition("=")[0],
            f"{path.name} says {detected.environment}, but such a file counts only in local",
            "Set it in the process's own environment, or take it out of the file.",
        )
    if problem is not None:
        reading.problems.append(problem)
    return values


def _collect(given: Mapping[str, str], overrides: Mapping[str, Any], reading: _Reading) -> None:
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


def _judge(given: Mapping[str, str], environment: Environment, reading: _Reading) -> None:
    values, usable = reading.values, {}
    for setting in _SECRETS:
        if setting not in values or values[setting] is None:
            continue
        value, variable = values[setting], reading.variable(setting)
        text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        usable[variable] = text
        if reading.judge(setting, checks.spelling(variable, text)):
            if setting.startswith("signing_key"):
                reading.judge(setting, checks.signing_key(variable, text))
            elif setting == "event_key":
                reading.judge(setting, checks.event_key(variable, text))
    for setting in _ADDRESSES:
        if values.get(setting) is not None:
            value = values[setting] = str(values[setting]).strip()
            if reading.judge(setting, checks.web_url(reading.variable(setting), value)):
                values[setting] = urlsplit(value).geturl()  # the spelling that the SDK gives it
    _judge_database(reading)
    _split_list(reading)
    _judge_mode(environment, reading)
    if not values["inngest_dev"]:
        _choose_branch(given, environment, reading, usable)
        reading.problems += checks.keys_for(
            environment,
            usable,
            blank=frozenset(reading.blank),
            branch=values.get("inngest_env"),
        )
    values.setdefault("log_json", not environment.is_development)


def _judge_database(reading: _Reading) -> None:
    url = reading.values.get("database_url")
    if url is None:
        return
    url = str(url).strip()
    # Hosts still hand out the name that libpq had first; the driver is the one we install.
    for old in ("postgres://", "postgresql://"):
        if url.startswith(old):
            url = f"postgresql+psycopg://{url.removeprefix(old)}"
    reading.values["database_url"] = url
    reading.judge("database_url", checks.database_url(reading.variable("database_url"), url))


def _split_list(reading: _Reading) -> None:
    names = reading.values.get("disabled_functions")
    if isinstance(names, str):
        reading.values["disabled_functions"] = frozenset(
            name.strip() for name in names.split(",") if name.strip()
        )
    level = reading.values.get("log_level")
    if isinstance(level, str):
        reading.values["log_level"] = level.strip().upper()


def _judge_mode(environment: Environment, reading: _Reading) -> None:
    """Dev or cloud: decided by the environment; `INNGEST_DEV` may only say no, or where."""
    asked = reading.values.pop("inngest_dev", None)
    text = "" if asked is None else str(asked).strip()
    on = is_on(text)
    if "://" in text and reading.judge("", checks.web_url("INNGEST_DEV", text)):
        reading.values.setdefault("inngest_base_url", urlsplit(text).geturl())
    if on and not environment.is_development:
        reading.problems.append(
            Problem(
                "INNGEST_DEV",
                f"dev mode is on in {environment}, so that nothing would check signatures",
                f"Unset it, or set {OVERRIDE}=local if this is no deployment.",
            )
        )
    reading.values["inngest_dev"] = environment.is_development and (on or not text)


def _choose_branch(
    given: Mapping[str, str], environment: Environment, reading: _Reading, keys: Mapping[str, str]
) -> None:
    is_branch = keys.get(checks.SIGNING_KEY, "").startswith("signkey-branch-")
    if "inngest_env" in reading.values or not is_branch or environment is Environment.PRODUCTION:
        return
    for variable in _BRANCHES:
        if given.get(variable, "").strip():
            reading.values["inngest_env"] = given[variable].strip()
            return


def _build(detected: Detected, reading: _Reading) -> Settings | None:
    flat = {name: value for name, value in reading.values.items() if not name.startswith("sync.")}
    sync = {
        name.removeprefix("sync."): value
        for name, value in reading.values.items()
        if name.startswith("sync.")
    }
    found: list[ValidationError] = []
    if "sync" not in flat:
        try:
            flat["sync"] = SyncLimits.model_validate(sync)
        except ValidationError as error:
            found.append(error)
            reading.problems += _problems(error, reading, "sync.")
    try:
        return Settings.model_validate(
            {**flat, "environment": detected.environment, "decided_by": detected.decided_by}
        )
    except ValidationError as error:
        reading.problems += _problems(error, reading, "")
        return None


def _problems(error: ValidationError, reading: _Reading, prefix: str) -> list[Problem]:
    problems = []
    for wrong in error.errors(include_url=False):
        setting = prefix + ".".join(str(part) for part in wrong["loc"])
        secret = setting in _SECRETS
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
    expected = {
        "serve_port": "a port, 0 to 65535",
        "log_level": "one of DEBUG, INFO, WARNING, ERROR, CRITICAL",
        "log_json": "true or false",
        "app_id": "letters, digits, '-', '_' and '.'",
    }.get(name, "a number" if setting.startswith("sync.") else "a usable value")
    return f"Set it to {expected}{default}."
