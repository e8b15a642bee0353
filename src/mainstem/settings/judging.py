"""Cleaning and judging what was read, setting by setting, so that a problem names its variable."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from mainstem.errors import Problem
from mainstem.settings import checks, github, keys
from mainstem.settings.branches import Branches, choose_branch
from mainstem.settings.environment import OVERRIDE, is_off, is_on
from mainstem.settings.peers import read_peers
from mainstem.settings.policy import Policy
from mainstem.settings.shares import is_switch, read_shares
from mainstem.settings.variables import ADDRESSES, LISTS, VARIABLES


@dataclass(slots=True)
class Reading:
    """What has been read so far: typed or textual values by setting, and every problem met.

    `remarks` are what reading them met that is no problem.
    `came_from` has the variable of each setting that came from one, `blank` the variables that
    are set to nothing, `keys` the text of each secret by its variable.
    """

    values: dict[str, Any] = field(default_factory=dict, repr=False)
    came_from: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    blank: set[str] = field(default_factory=set)
    keys: dict[str, str] = field(default_factory=dict, repr=False)
    branches: Branches = field(default_factory=Branches)

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


def judge(given: Mapping[str, str], policy: Policy, reading: Reading) -> None:
    """Clean every value in `reading` and add every problem that the environment makes of it."""
    _judge_secrets(reading)
    _judge_github(reading)
    _judge_addresses(reading)
    _judge_database(reading)
    _judge_texts(reading)
    _judge_mode(policy, reading)
    values = reading.values
    _judge_branch(given, policy, reading)
    if not values["inngest_dev"]:
        # A development server takes any word for an event key; Inngest does not.
        if values.get("event_key") is not None:
            text = reading.keys[reading.variable("event_key")]
            reading.judge("event_key", keys.placeholder(reading.variable("event_key"), text))
        reading.problems += keys.keys_for(
            policy,
            reading.keys,
            blank=frozenset(reading.blank),
            branch=values.get("inngest_env"),
            environ=given,
        )
    values.setdefault("log_json", policy.mode == "cloud")
    values.setdefault("guard_rails", policy.guard_rails)
    values.setdefault("status_page", policy.status_page)


def _judge_secrets(reading: Reading) -> None:
    kinds = {
        "event_key": keys.event_key,
        "signing_key": keys.signing_key,
        "signing_key_fallback": keys.signing_key,
        "github_token": keys.github_token,
        "github_webhook_secret": keys.webhook_secret,
        "github_webhook_secret_fallback": keys.webhook_secret,
        "status_token": keys.status_token,
    }
    for setting, kind in kinds.items():
        value = reading.values.get(setting)
        if value is None:
            continue
        text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        variable = reading.variable(setting)
        reading.keys[variable] = text
        if reading.judge(setting, keys.spelling(variable, text)):
            reading.judge(setting, kind(variable, text))


def _judge_github(reading: Reading) -> None:
    """Tokens, and an App's id with its key, which may stand in a file."""
    values = reading.values
    if isinstance(text := values.get("github_tokens"), str):
        variable = reading.variable("github_tokens")
        reading.keys[variable] = text
        values["github_tokens"], wrong = github.split_tokens(variable, text)
        reading.problems += wrong
    has_id, has_key, has_file = (
        values.get(f"github_app_{name}") is not None
        for name in ("id", "private_key", "private_key_file")
    )
    if has_id:
        values["github_app_id"] = str(values["github_app_id"]).strip()
        problem = github.app_id(reading.variable("github_app_id"), values["github_app_id"])
        reading.judge("github_app_id", problem)
    problem = github.app_together(has_id=has_id, has_key=has_key, has_file=has_file)
    if problem is not None:
        reading.problems.append(problem)
    if has_key:
        _judge_app_key(reading)
    elif has_file:
        setting = "github_app_private_key_file"
        path = values[setting] = str(values[setting]).strip()
        key, problem = github.key_in_file(reading.variable(setting), path)
        if reading.judge(setting, problem):
            values["github_app_private_key"] = key


