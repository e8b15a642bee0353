"""From GitHub's repository to ours. What the answer did not carry leaves its column alone."""

from typing import Any, cast

from mainstem.github import UNSET, Repository
from mainstem.store import RepositoryRow, ids

# Fields that have one name on both sides.
_SAME = (
    "owner",
    "name",
    "full_name",
    "description",
    "homepage",
    "language",
    "stargazers_count",
    "watchers_count",
    "forks_count",
    "open_issues_count",
    "size",
    "default_branch",
    "is_fork",
    "is_archived",
    "is_disabled",
    "is_private",
    "is_template",
    "has_issues",
    "has_projects",
    "has_wiki",
    "has_pages",
    "has_downloads",
    "has_discussions",
    "license",
)


def repository_row(repository: Repository) -> RepositoryRow:
    """The row of a repository. `last_synced_at` is no part of it: reading a repository's own data
    is not a sync and starts no cool-down (defect D9)."""
    topics = repository.topics
    row: dict[str, Any] = {
        "id": ids.repository_id(repository.id),
        "github_id": repository.id,
        **{name: getattr(repository, name) for name in _SAME},
        "topics": topics if topics is UNSET else list(topics),
        "github_created_at": repository.created_at,
        "github_updated_at": repository.updated_at,
        "github_pushed_at": repository.pushed_at,
    }
    return cast("RepositoryRow", {key: value for key, value in row.items() if value is not UNSET})
