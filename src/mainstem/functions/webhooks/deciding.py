"""Which of two records of the same thing is newer, when they arrive in any order.

GitHub sends no number with its deliveries, and times have the precision of a second, so three
cases are told apart:

- *Newer* by `updated_at`: written.
- *Older*: dropped. But not every newer record was whole: a comment brings its pull request without
  sizes and branches. So an older record that differs in what a partial one lacks leaves a doubt,
  and GitHub is asked for the pull request: one point, and only where deliveries overtook another.
- *The same second*: what was just opened is the oldest. Otherwise the one that is further on wins:
  merged over closed over open, then the one with more labels and people on it, since these are what
  is added in the second in which something is opened. The order is total, so that every order of
  arrival ends in the same row; a refresh mends it where it guessed wrong.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

PARTIAL_LACKS: Final = frozenset(
    {
        "additions", "deletions", "changed_files", "commits", "merged_by_id", "merged_by_login",
        "head_sha", "head_branch", "base_branch", "draft", "requested_reviewers", "requested_teams",
    }
)  # fmt: skip
"""What a pull request has and the issue that it also is has not."""

_STATES: Final = ("open", "closed", "merged")
_GROWING: Final = ("labels", "assignees", "requested_reviewers", "requested_teams")
_FIRST_MOMENT: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The columns to write, none where the stored row stays; `in_doubt`: ask GitHub."""

    columns: Mapping[str, Any] = field(default_factory=dict)
    in_doubt: bool = False


def newer_record(
    stored: Mapping[str, Any] | None, row: Mapping[str, Any], *, is_first: bool = False
) -> Verdict:
    """What of `row` to write over `stored` (None: nothing is stored).

    Both have the columns' names; `is_first` says that `row` is how the thing was when it began.
    """
    if stored is None or row["updated_at"] > stored["updated_at"]:
        return Verdict(row)
    differs = {key for key in row if stored.get(key) != row[key]}
    if row["updated_at"] < stored["updated_at"]:
        return Verdict(in_doubt=_leaves_doubt(stored, row, differs, is_first=is_first))
    unknown = {key: row[key] for key in differs & PARTIAL_LACKS if stored.get(key) is None}
    if is_first or _standing(row) < _standing({**row, **{k: stored.get(k) for k in row}}):
        return Verdict(unknown)
    kept = {key for key in ("comments_count",) if stored.get(key) is not None}
    return Verdict({key: row[key] for key in row.keys() - kept} if differs - kept else {})


def newer_text(stored: str | None, before: str | None, after: str | None) -> bool | None:
    """Whether an edit from `before` to `after` is newer than the `stored` text.

    None when neither fits: an edit between the two is missing, or this one comes too late.
    """
    if stored == after:
        return False
    if before is None or (stored or "") == before:
        return True
    return None


def unread(row: Mapping[str, Any]) -> datetime:
    """Up to when a pull request was read that is known from a delivery alone: before it began."""
    created: datetime = row["created_at"]
    return created - _FIRST_MOMENT


def counted(stored: int | None, *, before: int, after: int) -> int | None:
    """GitHub's count of comments, once ours went from `before` to `after`.

    A delivery's own count may be that of the moment before. Unknown stays unknown; a count that
    was ours stays ours, and no count is below what is stored.
    """
    if stored is None or (stored != before and stored >= after):
        return stored
    return after


def _leaves_doubt(
    stored: Mapping[str, Any], row: Mapping[str, Any], differs: set[str], *, is_first: bool
) -> bool:
    # GitHub's times alone: our clock may be wrong, and a capture may take its time.
    read_up_to: datetime = stored.get("read_up_to") or stored["updated_at"]
    if stored.get("details_synced_at") is not None and row["updated_at"] <= read_up_to:
        return False
    doubtful = differs & PARTIAL_LACKS
    if is_first:
        doubtful = {key for key in doubtful if stored.get(key) is None}
    return bool(doubtful)


def _standing(row: Mapping[str, Any]) -> tuple[int, int, str]:
    state = row.get("state")
    people = sum(len(row.get(key) or ()) for key in _GROWING)
    spelled = json.dumps(
        {key: row[key] for key in row if not key.endswith("_id") and key != "comments_count"},
        sort_keys=True,
        default=str,
    )
    return _STATES.index(state) if state in _STATES else 0, people, spelled
