"""Who is a bot: one rule for everybody, decided once and stored.

The account type settles it; without one, the login is read. Anchors matter: `robot` and `abbott`
are people.
"""

import re
from typing import Final

# Exact names carry an optional suffix; `continue` may be a person's login, and is counted all the
# same because the automation of that name is common.
_BOT_LOGIN: Final = re.compile(
    r".*\[bot\]|(dependabot|renovate|github-actions|continue|snyk)(\[bot\])?|.*-bot",
    re.IGNORECASE | re.DOTALL,
)


def is_bot(login: str | None, account_type: str | None = None) -> bool:
    """Whether an account is a machine. Type `Bot` is enough; an empty login is a person.

    >>> is_bot("my-ci-bot"), is_bot("robot"), is_bot("Copilot", "Bot")
    (True, False, True)
    """
    if account_type == "Bot":
        return True
    return bool(login and _BOT_LOGIN.fullmatch(login))
