"""A platform's branch counts with a branch key or by choice, and never in production."""

from typing import Any

import pytest

from mainstem.errors import SettingsError
from mainstem.settings import BRANCH_VARIABLES, examine_settings, load_settings

BRANCH_KEY = "signkey-branch-" + "ab" * 32
TEST_KEY = "signkey-test-" + "ab" * 32
PREVIEW = {
    "MAINSTEM_ENV": "preview",
    "INNGEST_EVENT_KEY": "an-event-key",
    "INNGEST_SIGNING_KEY": BRANCH_KEY,
}
PRODUCTION = {
    **PREVIEW,
    "MAINSTEM_ENV": "production",
    "INNGEST_SIGNING_KEY": "signkey-prod-" + "ab" * 32,
}


def seen(environ: dict[str, str]) -> dict[str, tuple[bool, str]]:
    """Every branch variable that was there: whether it was taken, and why."""
    return {one.variable: (one.taken, one.why) for one in examine_settings(environ).branches}


@pytest.mark.parametrize("row", BRANCH_VARIABLES, ids=lambda row: row.variable)
def test_every_platforms_branch_counts_with_a_branch_key(row: Any) -> None:
    variable = row.variable
    environ = {**PREVIEW, variable: " feat/x ", **({row.where: "true"} if row.where else {})}
    found = examine_settings(environ)
    assert found.settings is not None
    assert found.settings.inngest_env == "feat/x"
    assert found.sources["inngest_env"] == variable
    assert seen(environ)[variable] == (True, "the signing key is a branch environment's")


@pytest.mark.parametrize("variable", ["HEAD", "BRANCH", "GITHUB_HEAD_REF", "CIRCLE_BRANCH"])
def test_a_common_name_counts_only_on_its_platform(variable: str) -> None:
    with pytest.raises(SettingsError, match="INNGEST_ENV: it is not set"):
        load_settings({**PREVIEW, variable: "feat"})


def test_a_pull_requests_own_branch_comes_before_the_merge_reference() -> None:
    github = {"GITHUB_ACTIONS": "true", "GITHUB_HEAD_REF": "feat", "GITHUB_REF_NAME": "12/merge"}
    assert load_settings({**PREVIEW, **github}).inngest_env == "feat"
    assert seen({**PREVIEW, **github})["GITHUB_REF_NAME"] == (
        False,
        "GITHUB_HEAD_REF was there first",
    )
    netlify = {"NETLIFY": "true", "HEAD": "feat", "BRANCH": "pull/12/head"}
    assert load_settings({**PREVIEW, **netlify}).inngest_env == "feat"


def test_what_is_set_explicitly_wins() -> None:
    environ = {**PREVIEW, "INNGEST_ENV": "mine", "VERCEL_GIT_COMMIT_REF": "theirs"}
    assert load_settings(environ).inngest_env == "mine"
    assert seen(environ) == {
        "INNGEST_ENV": (True, "it was set"),
        "VERCEL_GIT_COMMIT_REF": (False, "INNGEST_ENV is set"),
    }


def test_without_a_branch_key_the_platforms_branch_is_ignored_and_that_is_noted() -> None:
    environ = {**PREVIEW, "INNGEST_SIGNING_KEY": TEST_KEY, "VERCEL_GIT_COMMIT_REF": "feat"}
    found = examine_settings(environ)
    assert found.settings is not None
    assert found.settings.inngest_env is None
    assert [note for note in found.notes if note.startswith("VERCEL_GIT_COMMIT_REF is not taken")]


@pytest.mark.parametrize("choice", ["platform", "Platform", "RENDER_GIT_BRANCH"])
def test_the_choice_takes_the_platforms_branch_without_a_branch_key(choice: str) -> None:
    environ = {
        **PREVIEW,
        "INNGEST_SIGNING_KEY": TEST_KEY,
        "RENDER_GIT_BRANCH": "feat",
        "MAINSTEM_BRANCH_FROM": choice,
    }
    assert load_settings(environ).inngest_env == "feat"
    assert seen(environ)["RENDER_GIT_BRANCH"] == (True, "MAINSTEM_BRANCH_FROM asks for it")


def test_the_choice_may_be_any_variable_and_beats_the_platforms() -> None:
    environ = {
        **PREVIEW,
        "VERCEL_GIT_COMMIT_REF": "theirs",
        "BRANCH_NAME": "mine",
        "MAINSTEM_BRANCH_FROM": "BRANCH_NAME",
    }
    assert load_settings(environ).inngest_env == "mine"
    assert seen(environ)["VERCEL_GIT_COMMIT_REF"] == (False, "BRANCH_NAME was taken")


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        ("platform", "no platform's branch variable is set here"),
        ("BRANCH_NAME", "it names 'BRANCH_NAME', which is not set"),
    ],
)
def test_a_choice_that_finds_nothing_is_a_problem(choice: str, told: str) -> None:
    environ = {**PREVIEW, "INNGEST_SIGNING_KEY": TEST_KEY, "MAINSTEM_BRANCH_FROM": choice}
    with pytest.raises(SettingsError) as caught:
        load_settings(environ)
    assert [problem.variable for problem in caught.value.problems] == ["MAINSTEM_BRANCH_FROM"]
    assert told in str(caught.value)


def test_production_takes_no_platforms_branch_even_when_asked_to() -> None:
    asked = {"VERCEL_GIT_COMMIT_REF": "main", "MAINSTEM_BRANCH_FROM": "platform"}
    found = examine_settings({**PRODUCTION, **asked})
    assert found.settings is not None
    assert found.settings.inngest_env is None
    assert found.branches[0].why == "production has no branch environment"
    assert [note for note in found.notes if "MAINSTEM_BRANCH_FROM is set in production" in note]


@pytest.mark.parametrize("name", ["foo", "production"])
def test_a_branch_named_in_production_is_a_problem(name: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({**PRODUCTION, "INNGEST_ENV": name, "VERCEL_GIT_COMMIT_REF": "main"})
    assert [str(problem) for problem in caught.value.problems] == [
        (
            "INNGEST_ENV: it names a branch environment, and production has none. Unset it, or set "
            "MAINSTEM_ENV to the environment that this is."
        )
    ]


def test_locally_no_branch_is_taken_and_nothing_is_said_of_it() -> None:
    found = examine_settings({"VERCEL_GIT_COMMIT_REF": "feat"})
    assert found.settings is not None
    assert (found.settings.inngest_env, found.notes) == (None, ())
    assert found.branches[0].why == "dev mode has no branches"