def _judge_app_key(reading: Reading) -> None:
    value = reading.values["github_app_private_key"]
    text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
    key = github.unfolded_key(text)
    variable = reading.variable("github_app_private_key")
    reading.keys[variable] = text
    if reading.judge("github_app_private_key", github.private_key(variable, key)):
        reading.values["github_app_private_key"] = key


def _judge_addresses(reading: Reading) -> None:
    values = reading.values
    for setting in ADDRESSES:
        if values.get(setting) is not None:
            value = values[setting] = str(values[setting]).strip()
            if reading.judge(setting, checks.web_url(reading.variable(setting), value)):
                values[setting] = urlsplit(value).geturl()  # the spelling that the SDK gives it
                reading.judge(setting, checks.clouds_own(setting, reading.variable(setting), value))
    for setting, check in (("serve_path", checks.serve_path), ("catalog", checks.reference)):
        if values.get(setting) is not None:
            values[setting] = str(values[setting]).strip()
            reading.judge(setting, check(reading.variable(setting), values[setting]))


def _judge_database(reading: Reading) -> None:
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


def _judge_texts(reading: Reading) -> None:
    values = reading.values
    for setting in LISTS:
        names = values.get(setting)
        if isinstance(names, str):
            values[setting] = frozenset(filter(None, (name.strip() for name in names.split(","))))
    if isinstance(level := values.get("log_level"), str):
        values["log_level"] = level.strip().upper()
    for setting in ("app_version", "branch_from", "inngest_env"):
        if isinstance(text := values.get(setting), str):
            values[setting] = text.strip()
    # The SDK's own words for it, besides yes and no.
    words = {"force": True, "allow": True, "disable": False}
    if isinstance(streaming := values.get("streaming"), str):
        values["streaming"] = words.get(streaming.strip().lower(), streaming)
    if isinstance(switch := values.get("rollouts_on"), str):
        values["rollouts_on"] = switch.strip().lower() != "off"
    if isinstance(shares := values.get("shares"), str):
        text = "" if is_switch(shares) else shares
        values["shares"], wrong = read_shares(text, variable=reading.variable("shares"))
        reading.problems += wrong
    if isinstance(peers := values.get("status_peers"), str):
        values["status_peers"], wrong = read_peers(peers, variable=reading.variable("status_peers"))
        reading.problems += wrong


def _judge_mode(policy: Policy, reading: Reading) -> None:
    """Dev or cloud: decided by the environment; `INNGEST_DEV` may only say no, or where."""
    asked = reading.values.pop("inngest_dev", None)
    text = "" if asked is None else str(asked).strip()
    on = is_on(text)
    if "://" in text and reading.judge("", checks.web_url(keys.DEV_MODE, text)):
        reading.values.setdefault("inngest_base_url", urlsplit(text).geturl())
        reading.came_from.setdefault("inngest_base_url", keys.DEV_MODE)
    is_dev = policy.mode == "dev"
    if text and not on and not is_off(text):
        # The SDK by itself would take it for a yes, as it takes "no" and "off".
        reading.problems.append(
            Problem(
                keys.DEV_MODE,
                f"'{text}' is neither a yes, nor a no, nor an address",
                "Set it to 1, true, yes or on; to 0, false, no or off; or to the development "
                "server's address, with http:// before it.",
            )
        )
        text = ""
    if on and not is_dev:
        reading.problems.append(
            Problem(
                keys.DEV_MODE,
                f"dev mode is on in {policy.environment}, so that nothing would check signatures",
                f"Unset it, or set {OVERRIDE}=local if this is no deployment.",
            )
        )
    reading.values["inngest_dev"] = is_dev and (on or not text)


def _judge_branch(given: Mapping[str, str], policy: Policy, reading: Reading) -> None:
    values = reading.values
    found = reading.branches = choose_branch(
        given,
        policy.environment,
        explicit=values.get("inngest_env"),
        branch_from=values.get("branch_from"),
        has_branch_key=keys.kind_of(reading.keys.get(keys.SIGNING_KEY, "")) == "branch",
        is_cloud=not values["inngest_dev"],
    )
    if found.problem is not None:
        reading.problems.append(found.problem)
    if found.chosen is not None and found.variable is not None:
        values["inngest_env"] = found.chosen
        if found.seen[0].why != "it was set":
            reading.came_from["inngest_env"] = found.variable
