import pytest

from mainstem.github import is_bot


@pytest.mark.parametrize(
    "login", ["dependabot[bot]", "Dependabot", "renovate", "my-ci-bot", "Foo-BOT", "continue",
              "github-actions[bot]", "SNYK"],
)  # fmt: skip
def test_login_of_a_bot_is_known_whatever_its_case(login: str) -> None:
    assert is_bot(login)
    assert is_bot(login.swapcase(), "User")


@pytest.mark.parametrize(
    "login", ["robot", "botanist", "bot-user", "dependabot-preview", "abbott", "dependabotbot",
              "x[bot]y", "", None],
)  # fmt: skip
def test_login_that_only_holds_the_letters_is_a_person(login: str | None) -> None:
    assert not is_bot(login)


def test_account_type_settles_it_whatever_the_login() -> None:
    assert is_bot("Copilot", "Bot")
    assert is_bot(None, "Bot")
    assert not is_bot("Copilot", "Organization")
