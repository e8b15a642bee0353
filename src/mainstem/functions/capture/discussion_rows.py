"""From GitHub's discussions to our rows."""

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from mainstem.functions.home import Home
from mainstem.github import Account, Discussion, is_bot
from mainstem.store import ContributorRow, DiscussionRow, ids

Logins = Mapping[int, str]
"""Canonical logins by account id, where one differs from what GraphQL says."""


def people_of(discussions: Sequence[Discussion]) -> list[Account]:
    """Who wrote them; the deleted are left out."""
    return [one.author for one in discussions if one.author]


def person_rows(accounts: Iterable[Account], logins: Logins) -> list[ContributorRow]:
    """One row for each account that has a number, with nothing but what the answer held."""
    known = {one.id: one for one in accounts if one.id is not None}
    return [_person(number, one, logins) for number, one in sorted(known.items())]


def discussion_row(home: Home, of: Discussion, logins: Logins) -> DiscussionRow:
    """A discussion's row. A missing author leaves the one that we knew: accounts get deleted."""
    row: DiscussionRow = {
        "id": ids.discussion_id(home.github_id, of.number),
        "github_id": of.id,
        "repository_id": home.id,
        "number": of.number,
        "title": of.title,
        "body": of.body,
        "category": of.category,
        "category_emoji": of.category_emoji,
        "is_answerable": of.is_answerable,
        "answer_github_id": of.answer_id,
        "answered_at": of.answered_at,
        "answer_chosen_by_login": _login(of.answer_chosen_by, logins),
        "locked": of.locked,
        "upvotes_count": of.upvotes_count,
        "comments_count": of.comments_count,
        "created_at": of.created_at,
        "updated_at": of.updated_at,
        "closed_at": of.closed_at,
        "html_url": of.html_url,
    }
    author = of.author
    if author is not None:
        row["author_id"] = None if author.id is None else ids.contributor_id(author.id)
        row["author_login"] = _login(author, logins)
        row["author_type"] = author.type
    return row


def _person(number: int, account: Account, logins: Logins) -> ContributorRow:
    row = {
        "id": ids.contributor_id(number),
        "github_id": number,
        "username": _login(account, logins),
        "account_type": account.type,
        "is_bot": is_bot(account.login, account.type),
    }
    known = {"avatar_url": account.avatar_url, "profile_url": account.profile_url}
    row |= {name: value for name, value in known.items() if value is not None}
    return cast("ContributorRow", row)


def _login(account: Account | None, logins: Logins) -> str | None:
    if account is None:
        return None
    return logins.get(account.id, account.login) if account.id is not None else account.login
