import logging
from datetime import UTC, datetime

import pytest

from mainstem.github import Account
from mainstem.github.mappings import (
    GHOST_ID,
    account_or_ghost,
    bot_login,
    issue_state,
    mergeable,
    pull_state,
    review_state,
)

MERGED = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("state", "merged_at", "expected"),
    [("open", None, "open"), ("OPEN", None, "open"), ("closed", None, "closed"),
     ("closed", MERGED, "merged"), ("MERGED", MERGED, "merged"), ("MERGED", None, "merged"),
     ("", None, "closed"), ("odd", None, "closed")],
)  # fmt: skip
def test_time_of_the_merge_decides_the_state(
    state: str, merged_at: datetime | None, expected: str
) -> None:
    assert pull_state(state, merged_at) == expected


@pytest.mark.parametrize("word", ["approved", "CHANGES_REQUESTED", "commented", "DISMISSED"])
def test_review_states_are_told_in_capitals(word: str) -> None:
    assert review_state(word) == word.upper()


@pytest.mark.parametrize("word", ["SHRUGGED", "", None])
def test_unknown_review_state_counts_as_a_comment_and_is_logged(
    word: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert review_state(word) == "COMMENTED"
    assert "Unknown review state" in caplog.text


def test_bots_get_the_suffix_that_rest_writes_once() -> None:
    assert bot_login("dependabot", "Bot") == "dependabot[bot]"
    assert bot_login("dependabot[bot]", "Bot") == "dependabot[bot]"
    assert bot_login("ada", "User") == "ada"


def test_placeholder_of_deleted_accounts_is_nobody() -> None:
    ada = Account(id=7, login="ada", type="User")
    assert account_or_ghost(ada) is ada
    assert account_or_ghost(Account(id=GHOST_ID, login="ghost", type="User")) is None


def test_mergeability_has_three_values() -> None:
    words = ["MERGEABLE", "CONFLICTING", "UNKNOWN"]
    assert [mergeable(word) for word in words] == [True, False, None]
    assert [issue_state(word) for word in ("OPEN", "open", "CLOSED")] == ["open", "open", "closed"]
