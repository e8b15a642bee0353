"""The secret of GitHub's webhooks: what is none is found before it is used."""

import pytest

from mainstem.errors import SettingsError
from mainstem.settings import load_settings

NAMES = ("MAINSTEM_GITHUB_WEBHOOK_SECRET", "MAINSTEM_GITHUB_WEBHOOK_SECRET_FALLBACK")
GOOD = "a-secret-of-sixteen-signs"


@pytest.mark.parametrize("name", NAMES)
def test_it_is_read_and_never_shown(name: str) -> None:
    settings = load_settings({"MAINSTEM_ENV": "local", name: GOOD})
    assert GOOD not in repr(settings) + str(settings.shown())
    setting = name.removeprefix("MAINSTEM_").lower()
    assert getattr(settings, setting).get_secret_value() == GOOD


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("secret", "wrong"),
    [
        ("too-short", "fewer than 16 signs"),
        ("ghp_" + "Ab3dEf9h" * 4, "a token for GitHub"),
        ("signkey-prod-" + "ab" * 16, "a signing key"),
    ],
)
def test_what_could_be_guessed_or_is_another_is_a_problem(
    name: str, secret: str, wrong: str
) -> None:
    with pytest.raises(SettingsError, match=wrong) as raised:
        load_settings({"MAINSTEM_ENV": "local", name: secret})
    assert secret not in str(raised.value)
