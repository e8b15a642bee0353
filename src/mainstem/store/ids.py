"""Row ids that follow from GitHub's own keys.

Both capture paths, every rerun and every process name the same thing by the same id without asking
the database, so rows may be written in any order that keeps parents first. The natural keys are
unique constraints besides. Ids of pull requests and issues come from (repository, number), which
is what an event carries before anything was fetched.
"""

from datetime import date
from functools import lru_cache
from typing import Literal
from uuid import UUID, uuid5

# Chosen once at random. Changing it renames every row: never do.
NAMESPACE = UUID("6f0c2c4e-3a55-5d0b-9f43-0d4c8c1b7a10")


def repository_id(github_id: int) -> UUID:
    """The id of the repository that GitHub numbers `github_id`."""
    return uuid5(NAMESPACE, f"repository:{github_id}")


@lru_cache(maxsize=16_384)  # few people write most of what there is
def contributor_id(github_id: int) -> UUID:
    """The id of the account (person, bot, organisation) that GitHub numbers `github_id`."""
    return uuid5(NAMESPACE, f"contributor:{github_id}")


def pull_request_id(repo_github_id: int, number: int) -> UUID:
    """The id of pull request `number` of a repository."""
    return uuid5(NAMESPACE, f"pull_request:{repo_github_id}:{number}")


def issue_id(repo_github_id: int, number: int) -> UUID:
    """The id of issue `number` of a repository."""
    return uuid5(NAMESPACE, f"issue:{repo_github_id}:{number}")


def discussion_id(repo_github_id: int, number: int) -> UUID:
    """The id of discussion `number` of a repository."""
    return uuid5(NAMESPACE, f"discussion:{repo_github_id}:{number}")


def review_id(github_id: int) -> UUID:
    """The id of a review."""
    return uuid5(NAMESPACE, f"review:{github_id}")


def comment_id(github_id: int, comment_type: Literal["issue_comment", "review_comment"]) -> UUID:
    """The id of a comment; GitHub counts the two types apart, so the type is part of the key."""
    return uuid5(NAMESPACE, f"comment:{comment_type}:{github_id}")


def github_event_id(event_id: str) -> UUID:
    """The id of a cached entry of GitHub's event feed."""
    return uuid5(NAMESPACE, f"github_event:{event_id}")


def tracked_repository_id(repository: UUID) -> UUID:
    """The id of the one tracking row of a repository."""
    return uuid5(NAMESPACE, f"tracked_repository:{repository}")


def sync_log_id(run_key: str) -> UUID:
    """The id of the one log row of a function run."""
    return uuid5(NAMESPACE, f"sync_log:{run_key}")


def metrics_day_id(workspace_id: UUID, day: date) -> UUID:
    """The id of a workspace's history row of one calendar day."""
    return uuid5(NAMESPACE, f"metrics_day:{workspace_id}:{day.isoformat()}")
