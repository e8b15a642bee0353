"""A small stored repository, said in few words: `stored.pull(1, by="ann", at="2026-03-01")`."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import pytest

import databases
from mainstem import store
from mainstem.store import Database, ids

T = TypeVar("T")


def when(text: str) -> datetime:
    """A moment in UTC from ISO 8601, the time of day left out at will."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class Stored:
    """Writes rows through the store's own writers, numbering what needs a number."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._number = 1000
        self._people: dict[str, int] = {}
        self.repository_id = self.repository(1, "own/repo")

    def repository(self, github_id: int, full_name: str, **columns: Any) -> UUID:
        owner, name = full_name.split("/")
        row: Any = {
            "id": ids.repository_id(github_id),
            "github_id": github_id,
            "owner": owner,
            "name": name,
            "full_name": full_name,
            **columns,
        }
        self.database.write(store.save_repositories, [row])
        return ids.repository_id(github_id)

    def pull(self, number: int, *, by: str | None, at: str, repo: int = 1, **columns: Any) -> UUID:
        row_id = ids.pull_request_id(repo, number)
        merged, closed = columns.pop("merged", None), columns.pop("closed", None)
        state = "merged" if merged else "closed" if closed else "open"
        row: Any = {
            "id": row_id,
            "github_id": self._next(),
            "repository_id": ids.repository_id(repo),
            "number": number,
            "title": f"Change {number}",
            "state": state,
            "created_at": when(at),
            "updated_at": when(columns.pop("updated", None) or merged or closed or at),
            "merged_at": when(merged) if merged else None,
            "closed_at": when(merged or closed) if merged or closed else None,
            **self._author(by),
            **columns,
        }
        self.database.write(store.save_pull_requests, [row])
        return row_id

    def issue(self, number: int, *, by: str | None, at: str, repo: int = 1, **columns: Any) -> UUID:
        row_id = ids.issue_id(repo, number)
        closed = columns.pop("closed", None)
        row: Any = {
            "id": row_id,
            "github_id": self._next(),
            "repository_id": ids.repository_id(repo),
            "number": number,
            "title": f"Trouble {number}",
            "state": "closed" if closed else "open",
            "created_at": when(at),
            "updated_at": when(closed or at),
            "closed_at": when(closed) if closed else None,
            **self._author(by),
            **columns,
        }
        self.database.write(store.save_issues, [row])
        return row_id

    def review(self, pull: UUID, *, by: str | None, at: str, repo: int = 1, **columns: Any) -> int:
        github_id = self._next()
        row: Any = {
            "id": ids.review_id(github_id),
            "github_id": github_id,
            "repository_id": ids.repository_id(repo),
            "pull_request_id": pull,
            "state": "APPROVED",
            "body": "",
            "submitted_at": when(at),
            **self._author(by),
            **columns,
        }
        self.database.write(store.save_reviews, [row])
        return github_id

    def comment(self, *, by: str | None, at: str, repo: int = 1, **columns: Any) -> int:
        github_id = self._next()
        kind = columns.pop("kind", "issue_comment")
        row: Any = {
            "id": ids.comment_id(github_id, kind),
            "github_id": github_id,
            "comment_type": kind,
            "repository_id": ids.repository_id(repo),
            "pull_request_id": columns.pop("pull", None),
            "issue_id": columns.pop("issue", None),
            "body": "Words.",
            "created_at": when(at),
            "updated_at": when(at),
            **self._author(by),
            **columns,
        }
        self.database.write(store.save_comments, [row])
        return github_id

    def star(self, at: str, *, repo: int = 1, event_type: str = "WatchEvent") -> None:
        event_id = str(self._next())
        row: Any = {
            "id": ids.github_event_id(event_id),
            "event_id": event_id,
            "event_type": event_type,
            "repository_id": ids.repository_id(repo),
            "created_at": when(at),
        }
        self.database.write(store.save_github_events, [row])

    def workspace(self, *repositories: UUID, tier: str = "free") -> UUID:
        slug = f"w{self._next()}"
        at = when("2026-01-01")
        made = self.database.write(store.create_workspace, "Work", slug, at=at, tier=tier)
        for repository in repositories or (self.repository_id,):
            self.database.write(store.add_workspace_repository, made, repository, at=at)
        return made

    def ask(self, question: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        return self.database.read(question, *args, **kwargs)

    def _author(self, login: str | None) -> dict[str, Any]:
        """None is a deleted account; `?name` one without a number; `name[bot]` a bot."""
        if login is None:
            return {"author_id": None, "author_login": None, "author_type": None}
        if login.startswith("?"):
            return {"author_id": None, "author_login": login[1:], "author_type": None}
        is_bot = login.endswith("[bot]")
        if login not in self._people:
            self._people[login] = len(self._people) + 1
            person: Any = {
                "id": ids.contributor_id(self._people[login]),
                "github_id": self._people[login],
                "username": login,
                "is_bot": is_bot,
                "avatar_url": f"https://avatars.example/{login}",
            }
            self.database.write(store.save_contributors, [person])
        return {
            "author_id": ids.contributor_id(self._people[login]),
            "author_login": login,
            "author_type": "Bot" if is_bot else "User",
        }

    def _next(self) -> int:
        self._number += 1
        return self._number


@pytest.fixture
def new_stored(tmp_path: Path) -> Iterator[Callable[[], Stored]]:
    """Makes as many as a test needs."""
    with ExitStack() as stack:
        numbers = count()

        def make() -> Stored:
            url = databases.fresh(tmp_path / f"insights-{next(numbers)}.db")
            return Stored(stack.enter_context(Database(url)))

        yield make


@pytest.fixture
def stored(new_stored: Callable[[], Stored]) -> Stored:
    return new_stored()
