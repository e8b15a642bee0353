"""Pages as a capture saves them: 25 pull requests with everything that belongs to them.

Sizes follow the recording: about 4 reviews, 5 review comments and 7 conversation comments for each
pull request, and people who come back. A page has some 450 rows.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from mainstem.store import ids

REPOSITORY_GITHUB_ID = 1
REPOSITORY = ids.repository_id(REPOSITORY_GITHUB_ID)
BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
PULLS = 25
PEOPLE = 400

Row = Any  # a row of whichever table


class Page(NamedTuple):
    """Rows by table, parents first."""

    people: list[Row]
    pulls: list[Row]
    reviews: list[Row]
    comments: list[Row]

    @property
    def rows(self) -> int:
        return sum(len(part) for part in self)


def repository() -> Row:
    return {
        "id": REPOSITORY,
        "github_id": REPOSITORY_GITHUB_ID,
        "owner": "octo",
        "name": "big",
        "full_name": "octo/big",
    }


def pages(count: int, *, text: Callable[[random.Random, int], str] | None = None) -> Iterator[Page]:
    """The same `count` pages every time."""
    for number in range(count):
        yield _page(number, text or _words)


def _page(number: int, text: Callable[[random.Random, int], str]) -> Page:
    dice = random.Random(number)
    page = Page([], [], [], [])
    seen: set[int] = set()

    def somebody() -> Row:
        github_id = 1000 + min(dice.randrange(PEOPLE), dice.randrange(PEOPLE))
        if github_id not in seen:
            seen.add(github_id)
            page.people.append(_person(github_id))
        return {
            "author_id": ids.contributor_id(github_id),
            "author_login": f"user{github_id}",
            "author_type": "User",
        }

    for each in range(number * PULLS + 1, (number + 1) * PULLS + 1):
        _add_pull(page, each, dice, somebody, text)
    return page


def _add_pull(
    page: Page,
    number: int,
    dice: random.Random,
    somebody: Callable[[], Row],
    text: Callable[[random.Random, int], str],
) -> None:
    pull = ids.pull_request_id(REPOSITORY_GITHUB_ID, number)
    opened = BEGINNING + timedelta(hours=number, seconds=dice.randrange(3600))
    belongs = {"repository_id": REPOSITORY, "pull_request_id": pull}
    page.pulls.append(
        {
            "id": pull,
            "github_id": 10_000_000_000 + number,
            "repository_id": REPOSITORY,
            "number": number,
            "title": text(dice, 60),
            "body": text(dice, 600),
            "state": "merged",
            **somebody(),
            "base_branch": "main",
            "head_branch": f"branch-{number}",
            "draft": False,
            "merged": True,
            "created_at": opened,
            "updated_at": opened + timedelta(days=2),
            "closed_at": opened + timedelta(days=1),
            "merged_at": opened + timedelta(days=1),
            "additions": dice.randrange(500),
            "deletions": dice.randrange(300),
            "changed_files": dice.randrange(1, 20),
            "commits": dice.randrange(1, 9),
            "html_url": f"https://github.com/octo/big/pull/{number}",
            "head_sha": f"{dice.getrandbits(160):040x}",
            "labels": ["bug", "size/M"],
            "assignees": ["user1000"],
            "requested_reviewers": [],
            "comments_count": 12,
        }
    )
    for place in range(dice.randrange(2, 7)):
        page.reviews.append(
            {
                "id": ids.review_id(number * 100 + place),
                "github_id": number * 100 + place,
                **belongs,
                **somebody(),
                "state": "COMMENTED",
                "body": text(dice, 80),
                "submitted_at": opened + timedelta(minutes=place),
                "commit_id": f"{dice.getrandbits(160):040x}",
            }
        )
    for place in range(dice.randrange(2, 9)):
        page.comments.append(
            {
                **_comment(number * 100 + place, "review_comment", opened, text(dice, 250)),
                **belongs,
                **somebody(),
                "review_github_id": number * 100,
                "path": "src/big/module.py",
                "position": place,
                "line": 10 + place,
                "side": "RIGHT",
                "diff_hunk": text(dice, 400),
                "commit_id": f"{dice.getrandbits(160):040x}",
            }
        )
    for place in range(dice.randrange(3, 12)):
        made = _comment(number * 100 + place, "issue_comment", opened, text(dice, 300))
        page.comments.append({**made, **belongs, "issue_id": None, **somebody()})


def _comment(github_id: int, kind: Any, at: datetime, body: str) -> Row:
    return {
        "id": ids.comment_id(github_id, kind),
        "github_id": github_id,
        "comment_type": kind,
        "body": body,
        "created_at": at,
        "updated_at": at + timedelta(hours=1),
    }


def _person(github_id: int) -> Row:
    return {
        "id": ids.contributor_id(github_id),
        "github_id": github_id,
        "username": f"user{github_id}",
        "account_type": "User",
        "avatar_url": f"https://avatars.githubusercontent.com/u/{github_id}?v=4",
        "is_bot": False,
    }


_WORDS = ("the", "change", "réponse", "merge", "looks", "good", "to", "me", "fix", "修正", "nit")


def _words(dice: random.Random, length: int) -> str:
    start = dice.randrange(len(_WORDS))
    few = " ".join((*_WORDS[start:], *_WORDS[:start]))
    return (few * (length // len(few) + 1))[:length]
