"""What each environment asks for is one table, and the document has the same one."""

from pathlib import Path

import pytest

from mainstem.settings import (
    BRANCH_VARIABLES,
    NOT_READ,
    POLICIES,
    SIGNALS,
    Environment,
    Policy,
    load_settings,
    policy_of,
)

DOCUMENT = Path(__file__).parents[2] / "docs" / "environments.md"
KEYS = {"INNGEST_EVENT_KEY": "an-event-key", "INNGEST_SIGNING_KEY": "ab" * 32}


@pytest.fixture(scope="module")
def document() -> str:
    return DOCUMENT.read_text(encoding="utf-8")


def row(name: str, cells: list[str]) -> str:
    return f"| {name} | {' | '.join(cells)} |"


def on_off(flags: list[bool]) -> list[str]:
    return ["on" if flag else "off" for flag in flags]


ROWS = [
    row("", [policy.environment for policy in POLICIES]).replace("|  |", "| |"),
    row("SDK mode", [policy.mode for policy in POLICIES]),
    row(
        "keys that must be set",
        [", ".join(f"`{key}`" for key in policy.keys) or "none" for policy in POLICIES],
    ),
    row(
        "signing keys refused",
        [
            ", ".join(f"`signkey-{kind}-…`" for kind in policy.wrong_keys) or "none"
            for policy in POLICIES
        ],
    ),
    row("events go to", [policy.events_go_to for policy in POLICIES]),
    row("Inngest environment", [policy.inngest_environment for policy in POLICIES]),
    row("database", [policy.database for policy in POLICIES]),
    row("guard rails", on_off([policy.guard_rails for policy in POLICIES])),
    row("status page", on_off([policy.status_page for policy in POLICIES])),
    row("`.env` is read", ["yes" if policy.reads_env_file else "no" for policy in POLICIES]),
]


@pytest.mark.parametrize("line", ROWS)
def test_the_document_has_the_policies_of_the_code(line: str, document: str) -> None:
    assert f"{line}\n" in document


def test_the_document_has_the_table_of_signals_in_its_order(document: str) -> None:
    lines = [
        f"| {number} | [{signal.platform}]({signal.source}) | `{signal.variable}` | "
        f"{signal.meaning} | {signal.caveat} |"
        for number, signal in enumerate(SIGNALS, start=1)
    ]
    assert "\n".join(lines) in document


def test_the_document_names_every_branch_variable_and_what_is_not_read(document: str) -> None:
    names = {row.variable for row in BRANCH_VARIABLES} | {NOT_READ[0]}
    assert {name for name in names if f"`{name}`" not in document} == set()


def test_every_environment_has_one_policy() -> None:
    assert [policy.environment for policy in POLICIES] == list(Environment)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: str(policy.environment))
def test_settings_behave_as_their_policy_says(policy: Policy) -> None:
    settings = load_settings({"MAINSTEM_ENV": policy.environment, **KEYS})
    assert settings.policy is policy_of(policy.environment) is policy
    assert settings.inngest_dev == (policy.mode == "dev")
    assert settings.guard_rails == policy.guard_rails
    assert settings.status_page == policy.status_page


def test_the_policys_defaults_can_be_changed() -> None:
    asked = {"MAINSTEM_GUARD_RAILS": "off", "MAINSTEM_STATUS_PAGE": "off"}
    settings = load_settings(asked)
    assert (settings.guard_rails, settings.status_page) == (False, False)
    shown = load_settings({"MAINSTEM_ENV": "production", "MAINSTEM_STATUS_PAGE": "on", **KEYS})
    assert shown.status_page
