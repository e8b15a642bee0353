"""The row of somebody who did something that is no pull request, issue or comment."""

from mainstem.github import Account, is_bot
from mainstem.store import ContributorRow, ids


def person_rows(account: Account | None) -> list[ContributorRow]:
    """The account's row, with nothing but what the delivery held; none without a number."""
    if account is None or account.id is None:
        return []
    row: ContributorRow = {
        "id": ids.contributor_id(account.id),
        "github_id": account.id,
        "username": account.login,
        "account_type": account.type,
        "is_bot": is_bot(account.login, account.type),
    }
    if account.avatar_url is not None:
        row["avatar_url"] = account.avatar_url
    if account.profile_url is not None:
        row["profile_url"] = account.profile_url
    return [row]
