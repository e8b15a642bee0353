"""What it costs to look again after so many changes, against the reference's formula."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from capture_runs import CaptureRun, capture, sqlite_url
from github_process import GitHubProcess
from models import Bill, refresh


@dataclass(frozen=True, slots=True)
class Refresh:
    """A capture after `changes`; `formula` is the reference's price of them."""

    changes: int
    run: CaptureRun
    formula: Bill

    def as_json(self) -> dict[str, Any]:
        """Both bills."""
        return {**self.run.as_json(), "changes": self.changes, "formula": self.formula.total}


def refreshes(github: GitHubProcess, counts: Sequence[int], folder: Path) -> list[Refresh]:
    """A first capture, then one after each number of changes, into the same database.

    A third of the changes are comments on the diff.
    """
    database = sqlite_url(folder, "refreshed")
    capture(github, database, github.sizes().totals)
    found = []
    for place, count in enumerate(counts):
        before = github.sizes()
        if count:
            github.change(count, seed=place)
        after = github.sizes()
        added = after.totals.review_comments - before.totals.review_comments
        run = capture(github, database, after.totals)
        changed = min(count, len(after.pulls))
        found.append(Refresh(changed, run, refresh(changed, review_comments=added)))
    return found
